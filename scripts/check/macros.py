#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that including an umbrella adds no macro but ASSAY_* to what the standard headers under it add.

  macros.py [compiler]
"""
import os
import re
import subprocess
import sys

import tree

COMPILER = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CXX", "g++")


def foreign_includes(relative, seen):
    """Every header of others that `relative` reaches through ours."""
    if relative in seen or not (tree.HEADERS / relative).is_file():
        return set()
    seen.add(relative)
    found = set()
    for _, _, name in tree.includes(relative):
        if name.startswith("assay/"):
            found |= foreign_includes(name.removeprefix("assay/"), seen)
        else:
            found.add(name)
    return found


def macros_of(names):
    source = "".join(f"#include <{name}>\n" for name in names)
    run = subprocess.run([COMPILER, "-std=c++20", f"-I{tree.INCLUDE}", "-dM", "-E", "-x", "c++", "-"],
                         input=source, capture_output=True, text=True)
    if run.returncode:
        print(run.stderr)
        tree.report("macros", [f"{names}: does not preprocess with {COMPILER}"], "")
    return set(re.findall(r"^#define (\w+)", run.stdout, re.MULTILINE))


def main():
    problems, checked = [], 0
    for umbrella in (h for h in tree.headers() if "/" not in h and not tree.leaf_of(h)):
        added = macros_of(["assay/" + umbrella]) - macros_of(sorted(foreign_includes(umbrella, set())))
        checked += 1
        for name in sorted(added):
            if not name.startswith("ASSAY_"):
                problems.append(f"include/assay/{umbrella}: defines the macro {name}; ours begin with ASSAY_")
    tree.report("macros", problems, f"{checked} umbrellas add only ASSAY_*")


main()
