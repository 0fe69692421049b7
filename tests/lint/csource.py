# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
"""Just enough C for the other lint scripts: sources without their words, and the functions in them.

It relies on the house's layout: a function's body opens with a brace in the
first column and closes with one there.
"""
import os
import re

TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)
BRANCH = re.compile(r"\b(?:if|for|while|case)\b|&&|\|\||\?")
NAME = re.compile(r"([A-Za-z_]\w*)\s*\(")


def files(root):
    for folder, _, names in sorted(os.walk(root)):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                yield os.path.join(folder, name)


def blank(match):
    """The same lines with nothing in them."""
    text = match.group(0)
    if text[0] in "\"'":
        return text[0] + text[0]
    return "\n" * text.count("\n") or " "


def code_of(path):
    """The file's text without comments and the contents of its strings, line by line the same."""
    with open(path, encoding="utf-8") as f:
        return TOKEN.sub(blank, f.read())


def functions(code):
    """Yields (name, first line, number of lines, cyclomatic complexity)."""
    lines = code.split("\n")
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line.rstrip() == "}" and start is not None:
            head = start - 1
            while head > 0 and not re.match(r"[A-Za-z_]", lines[head]):
                head -= 1
            names = [n for n in NAME.findall(" ".join(lines[head:start])) if n not in ("__attribute__",)]
            body = [l for l in lines[start + 1:number] if not l.lstrip().startswith("#")]
            if names:
                branches = len(BRANCH.findall("\n".join(body)))
                yield names[0], head + 1, number - start - 1, 1 + branches
            start = None
