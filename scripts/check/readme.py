#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that code shown in the README is code that a test compiles: a block after <!-- code: <file> [<region>] --> must
equal the lines between // [<region>] and // [/<region>] of that file, and no C++ block may go without such a comment.

  readme.py            check
  readme.py --update   write the regions into the README
"""
import re
import sys
import textwrap

import tree

README = tree.ROOT / "README.md"
BLOCK = re.compile(r"(?P<mark><!-- code: (?P<file>\S+) \[(?P<region>[\w-]+)\] -->\n)?```cpp\n(?P<code>.*?)```", re.DOTALL)


def region(name, text):
    """The lines between the marks, without their common indentation; None if the marks are missing."""
    found = re.search(rf"^[ \t]*// \[{name}\]\n(.*?)^[ \t]*// \[/{name}\]$", text, re.DOTALL | re.MULTILINE)
    return textwrap.dedent(found.group(1)) if found else None


def main():
    text, problems, blocks = README.read_text(encoding="utf-8"), [], 0

    def expected(match):
        nonlocal blocks
        blocks += 1
        line = text.count("\n", 0, match.start()) + 1
        if not match["mark"]:
            problems.append(f"README.md:{line}: a C++ block without <!-- code: <file> [<region>] -->")
            return match[0]
        source = tree.ROOT / match["file"]
        code = region(match["region"], source.read_text(encoding="utf-8")) if source.is_file() else None
        if code is None:
            problems.append(f"README.md:{line}: {match['file']} has no region [{match['region']}]")
            return match[0]
        if code != match["code"]:
            problems.append(f"README.md:{line}: differs from [{match['region']}] of {match['file']}; run {sys.argv[0]} --update")
        return f"{match['mark']}```cpp\n{code}```"

    updated = BLOCK.sub(expected, text)
    if "--update" in sys.argv[1:] and updated != text:
        README.write_text(updated, encoding="utf-8")
        print("readme: updated")
        return
    tree.report("readme", problems, f"{blocks} blocks are compiled code")


main()
