# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
"""Reads tests/lint/exceptions: lines of CHECK, FILE[:NAME] and a reason; # comments."""
import os
import sys

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "exceptions")


def read(check):
    """The places that CHECK has an exception for."""
    places = set()
    with open(FILE, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            words = line.split("#")[0].split(None, 2)
            if not words:
                continue
            if len(words) < 3:
                sys.exit("%s:%d: an exception needs CHECK, FILE[:NAME] and a reason" % (FILE, number))
            if words[0] == check:
                places.add(words[1])
    return places


def has(places, path, name=None):
    return (path if name is None else "%s:%s" % (path, name)) in places
