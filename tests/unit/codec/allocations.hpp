// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How much memory was asked for; the operators that count are replaced in cbor_test.cpp.
#ifndef ASSAY_TESTS_UNIT_CODEC_ALLOCATIONS_HPP
#define ASSAY_TESTS_UNIT_CODEC_ALLOCATIONS_HPP

#include <atomic>
#include <cstddef>

namespace assay_tests {

inline std::atomic<std::size_t> allocated_bytes{0};

/// Bytes that `f` asks for in all, freed or not.
template <class F>
std::size_t bytes_allocated_by(F&& f) {
  const std::size_t before = allocated_bytes;
  f();
  return allocated_bytes - before;
}

}  // namespace assay_tests

#endif
