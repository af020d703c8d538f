#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks who includes whom: modules only downwards, details only at home, third parties only in leaf headers.

  layers.py           check
  layers.py --graph   print the module graph that the includes make, as mermaid
"""
import sys

import tree

# Module -> modules it may include. Ranks follow from it: nothing may include its own rank or a higher one.
ALLOWED = {
    "core": [],
    "hash": ["core"],
    "io": ["core"],
    "random": ["core", "hash"],
    "math": ["core", "hash"],
    "stats": ["core", "random"],
    "commit": ["core", "hash", "io"],
    "polycommit": ["core", "hash", "io", "random", "math", "commit"],
    "fingerprint": ["core", "hash", "random"],
    "layers": ["core", "random"],
    "token": ["core", "random", "stats"],
    "evaluation": ["core", "random", "stats"],
    "protocol": ["core", "hash", "io", "random", "stats", "commit", "fingerprint", "layers", "token"],
    "codec": ["core", "hash", "io", "random", "stats", "commit", "fingerprint", "layers", "token", "protocol"],
    "harness": ["core", "hash", "io", "random", "stats", "commit", "fingerprint", "layers", "token", "protocol"],
    "interop": ["core"],
}

# Leaf component -> beginnings of the third-party header names that its headers may include.
THIRD_PARTY = {"xxhash": ("xxhash.h",), "eigen": ("Eigen/",), "json": ("nlohmann/",), "threads": ()}

# Headers of the compiler and the operating system, beyond the standard library's (which have no dot in their name).
PLATFORM = {"immintrin.h", "cpuid.h", "fcntl.h", "unistd.h", "sys/mman.h", "sys/stat.h"}


def check_own(relative, line, name, problems):
    target = name.removeprefix("assay/")
    place = f"include/assay/{relative}:{line}"
    if not (tree.HEADERS / target).is_file():
        problems.append(f"{place}: includes <{name}>, which does not exist")
        return
    module, other = tree.module_of(relative), tree.module_of(target)
    if relative == "assay.hpp" or target == "version.hpp":
        return
    if tree.is_umbrella(target):
        problems.append(f"{place}: includes the umbrella <{name}>; include the headers that are needed")
    elif module == other:
        if tree.leaf_of(target) and not tree.leaf_of(relative):
            problems.append(f"{place}: includes the leaf header <{name}>, which costs every user a third-party package")
    elif tree.is_umbrella(relative):
        problems.append(f"{place}: the umbrella of '{module}' includes a header of '{other}'")
    elif module not in ALLOWED:
        problems.append(f"{place}: module '{module}' is not in the layer table of scripts/check/layers.py")
    elif other not in ALLOWED[module]:
        allowed = ", ".join(ALLOWED[module]) or "no other module"
        problems.append(f"{place}: '{module}' may not include '{other}' (<{name}>); it may include: {allowed}")
    elif "/detail/" in target:
        problems.append(f"{place}: <{name}> is a detail of '{other}'")
    elif tree.leaf_of(target) and not tree.leaf_of(relative):
        problems.append(f"{place}: includes the leaf header <{name}>, which costs every user a third-party package")


def check_foreign(relative, line, name, problems):
    if "." not in name and "/" not in name or name in PLATFORM:
        return
    place, leaf = f"include/assay/{relative}:{line}", tree.leaf_of(relative)
    if leaf is None:
        problems.append(f"{place}: third-party <{name}> in a header that is no leaf (leaves are listed in CMakeLists.txt)")
    elif not name.startswith(THIRD_PARTY[leaf] or ("\0",)):
        problems.append(f"{place}: <{name}> does not belong to the leaf component '{leaf}'")


def graph():
    edges = set()
    for relative in tree.headers():
        module = tree.module_of(relative)
        for _, _, name in tree.includes(relative):
            other = tree.module_of(name.removeprefix("assay/")) if name.startswith("assay/") else ""
            if module and other and other != module:
                edges.add((module, other))
    print("graph TD")
    for module, other in sorted(edges, key=lambda e: (list(ALLOWED).index(e[0]), list(ALLOWED).index(e[1]))):
        print(f"  {module} --> {other}")


def main():
    if "--graph" in sys.argv[1:]:
        graph()
        return
    problems, count = [], 0
    for relative in tree.headers():
        for line, delimiter, name in tree.includes(relative):
            count += 1
            if delimiter == '"':
                problems.append(f'include/assay/{relative}:{line}: "{name}" in quotes; write <assay/...>')
            elif name.startswith("assay/"):
                check_own(relative, line, name, problems)
            else:
                check_foreign(relative, line, name, problems)
    tree.report("layers", problems, f"{count} includes in {len(tree.headers())} headers")


main()
