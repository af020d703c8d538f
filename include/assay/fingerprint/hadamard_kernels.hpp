// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Selected outputs of a Walsh-Hadamard transform. All kernels add the same pairs in the same order: the bits agree.
#ifndef ASSAY_FINGERPRINT_HADAMARD_KERNELS_HPP
#define ASSAY_FINGERPRINT_HADAMARD_KERNELS_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <assay/core/fp.hpp>

namespace assay::inline v0::detail {

/// One projection, as the kernels need it.
struct hadamard_task {
  const float* row;            ///< `width` elements
  const std::uint32_t* signs;  ///< `width` words, 0 or the sign bit of a float
  std::uint32_t width;
  std::uint32_t order;             ///< the transform has 2^order >= width points; the row is padded with zeros
  const std::uint32_t* outputs;    ///< `count` indices of outputs
  std::uint32_t count;
  float scale;
  float* out;      ///< `count` elements
  float* scratch;  ///< 2^order elements
};

[[nodiscard, gnu::always_inline]] inline float flip(float x, std::uint32_t sign) noexcept {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) ^ sign);
}

/// Output r is the sum over i of (-1)^popcount(r & i) x[i], added as the textbook's transform does: one stage per index
/// bit, the highest bit first, each stage replacing (a, b) by (a + b, a - b).
inline void hadamard_ref(const hadamard_task& task) noexcept {
  const std::size_t n = std::size_t{1} << task.order;
  float* const x = task.scratch;
  for (std::size_t i = 0; i < n; ++i) x[i] = i < task.width ? flip(task.row[i], task.signs[i]) : 0.0f;
  for (std::size_t half = n / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < n; ++i) {
      if (i & half) continue;
      const float a = x[i], b = x[i + half];
      x[i] = a + b;
      x[i + half] = a - b;
    }
  }
  for (std::uint32_t j = 0; j < task.count; ++j) task.out[j] = fp::mul(x[task.outputs[j]], task.scale);
}

// The fast way: full stages only for the highest bits, until blocks of 16 to 256 points remain. An output needs one block
// and one of the two results of each remaining stage, so it folds its block in halves: n log2(n / block) + count * block
// additions instead of n log2 n. Vectors are the compiler's, of as many lanes as the kernel is compiled for.

template <std::size_t Lanes>
struct hadamard_lanes {
  using floats [[gnu::vector_size(Lanes * 4)]] = float;
  using words [[gnu::vector_size(Lanes * 4)]] = std::uint32_t;
};

/// log2 of the number of blocks left after the full stages. @pre order >= 4
[[nodiscard]] inline unsigned hadamard_full_stages(unsigned order, std::uint32_t count) noexcept {
  const unsigned least = order > 8 ? order - 8 : 0, most = order - 4;
  const unsigned wanted = static_cast<unsigned>(std::bit_width(count)) - 1;
  return wanted < least ? least : wanted > most ? most : wanted;
}

/// Radix-2^Bits stages on the rows of a matrix of `stride` columns; the first pass reads the row and flips its signs.
template <std::size_t Lanes, unsigned Bits, bool First>
[[gnu::always_inline]] inline void hadamard_pass(float* x, std::size_t stride, const float* row,
                                                 const std::uint32_t* signs) noexcept {
  using floats = typename hadamard_lanes<Lanes>::floats;
  using words = typename hadamard_lanes<Lanes>::words;
  constexpr unsigned radix = 1u << Bits;
  for (std::size_t c = 0; c < stride; c += Lanes) {
    floats v[radix];
#pragma GCC unroll 16
    for (unsigned j = 0; j < radix; ++j) {
      if constexpr (First) {
        words sign;
        std::memcpy(&v[j], row + c + j * stride, sizeof v[j]);
        std::memcpy(&sign, signs + c + j * stride, sizeof sign);
        v[j] = reinterpret_cast<floats>(reinterpret_cast<words>(v[j]) ^ sign);
      } else {
        std::memcpy(&v[j], x + c + j * stride, sizeof v[j]);
      }
    }
#pragma GCC unroll 4
    for (unsigned half = radix / 2; half > 0; half /= 2) {
#pragma GCC unroll 16
      for (unsigned j = 0; j < radix; ++j) {
        if (j & half) continue;
        const floats a = v[j], b = v[j + half];
        v[j] = a + b;
        v[j + half] = a - b;
      }
    }
#pragma GCC unroll 16
    for (unsigned j = 0; j < radix; ++j) std::memcpy(x + c + j * stride, &v[j], sizeof v[j]);
  }
}

template <std::size_t Lanes, bool First>
[[gnu::always_inline]] inline void hadamard_pass(unsigned bits, float* x, std::size_t stride, const float* row,
                                                 const std::uint32_t* signs) noexcept {
  switch (bits) {
    case 0: return hadamard_pass<Lanes, 0, First>(x, stride, row, signs);
    case 1: return hadamard_pass<Lanes, 1, First>(x, stride, row, signs);
    case 2: return hadamard_pass<Lanes, 2, First>(x, stride, row, signs);
    case 3: return hadamard_pass<Lanes, 3, First>(x, stride, row, signs);
    default: return hadamard_pass<Lanes, 4, First>(x, stride, row, signs);
  }
}

/// Copies the row with its signs flipped, and pads it: for widths that are no power of two.
template <std::size_t Lanes>
[[gnu::always_inline]] inline void hadamard_load(const hadamard_task& task, std::size_t n) noexcept {
  using words = typename hadamard_lanes<Lanes>::words;
  std::size_t i = 0;
  for (; i + Lanes <= task.width; i += Lanes) {
    words bits, sign;
    std::memcpy(&bits, task.row + i, sizeof bits);
    std::memcpy(&sign, task.signs + i, sizeof sign);
    bits ^= sign;
    std::memcpy(task.scratch + i, &bits, sizeof bits);
  }
  for (; i < task.width; ++i) task.scratch[i] = flip(task.row[i], task.signs[i]);
  for (; i < n; ++i) task.scratch[i] = 0.0f;
}

template <std::size_t Lanes>
[[gnu::always_inline]] inline void hadamard_stages(const hadamard_task& task, unsigned stages) noexcept {
  const std::size_t n = std::size_t{1} << task.order;
  unsigned passes = (stages + 3) / 4, done = 0;
  if (task.width == n) {
    const unsigned bits = passes == 0 ? 0 : stages / passes;
    hadamard_pass<Lanes, true>(bits, task.scratch, n >> bits, task.row, task.signs);
    done = bits;
    passes -= passes != 0;
  } else {
    hadamard_load<Lanes>(task, n);
  }
  for (; passes > 0; --passes) {
    const unsigned bits = (stages - done) / passes;
    const std::size_t group = n >> done, stride = group >> bits;
    for (std::size_t at = 0; at < n; at += group)
      hadamard_pass<Lanes, false>(bits, task.scratch + at, stride, nullptr, nullptr);
    done += bits;
  }
}

/// Folds the lanes of one vector, the highest index bit first.
template <std::size_t Lanes>
[[gnu::always_inline]] inline float hadamard_fold_lanes(const typename hadamard_lanes<Lanes>::floats& v,
                                                        std::uint32_t output) noexcept {
  if constexpr (Lanes == 2) {
    return v[0] + flip(v[1], output << 31);
  } else {
    using half_floats = typename hadamard_lanes<Lanes / 2>::floats;
    using half_words = typename hadamard_lanes<Lanes / 2>::words;
    half_floats low, high;
    std::memcpy(&low, &v, sizeof low);
    std::memcpy(&high, reinterpret_cast<const char*>(&v) + sizeof low, sizeof high);
    const half_words sign = half_words{} + (output & (Lanes / 2) ? 0x80000000u : 0u);
    const half_floats sum = low + reinterpret_cast<half_floats>(reinterpret_cast<half_words>(high) ^ sign);
    return hadamard_fold_lanes<Lanes / 2>(sum, output);
  }
}

/// Folds a block of `Block` points to the one output with these low index bits.
template <std::size_t Lanes, std::size_t Block>
[[gnu::always_inline]] inline float hadamard_fold(const float* block, std::uint32_t output) noexcept {
  using floats = typename hadamard_lanes<Lanes>::floats;
  using words = typename hadamard_lanes<Lanes>::words;
  constexpr std::size_t count = Block / Lanes;
  floats v[count];
#pragma GCC unroll 64
  for (std::size_t j = 0; j < count; ++j) std::memcpy(&v[j], block + j * Lanes, sizeof v[j]);
#pragma GCC unroll 8
  for (std::size_t half = count / 2; half > 0; half /= 2) {
    const words sign = words{} + (output & (half * Lanes) ? 0x80000000u : 0u);
#pragma GCC unroll 32
    for (std::size_t j = 0; j < half; ++j)
      v[j] = v[j] + reinterpret_cast<floats>(reinterpret_cast<words>(v[j + half]) ^ sign);
  }
  return hadamard_fold_lanes<Lanes>(v[0], output);
}

template <std::size_t Lanes, std::size_t Block>
[[gnu::always_inline]] inline void hadamard_outputs(const hadamard_task& task) noexcept {
  for (std::uint32_t j = 0; j < task.count; ++j) {
    const std::uint32_t output = task.outputs[j], low = output & (Block - 1);
    task.out[j] = fp::mul(hadamard_fold<Lanes, Block>(task.scratch + (output - low), low), task.scale);
  }
}

/// @pre task.order >= 4
template <std::size_t Lanes>
[[gnu::always_inline]] inline void hadamard_kernel(const hadamard_task& task) noexcept {
  const unsigned stages = hadamard_full_stages(task.order, task.count);
  hadamard_stages<Lanes>(task, stages);
  switch (task.order - stages) {
    case 4: return hadamard_outputs<Lanes, 16>(task);
    case 5: return hadamard_outputs<Lanes, 32>(task);
    case 6: return hadamard_outputs<Lanes, 64>(task);
    case 7: return hadamard_outputs<Lanes, 128>(task);
    default: return hadamard_outputs<Lanes, 256>(task);
  }
}

[[gnu::noinline]] inline void hadamard_portable(const hadamard_task& task) noexcept { hadamard_kernel<4>(task); }

#if ASSAY_X86_64
__attribute__((target("avx2"), noinline)) inline void hadamard_avx2(const hadamard_task& task) noexcept {
  hadamard_kernel<8>(task);
}
__attribute__((target("avx512f"), noinline)) inline void hadamard_avx512(const hadamard_task& task) noexcept {
  hadamard_kernel<16>(task);
}
#endif

/// The widest kernel this processor has; small transforms take the reference.
inline void hadamard_dispatch(const hadamard_task& task) noexcept {
  if (task.order < 4) return hadamard_ref(task);
#if ASSAY_X86_64
  static const int level = __builtin_cpu_supports("avx512f") ? 2 : __builtin_cpu_supports("avx2") ? 1 : 0;
  if (level == 2) return hadamard_avx512(task);
  if (level == 1) return hadamard_avx2(task);
#endif
  hadamard_portable(task);
}

}  // namespace assay::inline v0::detail

#endif
