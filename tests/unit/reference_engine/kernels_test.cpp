// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <reference_engine/kernels.hpp>

#include <cmath>
#include <cstring>

#include "support/catch.hpp"

using reference::instruction_set;
using reference::summation;

namespace {

/// Small numbers that are not exactly summable, without a generator's state.
std::vector<float> values(std::size_t n, std::uint32_t salt) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto mixed = (static_cast<std::uint32_t>(i) + salt) * 2654435761u;
    v[i] = static_cast<float>(mixed >> 8) / 16777216.0f - 0.5f;
  }
  return v;
}

/// The definition: partial sums of the inner products, added in order.
float sum_ref(const float* x, const float* w, std::size_t first, std::size_t last, summation s) {
  const std::size_t n = last - first;
  std::vector<std::vector<std::size_t>> parts;
  const auto part_of = [&](std::size_t i) -> std::size_t {
    switch (s.how) {
      case summation::order::sequential: return 0;
      case summation::order::blocked: return i / s.count;
      case summation::order::split: return i / ((n + s.count - 1) / s.count);
      case summation::order::interleaved: return i % s.count;
    }
    return 0;
  };
  for (std::size_t i = 0; i < n; ++i) {
    if (parts.size() <= part_of(i)) parts.resize(part_of(i) + 1);
    parts[part_of(i)].push_back(first + i);
  }
  float total = 0;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    volatile float sum = 0;  // volatile: no contraction, no reordering
    for (std::size_t k : parts[p]) {
      volatile float product = x[k] * w[k];
      sum = sum + product;
    }
    total = p == 0 ? sum : total + sum;
  }
  return total;
}

const summation orders[] = {{summation::order::sequential, 1},  {summation::order::blocked, 32},
                            {summation::order::blocked, 7},     {summation::order::split, 2},
                            {summation::order::split, 4},       {summation::order::interleaved, 8},
                            {summation::order::interleaved, 4}, {summation::order::interleaved, 5}};

}  // namespace

TEST_CASE("kernels: every instruction set gives the definition's bits", "[reference_engine]") {
  for (const auto set : {instruction_set::portable, instruction_set::avx2, instruction_set::avx512}) {
    if (!reference::is_supported(set)) continue;
    for (const auto [rows, outputs, inner] :
         {std::array<std::size_t, 3>{1, 1, 1}, {1, 70, 33}, {3, 16, 64}, {5, 100, 50}, {9, 161, 40}, {2, 5, 3}}) {
      const auto x = values(rows * inner, 1), w = values(outputs * inner, 77);
      const reference::packed_matrix packed{w, outputs, inner};
      for (const summation s : orders)
        for (const std::size_t first : {std::size_t{0}, inner / 3}) {
          std::vector<float> y(rows * outputs, -1.0f);
          reference::multiply(set, x.data(), inner, rows, packed.view(), first, inner, s, y.data(), outputs);
          bool same = true;
          for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t o = 0; o < outputs; ++o)
              same = same && y[r * outputs + o] == sum_ref(&x[r * inner], &w[o * inner], first, inner, s);
          INFO("set " << static_cast<int>(set) << " rows " << rows << " outputs " << outputs << " inner " << inner
                      << " order " << static_cast<int>(s.how));
          CHECK(same);
        }
    }
  }
}

TEST_CASE("kernels: strides leave the gaps alone", "[reference_engine]") {
  const auto x = values(4 * 20, 1), w = values(18 * 10, 2);
  const reference::packed_matrix packed{w, 18, 10};
  std::vector<float> y(4 * 25, 42.0f);
  reference::multiply(x.data(), 20, 4, packed.view(), 0, 10, {}, y.data(), 25);
  for (std::size_t r = 0; r < 4; ++r) {
    CHECK(y[r * 25 + 17] == sum_ref(&x[r * 20], &w[17 * 10], 0, 10, {}));
    for (std::size_t o = 18; o < 25; ++o) CHECK(y[r * 25 + o] == 42.0f);
  }
}
