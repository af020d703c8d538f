#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prints Google Benchmark's JSON as a table: median and spread over the repetitions, and the machine.

  bench_table.py results.json [--markdown]
"""
import json
import statistics
import sys

NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def scaled(value, units):
    for factor, unit in units:
        if abs(value) >= factor:
            return f"{value / factor:.3g} {unit}"
    factor, unit = units[-1]
    return f"{value / factor:.3g} {unit}"


def seconds(nanoseconds):
    return scaled(nanoseconds, [(1e9, "s"), (1e6, "ms"), (1e3, "us"), (1.0, "ns")])


def rate(value, unit):
    return scaled(value, [(1e9, "G" + unit), (1e6, "M" + unit), (1e3, "k" + unit), (1.0, unit)])


def groups(results):
    """Benchmark name -> its repetitions, in the order of first appearance."""
    found = {}
    for entry in results["benchmarks"]:
        if entry.get("run_type", "iteration") == "iteration" and not entry.get("error_occurred"):
            found.setdefault(entry["run_name"], []).append(entry)
    return found


def row(name, entries):
    times = [entry["cpu_time"] * NANOSECONDS[entry["time_unit"]] for entry in entries]
    median = statistics.median(times)
    spread = (max(times) - min(times)) / median if median else 0.0
    throughput = ""
    for key, unit in (("bytes_per_second", "B/s"), ("items_per_second", "/s")):
        if key in entries[0]:
            throughput = rate(statistics.median(entry[key] for entry in entries), unit)
            break
    return [name, seconds(median), f"{100 * spread:.0f} %", throughput, str(len(entries))]


def machine_line(context):
    model = "unknown CPU"
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    load = context.get("load_avg") or [0.0]
    return f"Machine: {model}, {context['num_cpus']} CPUs, load {load[0]:.1f} at the start, {context['date']}"


def main():
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    if len(arguments) != 1:
        sys.exit(__doc__)
    with open(arguments[0], encoding="utf-8") as file:
        results = json.load(file)
    rows = [row(name, entries) for name, entries in groups(results).items()]
    if not rows:
        sys.exit("bench_table: no benchmark ran")
    head = ["benchmark", "median CPU time", "spread", "throughput", "runs"]
    if "--markdown" in sys.argv:
        print("| " + " | ".join(head) + " |\n|---|--:|--:|--:|--:|")
        for cells in rows:
            print("| `" + cells[0] + "` | " + " | ".join(cells[1:]) + " |")
    else:
        widths = [max(len(line[i]) for line in [head] + rows) for i in range(len(head))]
        for line in [head] + rows:
            print("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths))))
    print("\n" + machine_line(results["context"]))


main()
