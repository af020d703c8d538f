#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Installs what assay's tests, examples and benchmarks need and the machine lacks; does nothing where all is present.
#
#   scripts/setup.sh             compiler, CMake, Ninja and the five libraries
#   scripts/setup.sh --bench     also Google Benchmark
#   scripts/setup.sh --clang     also Clang 16 or later, with its sanitizers and libFuzzer
#   scripts/setup.sh --oracle    also Node.js and npm, for scripts/oracle.sh
#   scripts/setup.sh --plots     also a Python with matplotlib, for scripts/plot.py
#
# Works by itself on Debian and Ubuntu (apt-get, through sudo where needed); elsewhere it says what to install.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

want_bench=0 want_clang=0 want_oracle=0 want_plots=0
for argument in "$@"; do
  case "$argument" in
    --bench) want_bench=1 ;;
    --clang) want_clang=1 ;;
    --oracle) want_oracle=1 ;;
    --plots) want_plots=1 ;;
    *) sed -n '3,11s/^# \{0,1\}//p' "$0"; [ "$argument" = --help ] && exit 0 || exit 2 ;;
  esac
done

missing=()  # Debian names; the table for other systems is in `elsewhere`
cmake_from_python=0 plots_from_python=0
find_cxx >/dev/null || missing+=(g++)
have python3 || missing+=(python3)
have ninja || missing+=(ninja-build)
has_cmake || missing+=(cmake)
has_header catch2/catch.hpp || has_header catch2/catch_all.hpp || missing+=(catch2)
has_header nlohmann/json.hpp || missing+=(nlohmann-json3-dev)
has_header eigen3/Eigen/Core || missing+=(libeigen3-dev)
has_header xxhash.h || missing+=(libxxhash-dev)
has_header CLI/CLI.hpp || missing+=(libcli11-dev)
if [ $want_bench = 1 ]; then has_header benchmark/benchmark.h || missing+=(libbenchmark-dev); fi
if [ $want_clang = 1 ]; then find_clang >/dev/null || missing+=(clang); fi
if [ $want_oracle = 1 ]; then
  have node || missing+=(nodejs)
  have npm || missing+=(npm)
fi
# matplotlib goes with a Python: the distribution's own has a package; any other one gets an environment in build/tools.
if [ $want_plots = 1 ] && ! find_plotting_python >/dev/null; then
  if [ -x /usr/bin/python3 ] && have apt-get; then missing+=(python3-matplotlib); else plots_from_python=1; fi
fi

if [ $plots_from_python = 1 ]; then
  echo "setup: installing matplotlib with pip into build/tools"
  [ -x "$TOOLS/bin/pip" ] || python3 -m venv "$TOOLS"
  "$TOOLS/bin/pip" install --quiet --disable-pip-version-check matplotlib
fi
if [ ${#missing[@]} = 0 ]; then
  [ $want_plots = 0 ] || echo "setup: plots: $(find_plotting_python) scripts/plot.py"
  echo "setup: everything is present ($(find_cxx) $("$(find_cxx)" -dumpversion), cmake $(cmake --version | sed -n '1s/[^0-9]*//p'))"
  exit 0
fi
echo "setup: missing: ${missing[*]}"

elsewhere() {
  echo "setup: this system has no apt-get; please install the equivalents of: ${missing[*]}"
  if have dnf; then
    echo "  sudo dnf install gcc-c++ cmake ninja-build python3 catch-devel json-devel eigen3-devel xxhash-devel cli11-devel" \
         "google-benchmark-devel clang compiler-rt nodejs npm"
  elif have brew; then
    echo "  brew install cmake ninja python catch2 nlohmann-json eigen xxhash cli11 google-benchmark llvm node"
  fi
  exit 1
}
have apt-get || elsewhere

as_root=()
if [ "$(id -u)" != 0 ]; then
  have sudo || { echo "setup: neither root nor sudo; as root, run: apt-get install ${missing[*]}"; exit 1; }
  as_root=(sudo)
fi
apt_get() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"; }
# The version that apt would install of a package, or nothing.
candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: \([0-9]*:\)\{0,1\}\([0-9][0-9.]*\).*/\2/p'; }

echo "setup: apt-get update"
apt_get update >/dev/null

packages=()
for package in "${missing[@]}"; do
  case "$package" in
    g++)
      if version_at_least "$(candidate g++)" 12; then packages+=(g++)
      else
        for version in 15 14 13 12; do
          [ -n "$(candidate g++-$version)" ] && { packages+=("g++-$version"); break; }
        done
      fi ;;
    cmake)
      if version_at_least "$(candidate cmake)" 3.25; then packages+=(cmake)
      else cmake_from_python=1; packages+=(python3-venv); fi ;;
    clang)
      for version in 22 21 20 19 18 17 16; do
        if [ -n "$(candidate clang-$version)" ]; then packages+=("clang-$version" "libclang-rt-$version-dev"); break; fi
      done ;;
    *) packages+=("$package") ;;
  esac
done

if [ ${#packages[@]} -gt 0 ]; then
  echo "setup: apt-get install ${packages[*]}"
  apt_get install --no-install-recommends "${packages[@]}"
fi
if [ $cmake_from_python = 1 ]; then
  echo "setup: this distribution's CMake is older than 3.25; installing a newer one with pip into build/tools"
  python3 -m venv "$TOOLS"
  "$TOOLS/bin/pip" install --quiet --disable-pip-version-check 'cmake>=3.25'
  PATH="$TOOLS/bin:$PATH"
fi

find_cxx >/dev/null || { echo "setup: no compiler found: assay needs GCC 12 or Clang 16, or later"; exit 1; }
has_cmake || { echo "setup: no CMake 3.25 or later found"; exit 1; }
if [ $want_clang = 1 ] && ! find_clang >/dev/null; then
  echo "setup: this distribution has no Clang 16 or later"; exit 1
fi
[ $want_plots = 0 ] || echo "setup: plots: $(find_plotting_python) scripts/plot.py"
echo "setup: done"
