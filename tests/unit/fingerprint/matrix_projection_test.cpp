// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <array>
#include <vector>

#include <assay/fingerprint/matrix_projection.hpp>

using assay::errc;
using assay::matrix_projection;

TEST_CASE("matrix_projection: width rows of sketch columns", "[fingerprint]") {
  const std::array<float, 6> matrix{1, 2, 3, 4, 5, 6};
  const auto map = matrix_projection::of(matrix, 3, 2).value();
  std::array<float, 2> out{9, 9};
  map.project(std::array<float, 3>{1, 10, 100}, out);
  CHECK(out == std::array<float, 2>{531, 642});
}

TEST_CASE("matrix_projection: sums in the order of the elements, every step rounded to float", "[fingerprint]") {
  // 2^24 + 1 + 1 stays 2^24 from left to right, but 1 + 1 + 2^24 does not.
  const std::array<float, 3> ones{1, 1, 1};
  const auto map = matrix_projection::of(ones, 3, 1).value();
  std::array<float, 1> out{};
  map.project(std::array<float, 3>{0x1p24f, 1, 1}, out);
  CHECK(out[0] == 0x1p24f);
  map.project(std::array<float, 3>{1, 1, 0x1p24f}, out);
  CHECK(out[0] == 0x1p24f + 2);
}

TEST_CASE("matrix_projection: every kernel has the reference's bits, one row or many", "[fingerprint]") {
  std::uint32_t state = 1;
  const auto fill = [&](std::size_t count) {
    std::vector<float> all(count);
    for (float& x : all) {
      state = state * 1664525u + 1013904223u;
      x = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-29f;
    }
    return all;
  };
  using kernel = void (*)(const assay::detail::matrix_task&) noexcept;
  std::vector<kernel> kernels{assay::detail::matrix_portable, assay::detail::matrix_dispatch};
#if ASSAY_X86_64
  if (__builtin_cpu_supports("avx2")) kernels.push_back(assay::detail::matrix_avx2);
#endif
  for (const std::size_t columns : {1u, 2u, 3u, 4u, 7u, 8u, 11u, 16u, 21u, 32u, 64u})
    for (const std::size_t count : {1u, 3u, 4u, 9u}) {
      constexpr std::size_t width = 53;
      const auto matrix = fill(width * columns), rows = fill(width * count);
      std::vector<float> expected(count * columns);
      assay::detail::matrix_ref({rows.data(), matrix.data(), expected.data(), count, width, columns});
      for (const kernel run : kernels) {
        std::vector<float> out(expected.size(), 9.0f);
        run({rows.data(), matrix.data(), out.data(), count, width, columns});
        INFO(columns << " columns, " << count << " rows");
        CHECK(out == expected);
      }
    }
}

TEST_CASE("matrix_projection: sizes must fit", "[fingerprint]") {
  const std::array<float, 6> matrix{};
  CHECK(matrix_projection::of(matrix, 2, 2).error().code == errc::length_mismatch);
  CHECK(matrix_projection::of(matrix, 0, 2).error().code == errc::empty);
  CHECK(matrix_projection::of(matrix, 65536, 65536).error().code == errc::length_mismatch);
}
