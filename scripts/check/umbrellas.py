#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that each module's umbrella includes every header of the module (leaf and detail headers apart), and assay.hpp
what proving and verifying takes."""
import tree

NO_UMBRELLA = {"interop"}        # adapters, each for another package: included one by one
# What assay.hpp includes: whole modules, and of protocol what a prover and a verifier take. The rest is dear to compile and
# not for everybody: model files, pairings, ledgers, profiles, studies, what fingerprint, stats and token hold beyond the above.
IN_ASSAY = {"commit", "core", "hash", "random"}
PROTOCOL_IN_ASSAY = {f"protocol/{name}.hpp" for name in (
    "audit", "calibration", "challenge", "evidence", "openings", "policy", "prover", "receipt", "recheck", "request",
    "row_encoder", "run", "state_store", "verdict", "verifier", "wire")}


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
    compare("assay.hpp", {m + ".hpp" for m in IN_ASSAY} | PROTOCOL_IN_ASSAY | {"version.hpp"}, problems)
    tree.report("umbrellas", problems, f"{len(modules)} umbrellas are complete")


main()
