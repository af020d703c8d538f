#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws a tidy table (one observation a row, as evaluation/tidy_csv.hpp writes it) as lines with bands, in panels.

  plot.py TABLE.csv --x tokens --y detected --band detected_low detected_high --panel attack \\
          --panels 'weights(bits=8): int8 weights' 'weights(bits=4): int4 weights' \\
          --by check setting --lines 'toploc|k=128 b=32: TOPLOC, 8 B a token' … --log-x --out picture.svg

--by names the columns that make a line; --lines and --panels say which to draw, in which order and under which label
('VALUE|VALUE: LABEL'; without them all are drawn). Equal input gives equal bytes.

Needs matplotlib (matplotlib licence, BSD-style), because it is the plotting library that researchers know and every
distribution carries: scripts/setup.sh --plots installs Debian's python3-matplotlib, or the PyPI package where it must.
"""
import argparse
import csv
import sys

try:
    import matplotlib
except ImportError:
    sys.exit("plot.py: this Python has no matplotlib; run scripts/setup.sh --plots and use the Python that it names")
matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator  # noqa: E402

# Okabe and Ito's palette, which colour-blind readers can tell apart; markers and dashes for those who print in grey.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X"]


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("table")
    p.add_argument("--x", required=True)
    p.add_argument("--y", required=True)
    p.add_argument("--band", nargs=2, metavar=("LOW", "HIGH"))
    p.add_argument("--by", nargs="+", required=True, metavar="COLUMN")
    p.add_argument("--lines", nargs="+", default=[], metavar="KEY: LABEL")
    p.add_argument("--panel", metavar="COLUMN")
    p.add_argument("--panels", nargs="+", default=[], metavar="VALUE: LABEL")
    p.add_argument("--columns", type=int, default=3, help="panels side by side")
    p.add_argument("--log-x", action="store_true")
    p.add_argument("--y-range", nargs=2, type=float)
    p.add_argument("--x-label")
    p.add_argument("--y-label")
    p.add_argument("--title")
    p.add_argument("--out", required=True)
    return p.parse_args()


def labelled(items, present):
    """[(key, label)]: those asked for, or all that are present. A key that the table does not have is a mistake."""
    chosen = [tuple(item.split(": ", 1)) if ": " in item else (item, item) for item in items] or [(key, key) for key in present]
    for key, _ in chosen:
        if key not in present:
            sys.exit(f"plot.py: the table has no '{key}'; it has: {', '.join(present)}")
    return chosen


def read(args):
    """{panel: {line: [(x, y, low, high)]}}, in the table's order."""
    found = {}
    with open(args.table, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row[args.y] == "":
                continue
            line = "|".join(row[c] for c in args.by)
            low, high = (float(row[c]) for c in args.band) if args.band else (None, None)
            panel = row[args.panel] if args.panel else ""
            found.setdefault(panel, {}).setdefault(line, []).append((float(row[args.x]), float(row[args.y]), low, high))
    return found


def number(value, _position):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def draw(axes, lines, chosen, args):
    for i, (key, _) in enumerate(chosen):
        points = sorted(lines.get(key, []))
        if not points:
            continue
        x, y, low, high = zip(*points)
        colour = COLOURS[i % len(COLOURS)]
        axes.plot(x, y, color=colour, marker=MARKERS[i % len(MARKERS)], markersize=3.5, linewidth=1.3, clip_on=False, zorder=3)
        if args.band:
            axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
    if args.log_x:
        axes.set_xscale("log", base=10)
        axes.xaxis.set_major_locator(LogLocator(base=10, numticks=12))
        axes.xaxis.set_major_formatter(FuncFormatter(number))
        axes.xaxis.set_minor_locator(NullLocator())
    if args.y_range:
        axes.set_ylim(*args.y_range)
    axes.grid(True, linewidth=0.4, color="#dddddd")
    axes.spines[["top", "right"]].set_visible(False)


def main():
    args = parse()
    plt.rcParams.update({"svg.hashsalt": "assay", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9,
                         "axes.titlesize": 9.5, "axes.axisbelow": True})
    table = read(args)
    panels = labelled(args.panels, list(table))
    present = list(dict.fromkeys(line for lines in table.values() for line in lines))
    lines = labelled(args.lines, present)
    columns = min(args.columns, len(panels))
    rows = -(-len(panels) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(3.1 * columns, 2.35 * rows + 1.0), sharex=True, sharey=True,
                                squeeze=False)
    for axes in grid.flat[len(panels):]:
        axes.set_visible(False)
    for axes, (key, label) in zip(grid.flat, panels):
        draw(axes, table[key], lines, args)
        axes.set_title(label, loc="left")
    for axes in grid[-1]:
        axes.set_xlabel(args.x_label or args.x)
    for axes in grid[:, 0]:
        axes.set_ylabel(args.y_label or args.y)
    handles = [plt.Line2D([], [], color=COLOURS[i % len(COLOURS)], marker=MARKERS[i % len(MARKERS)], markersize=4, label=label)
               for i, (_, label) in enumerate(lines)]
    if args.title:
        figure.suptitle(args.title, x=0.02, ha="left", fontsize=11)
    side_by_side = max(1, min(len(handles), int(figure.get_figwidth() / (0.5 + 0.066 * max(len(label) for _, label in lines)))))
    figure.legend(handles=handles, loc="lower center", ncol=side_by_side, frameon=False)
    legend_rows = -(-len(handles) // side_by_side)
    figure.tight_layout(rect=(0, (0.12 + 0.2 * legend_rows) / figure.get_figheight(), 1, 1))
    figure.savefig(args.out, metadata={"Date": None, "Creator": None})


main()
