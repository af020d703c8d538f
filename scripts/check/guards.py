#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the first and last lines of each header, and its size: licence, purpose, guard named after the path, < 24 KB."""
import re

import tree

SPDX = "// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
LIMIT = 24 * 1024
TABLES = ("_tables.hpp", "_constants.hpp")


def guard_of(relative):
    return "ASSAY_" + re.sub(r"[/.]", "_", relative).upper()


def check(relative, problems):
    place, text = f"include/assay/{relative}", tree.read(relative)
    lines = text.splitlines()
    if not lines or lines[0] != SPDX:
        problems.append(f"{place}:1: the first line must be: {SPDX}")
    if len(lines) < 2 or not re.match(r"// \S", lines[1]):
        problems.append(f"{place}:2: the second line must say what the header is for")
    guard = guard_of(relative)
    directives = [line for line in lines if line.startswith("#")]
    if directives[:2] != [f"#ifndef {guard}", f"#define {guard}"] or not directives[-1].startswith("#endif"):
        problems.append(f"{place}: the guard must be {guard}")
    if not text.endswith("\n") or text.endswith("\n\n"):
        problems.append(f"{place}: must end with exactly one newline")
    size = len(text.encode())
    if size > LIMIT and not relative.endswith(TABLES):
        problems.append(f"{place}: {size} bytes; split what is over {LIMIT}")


def main():
    problems = []
    for relative in tree.headers():
        check(relative, problems)
    others = [p for folder in ("tests", "bench", "examples") for p in (tree.ROOT / folder).rglob("*")
              if p.suffix in (".cpp", ".hpp")]
    for path in others:
        with open(path, encoding="utf-8") as file:
            if file.readline().rstrip("\n") != SPDX:
                problems.append(f"{path.relative_to(tree.ROOT)}:1: the first line must be: {SPDX}")
    tree.report("guards", problems, f"{len(tree.headers())} headers, {len(others)} other sources")


main()
