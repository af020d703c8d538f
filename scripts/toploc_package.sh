#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Compares TOPLOC proofs and verifications with the toploc package on fresh random cases.
#
#   scripts/toploc_package.sh [seed]      draws a seed unless one is given, and prints it
#
# Installs toploc 0.1.6 and PyTorch 2.6.0 (some 5 GB) into build/toploc; needs Python 3.9 to 3.12 for their wheels.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
preset="${ASSAY_PRESET:-dev}"
seed="${1:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' \n')}"
folder="$ROOT/build/toploc"

if ! "$folder/venv/bin/python" -c 'import toploc' 2>/dev/null; then
  mkdir -p "$folder"
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install --quiet toploc==0.1.6 torch==2.6.0 numpy
fi
"$folder/venv/bin/python" tests/vectors/generators/toploc_package.py "$folder/cases-$seed.json" "$seed"
echo "toploc: seed $seed"

binary="$ROOT/build/$preset/bin/assay_test_fingerprint"
if [ ! -x "$binary" ]; then
  use_tools
  [ -f "$ROOT/build/$preset/CMakeCache.txt" ] || cmake --preset "$preset"
  cmake --build "$ROOT/build/$preset" --target assay_test_fingerprint -j "$JOBS"
fi
if ! ASSAY_TOPLOC_FILE="$folder/cases-$seed.json" "$binary" "[toploc_package]"; then
  echo "toploc: the package disagrees; again by: scripts/toploc_package.sh $seed"
  exit 1
fi
rm "$folder/cases-$seed.json"
echo "toploc: all agree"
