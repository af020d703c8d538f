// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The operations between the matrix products. Plain loops in a fixed order, without libm, so that they vectorise
// and yield the same bits on every CPU.
#ifndef REFERENCE_ENGINE_OPERATIONS_HPP
#define REFERENCE_ENGINE_OPERATIONS_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/float_formats.hpp>
#include <reference_engine/numerics.hpp>

namespace reference {

/// Rounds each value to the activation's precision.
inline void round_to(precision p, std::span<float> values) {
  if (p == precision::bf16)
    for (float& v : values) v = assay::bf16_to_float(assay::float_to_bf16(v));
}

/// e^x with an error below 2 ulp on [-87, 88]; outside, the value at the nearer end (Cephes' polynomial).
[[nodiscard]] inline float exponential(float x) {
  x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
  const float shifted = x * 1.44269504f + 12582912.0f;  // the nearest integer sits in the low mantissa bits
  const float n = shifted - 12582912.0f;
  const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float y = 1.9875691500e-4f;
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * (r * r) + r + 1.0f;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(y) + (std::bit_cast<std::uint32_t>(shifted) << 23));
}

namespace detail {
/// Sums f(0) ... f(n - 1) in 16 strided accumulators, which are then added in order.
template <class F>
[[nodiscard]] float sum_in_lanes(std::size_t n, F f) {
  constexpr std::size_t lanes = 16;
  std::array<float, lanes> sum{};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (std::size_t j = 0; j < lanes; ++j) sum[j] += f(i + j);
  for (std::size_t j = 0; i < n; ++i, ++j) sum[j] += f(i);
  float total = 0;
  for (float s : sum) total += s;
  return total;
}
}  // namespace detail

/// out = weight * row / sqrt(mean(row^2) + epsilon)
inline void rms_norm(std::span<const float> row, std::span<const float> weight, float epsilon, precision p,
                     std::span<float> out) {
  const std::size_t n = row.size();
  const float squares = detail::sum_in_lanes(n, [&](std::size_t i) { return row[i] * row[i]; });
  const float scale = 1.0f / std::sqrt(squares / static_cast<float>(n) + epsilon);
  for (std::size_t i = 0; i < n; ++i) out[i] = row[i] * scale;
  round_to(p, out);
  for (std::size_t i = 0; i < n; ++i) out[i] *= weight[i];
  round_to(p, out);
}

/// Rotates the pairs (x[j], x[j + n/2]) by the position's angles (Hugging Face's rotate_half convention).
inline void rotate_half(std::span<float> head, std::span<const float> cosines, std::span<const float> sines) {
  const std::size_t half = head.size() / 2;
  for (std::size_t j = 0; j < half; ++j) {
    const float a = head[j], b = head[j + half];
    head[j] = a * cosines[j] - b * sines[j];
    head[j + half] = b * cosines[j] + a * sines[j];
  }
}

/// out = silu(gate) * up
inline void gated_silu(std::span<const float> gate, std::span<const float> up, precision p, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = gate[i] / (1.0f + exponential(-gate[i]));
  round_to(p, out);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] *= up[i];
  round_to(p, out);
}

/// into += addend
inline void add(std::span<float> into, std::span<const float> addend, precision p) {
  for (std::size_t i = 0; i < into.size(); ++i) into[i] += addend[i];
  round_to(p, into);
}

/// The state of a softmax whose keys arrive in blocks.
struct online_softmax {
  float maximum = 0, sum = 0;
  bool started = false;

  /// Turns a block of scores into weights relative to the new maximum; returns the factor for what was summed before.
  float absorb(std::span<float> scores, float scale) {
    float block_maximum = scores[0];
    for (float s : scores) block_maximum = std::max(block_maximum, s);
    const float highest = started ? std::max(maximum, block_maximum * scale) : block_maximum * scale;
    const float correction = started ? exponential(maximum - highest) : 0.0f;
    for (float& s : scores) s = exponential(s * scale - highest);
    sum = sum * correction + detail::sum_in_lanes(scores.size(), [&](std::size_t i) { return scores[i]; });
    maximum = highest;
    started = true;
    return correction;
  }
};

}  // namespace reference

#endif
