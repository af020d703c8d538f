#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Builds the demo and runs it here: scripts/demo.sh [arguments of assay_demo]; without arguments it writes report.html.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
"$ROOT/scripts/setup.sh"
use_tools
here="$PWD"
cd "$ROOT"
cmake --preset release >/dev/null
cmake --build --preset release --target assay_demo -j "$JOBS"
cd "$here"
exec "$ROOT/build/release/bin/assay_demo" "$@"
