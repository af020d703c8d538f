#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Draws the pictures of docs/results/fingerprints.md: plots.sh FOLDER [OUT]   (FOLDER: assay_fingerprint_study --out FOLDER)
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/common.sh"
folder="$1" out="${2:-$ROOT/docs/results}"
python="$(find_plotting_python)" || { echo "no Python with matplotlib: run scripts/setup.sh --plots"; exit 1; }

panels=("weights(bits=8): int8 weights" "kv-int(bits=8): int8 KV cache" "kv-fp8: fp8 KV cache"
  "weights(bits=4): int4 weights" "kv-int(bits=4): int4 KV cache" "edited-prompt: a quarter of the prompt changed")
lines=("activation-difr|k=16 i16: Activation-DiFR, 16 coordinates of 16 bits (32 B a token)"
  "activation-difr|k=16 i4 wrapped/2: the same of 4 bits that wrap (8 B)"
  "activation-difr|k=16 i4 wrapped/2 J=16: and one sketch for 16 tokens (0.5 B)"
  "committed|4 opened: committed at all layers, 4 positions a request opened (24 B)"
  "toploc|k=128 b=32: TOPLOC, k = 128, 32 tokens a proof (8 B)"
  "toploc|k=16 b=1: TOPLOC, k = 16, a proof a token (34 B)"
  "state-statistics|relative deviation: whole states sent, relative deviation (512 B)")
draw() {  # draw <column> <label of the x axis> <file>
  "$python" "$ROOT/scripts/plot.py" "$folder/detection.csv" --x "$1" --x-label "$2" --log-x --y detected --y-range 0 1 \
    --y-label "detected at 1 % false alarms" --band detected_low detected_high --by check setting \
    --panel attack --panels "${panels[@]}" --lines "${lines[@]}" --out "$out/$3"
}
draw tokens "tokens examined" fingerprints_tokens.svg
draw bytes "bytes sent" fingerprints_bytes.svg
