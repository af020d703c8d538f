#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times the `toploc` package and this library on chunks of one shape, one after the other, and prints the ratios.

    venv/bin/pip install toploc==0.1.6 torch==2.6.0 numpy
    venv/bin/python bench/fingerprint/toploc_package.py build/bin/assay_bench

A chunk is 32 rows of 4096 normal numbers, 128 of them proved. Medians of 51 calls; the range is that of the middle half.
CPU time counts all threads of the process, so that a busy machine does not change it much.
"""
import json
import os
import statistics
import subprocess
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import toploc  # noqa: E402  (after the number of threads is set)
import torch  # noqa: E402

CALLS = 51


def timed(call):
    wall, cpu = [], []
    for _ in range(CALLS + 5):
        w, c = time.perf_counter(), time.process_time()
        call()
        cpu.append((time.process_time() - c) * 1e6)
        wall.append((time.perf_counter() - w) * 1e6)
    return [statistics.quantiles(t[5:], n=4) for t in (wall, cpu)]


def ours(binary):
    command = [binary, "--benchmark_filter=^toploc_(build|verify)/128$", "--benchmark_format=json",
               f"--benchmark_repetitions={CALLS}", "--benchmark_min_time=0.02"]
    runs = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["benchmarks"]
    return {name: [statistics.quantiles([r[t] for r in runs if r["run_type"] == "iteration" and r["name"].startswith(name)], n=4)
                   for t in ("real_time", "cpu_time")]
            for name in ("toploc_build/128", "toploc_verify/128")}


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    rows = torch.randn(32, 4096).bfloat16()
    steps, proofs = list(rows), toploc.build_proofs(list(rows), 32, 128, True)
    library = ours(sys.argv[1])
    print(f"toploc 0.1.6, torch {torch.__version__}; microseconds, median (middle half)")
    for what, call, name in (
            ("build", lambda: toploc.build_proofs(steps, 32, 128, True), "toploc_build/128"),
            ("verify, list path", lambda: toploc.verify_proofs(steps, proofs, 32, 128, True), "toploc_verify/128"),
            ("verify, tensor path", lambda: toploc.verify_proofs(rows, proofs, 32, 128, True), "toploc_verify/128")):
        for clock, theirs, own in zip(("wall", "cpu"), timed(call), library[name]):
            print(f"{what:20} {clock:4}  package {theirs[1]:8.1f} ({theirs[0]:.1f} to {theirs[2]:.1f})  "
                  f"assay {own[1]:6.1f} ({own[0]:.1f} to {own[2]:.1f})  ratio {theirs[1] / own[1]:.0f}")


main()
