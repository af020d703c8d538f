#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Tests everything that a change could break; stops at the first stage that fails.
#
#   scripts/test.sh quick    build all; run the quick tests, house checks and consumer projects (the default)
#   scripts/test.sh all      also: the slow tests, an independent implementation, each header alone, the sanitizers, and
#                            Clang; what CI runs
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mode="${1:-quick}"
case "$mode" in
  quick | all) ;;
  *) sed -n '3,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
cd "$ROOT" || exit 1

passed=0
table=""

# stage <name> <command>...: runs it, notes its time; on failure prints the summary and ends.
stage() {
  local name="$1" began=$SECONDS
  shift
  printf '\n=== %s\n' "$name"
  if "$@"; then
    passed=$((passed + 1))
    table+="$(printf '  %-34s %4d s  passed' "$name" $((SECONDS - began)))"$'\n'
  else
    table+="$(printf '  %-34s %4d s  FAILED' "$name" $((SECONDS - began)))"$'\n'
    printf '\n%s\nstage "%s" failed; by hand: %s\n%d passed, 1 failed\n' "$table" "$name" "$*" "$passed"
    exit 1
  fi
}

if [ "$mode" = all ]; then stage "setup" scripts/setup.sh --clang --oracle; else stage "setup" scripts/setup.sh; fi
use_tools

stage "configure" cmake --preset dev
stage "build" cmake --build --preset dev -j "$JOBS"
if [ "$mode" = all ]; then
  stage "tests" ctest --preset dev -j "$JOBS" -LE 'house|consumers'
else
  stage "quick tests" ctest --preset dev -j "$JOBS" -L quick
fi
stage "house checks" ctest --preset dev -L house
stage "consumer projects" ctest --preset dev -j "$JOBS" -L consumers

if [ "$mode" = all ]; then
  stage "independent implementation" scripts/oracle.sh
  stage "each header alone" cmake --build --preset dev -j "$JOBS" --target all_verify_interface_header_sets
  # Clang compiles most of it unoptimised and with sanitizers, and optimised what has kernels or is left out of that.
  stage "sanitizers: configure" env -u CXX cmake --preset asan
  stage "sanitizers: build" cmake --build --preset asan -j "$JOBS"
  stage "sanitizers: tests" ctest --preset asan -j "$JOBS"
  stage "clang: configure" env -u CXX cmake --preset clang
  stage "clang: build" cmake --build --preset clang -j "$JOBS" --target assay_test_math assay_test_polycommit \
    assay_test_hash assay_test_random assay_test_fingerprint assay_test_token assay_test_stats assay_test_evaluation assay_test_property
  stage "clang: tests" ctest --preset clang -j "$JOBS" -R '^(math|polycommit|hash|random|fingerprint|token|stats|evaluation|property)$'
fi

printf '\n%s\n%d passed, 0 failed\n' "$table" "$passed"
