#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that each module's umbrella includes every header of the module (leaf and detail headers apart), and assay.hpp
every umbrella that needs no third-party package."""
import tree

NO_UMBRELLA = {"interop"}        # adapters, each for another package: included one by one
# codec needs a package; harness is for test programs; the rest is dear to compile and not for every prover: model files,
# pairings, and what token holds beyond the scores that the protocol uses.
NOT_IN_ASSAY = {"codec", "harness", "io", "math", "polycommit", "token"}


def included(relative):
    return [name.removeprefix("assay/") for _, _, name in tree.includes(relative) if name.startswith("assay/")]


def expected_of(module):
    leaf_module = all(tree.leaf_of(h) for h in tree.headers() if h.startswith(module + "/"))
    return {h for h in tree.headers()
            if h.startswith(module + "/") and h.endswith(".hpp") and "/detail/" not in h
            and (leaf_module or not tree.leaf_of(h))}


def compare(umbrella, expected, problems):
    if not (tree.HEADERS / umbrella).is_file():
        problems.append(f"include/assay/{umbrella}: missing")
        return
    present = included(umbrella)
    for header in sorted(expected - set(present)):
        problems.append(f"include/assay/{umbrella}: does not include <assay/{header}>")
    for header in sorted(set(present) - expected):
        problems.append(f"include/assay/{umbrella}: must not include <assay/{header}> (leaf, detail or foreign header)")
    if len(present) != len(set(present)):
        problems.append(f"include/assay/{umbrella}: includes a header twice")


def main():
    problems = []
    modules = [m for m in tree.modules() if m not in NO_UMBRELLA]
    for module in modules:
        compare(module + ".hpp", expected_of(module), problems)
    compare("assay.hpp", {m + ".hpp" for m in modules if m not in NOT_IN_ASSAY} | {"version.hpp"}, problems)
    tree.report("umbrellas", problems, f"{len(modules)} umbrellas are complete")


main()
