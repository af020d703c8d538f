#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks what including a header costs: the compiler's CPU time for a translation unit with nothing else in it.

The budget is stated for a machine that compiles <vector> and <string> in 0.19 s; it is scaled by that yardstick, measured
in the same run. Best of five, user and system time. Even so the ratio moves by a tenth on a busy machine, so the check
fails only a quarter above the budget, and says so when it is merely over.

  include_cost.py [compiler]
"""
import os
import subprocess
import sys

import tree

COMPILER = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CXX", "g++")
YARDSTICK_SECONDS = 0.19
BUDGET_SECONDS = {"assay/core.hpp": 0.2, "assay/assay.hpp": 1.0}
ROUNDS = 5
TOLERANCE = 1.25


def compile_seconds(names):
    source = "".join(f"#include <{name}>\n" for name in names).encode()
    process = subprocess.Popen([COMPILER, "-std=c++20", f"-I{tree.INCLUDE}", "-x", "c++", "-c", "-", "-o", os.devnull],
                               stdin=subprocess.PIPE)
    process.stdin.write(source)
    process.stdin.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tree.report("include_cost", [f"{names}: does not compile with {COMPILER}"], "")
    return usage.ru_utime + usage.ru_stime


def main():
    cases = [["vector", "string"]] + [[name] for name in BUDGET_SECONDS]
    best = [min(times) for times in zip(*[[compile_seconds(case) for case in cases] for _ in range(ROUNDS)])]
    scale = best[0] / YARDSTICK_SECONDS
    print(f"yardstick <vector> + <string>: {best[0]:.3f} s, {scale:.2f} of the reference machine's {YARDSTICK_SECONDS} s")
    problems = []
    for (name, budget), seconds in zip(BUDGET_SECONDS.items(), best[1:]):
        line = f"<{name}>: {seconds:.3f} s, budget {budget * scale:.3f} s ({budget} s on the reference machine)"
        print(line + (" OVER BUDGET" if seconds > budget * scale else ""))
        if seconds > TOLERANCE * budget * scale:
            problems.append(f"far over budget: {line}")
    tree.report("include_cost", problems, f"within {TOLERANCE} times the budget")


main()
