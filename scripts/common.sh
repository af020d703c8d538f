# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Sourced by the other scripts: where the tools are, and what is new enough.
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
TOOLS="$ROOT/build/tools"  # a Python environment with a newer CMake, where the system's is too old
[ -d "$TOOLS/bin" ] && PATH="$TOOLS/bin:$PATH"

# version_at_least <have> <need>
version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

have() { command -v "$1" >/dev/null 2>&1; }

has_cmake() { have cmake && version_at_least "$(cmake --version | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')" 3.25; }

# The compiler to use: $CXX if set, else c++ or g++ if it is GCC 12 or later (or any Clang 16 or later), else a newer g++-N.
find_cxx() {
  local candidate version minimum
  for candidate in ${CXX:-} c++ g++ g++-15 g++-14 g++-13 g++-12; do
    have "$candidate" || continue
    version="$("$candidate" -dumpversion)"
    minimum=12
    "$candidate" --version | head -n 1 | grep -qi clang && minimum=16
    if version_at_least "$version" "$minimum"; then echo "$candidate"; return 0; fi
  done
  return 1
}

# The newest clang++ of version 16 or later.
find_clang() {
  local candidate
  for candidate in clang++-22 clang++-21 clang++-20 clang++-19 clang++-18 clang++-17 clang++-16 clang++; do
    if have "$candidate" && version_at_least "$("$candidate" -dumpversion)" 16; then echo "$candidate"; return 0; fi
  done
  return 1
}

# A Python that has matplotlib: the caller's, that of build/tools, or the system's.
find_plotting_python() {
  local candidate
  for candidate in python3 "$TOOLS/bin/python" /usr/bin/python3; do
    if have "$candidate" && "$candidate" -c 'import matplotlib' 2>/dev/null; then echo "$candidate"; return 0; fi
  done
  return 1
}

# True if a header is installed, given as a path below an include folder.
has_header() {
  local folder
  for folder in /usr/include /usr/local/include /opt/homebrew/include ${CPATH:+${CPATH//:/ }}; do
    [ -e "$folder/$1" ] && return 0
  done
  return 1
}

# Called after setup: compiler and, where there is one, a compiler cache.
use_tools() {
  [ -d "$TOOLS/bin" ] && PATH="$TOOLS/bin:$PATH"
  CXX="$(find_cxx)"
  export CXX PATH
  if have ccache && [ -z "${CMAKE_CXX_COMPILER_LAUNCHER:-}" ]; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
  JOBS="${JOBS:-$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)}"
}
