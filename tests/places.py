# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
"""Where tests are, for the tables that name them: tests/attack-classes, tests/oci/properties.

A table says "FILE WORDS ; FILE WORDS". FILE is below tests/ (WORDS are a part of a test's title)
or below src/ (a unit test; or a fuzzer, of which there are no words).
"""
import glob
import os
import re

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def text(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def titles():
    """Titles of behaviour tests, by file below tests/."""
    return {os.path.relpath(path, TREE + "/tests"): re.findall(r'^@test "(.*)" \{', text(path), re.M)
            for path in sorted(glob.glob(TREE + "/tests/**/*.bats", recursive=True))}


def places():
    """These, and the names of unit tests and fuzzers, by file below src/."""
    found = titles()
    for path in glob.glob(TREE + "/src/*/test_*.c"):
        found[os.path.relpath(path, TREE + "/src")] = re.findall(r"cmocka_unit_test\((\w+)\)", text(path))
    for path in glob.glob(TREE + "/src/*/fuzz_*.c"):
        found[os.path.relpath(path, TREE + "/src")] = [""]
    return found


def named(tests):
    """(FILE, WORDS) of a row."""
    for test in filter(None, tests.split(" ; ")):
        file, _, words = test.strip().partition(" ")
        yield file, words


def is_there(found, file, words):
    return any(words in title for title in found.get(file, []))
