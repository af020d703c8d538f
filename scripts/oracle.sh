#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Compares curves, pairings and polynomial commitments with an independent implementation on fresh random cases.
#
#   scripts/oracle.sh [seed]      draws a seed unless one is given, and prints it
#
# Needs Node.js 16 or later with npm: apt-get install nodejs npm, dnf install nodejs, brew install node, or
# https://nodejs.org. The packages in tests/oracle/package-lock.json are installed into build/oracle.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
preset="${ASSAY_PRESET:-dev}"

for tool in node npm; do
  have "$tool" && continue
  echo "oracle: $tool is missing"
  sed -n '7,8s/^# \{0,1\}//p' "$0"
  exit 1
done
if ! version_at_least "$(node --version | tr -d v)" 16; then echo "oracle: Node.js $(node --version) is older than 16"; exit 1; fi

seed="${1:-$(od -An -N8 -tx8 /dev/urandom | tr -d ' \n')}"
folder="$ROOT/build/oracle"
mkdir -p "$folder"
cp tests/oracle/package.json tests/oracle/package-lock.json tests/oracle/generate.mjs "$folder/"
(cd "$folder" && npm ci --silent --no-audit --no-fund --ignore-scripts)
cases="$folder/cases-$seed.json"
node "$folder/generate.mjs" "$seed" >"$cases"
echo "oracle: seed $seed, $(wc -c <"$cases" | tr -d ' ') bytes of cases"

for tests in assay_test_math assay_test_polycommit; do
  binary="$ROOT/build/$preset/bin/$tests"
  if [ ! -x "$binary" ]; then
    use_tools
    [ -f "$ROOT/build/$preset/CMakeCache.txt" ] || cmake --preset "$preset"
    cmake --build "$ROOT/build/$preset" --target "$tests" -j "$JOBS"
  fi
  if ! ASSAY_ORACLE_FILE="$cases" "$binary" "[oracle]"; then
    echo "oracle: $tests disagrees; again by: scripts/oracle.sh $seed"
    exit 1
  fi
done
rm "$cases"
echo "oracle: all agree"
