#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Measures: scripts/bench.sh [filter]. Prints medians of five repetitions; all figures go to build/bench/results.json.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
"$ROOT/scripts/setup.sh" --bench
use_tools
cd "$ROOT"
cmake --preset bench >/dev/null
cmake --build --preset bench --target assay_bench -j "$JOBS"
build/bench/bin/assay_bench --benchmark_filter="${1:-.}" --benchmark_repetitions="${REPETITIONS:-5}" \
  --benchmark_enable_random_interleaving=true --benchmark_format=json >build/bench/results.json
python3 scripts/bench_table.py build/bench/results.json
