// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The inner loop of hidden-state statistics, on tiles of number codes. All kernels count the same integers.
#ifndef ASSAY_FINGERPRINT_STATE_KERNELS_HPP
#define ASSAY_FINGERPRINT_STATE_KERNELS_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <assay/core/dtype.hpp>
#include <assay/fingerprint/state_counts.hpp>

namespace assay::inline v0::detail {

/// Codes of one format, zero-extended, and the distances found so far: in four histograms, because neighbours tend to
/// fall into the same bin, and an increment waits for the one before it.
struct state_tile {
  static constexpr std::size_t size = 256;
  std::array<std::uint32_t, size> claimed, reference, apart;
  std::array<std::array<std::uint64_t, 33>, 4> distances{};

  void take(state_counts& c) noexcept {
    for (auto& part : distances)
      for (std::size_t k = 0; k < part.size(); ++k) c.distances[k] += part[k];
    distances = {};
  }
};

/// Mantissa deviations, in steps of the format's last place.
struct state_limits {
  std::int32_t small_below = 0;
  std::int32_t large_above = 0;
};

/// A format with gradual underflow and IEEE specials.
template <unsigned Exponent, unsigned Mantissa>
struct state_format {
  static constexpr unsigned mantissa_bits = Mantissa;
  static constexpr std::uint32_t sign = 1u << (Exponent + Mantissa);
  static constexpr std::uint32_t exponent = ((1u << Exponent) - 1) << Mantissa;
  static constexpr std::uint32_t mantissa = (1u << Mantissa) - 1;
  /// log2 of a subnormal's last place in units of 2^-149.
  static constexpr std::uint32_t least_place = 150 - (1u << (Exponent - 1)) + 1 - Mantissa;
  /// A code of exponent field e is its significand times 2^place(e) units.
  [[nodiscard]] static constexpr std::uint32_t place(std::uint32_t field) noexcept {
    return field - std::uint32_t{field != 0} + least_place;
  }
  [[nodiscard]] static constexpr std::int64_t significand(std::uint32_t code) noexcept {
    return static_cast<std::int64_t>((code & mantissa) | (code & exponent ? mantissa + 1 : 0));
  }
};

/// Adds one pair's difference and the reference's magnitude to the sums.
template <class Format>
inline void sum_pair(std::uint32_t a, std::uint32_t b, state_counts& c) {
  const std::uint32_t size_a = a & ~Format::sign, size_b = b & ~Format::sign;
  const std::int64_t sign_a = a & Format::sign ? -1 : 1, sign_b = b & Format::sign ? -1 : 1;
  const bool less = sign_a * std::int64_t{size_a} < sign_b * std::int64_t{size_b};
  exact_sum& difference = less ? c.below : c.above;
  const std::int64_t way = less ? -1 : 1;
  const std::uint32_t place_a = Format::place(size_a >> Format::mantissa_bits);
  const std::uint32_t place_b = Format::place(size_b >> Format::mantissa_bits);
  difference.add(way * sign_a * Format::significand(a), place_a);
  difference.add(-way * sign_b * Format::significand(b), place_b);
  c.magnitude.add(Format::significand(b), place_b);
}

/// Counts pairs [first, end) of a tile, one at a time. @pre all are finite
template <class Format>
inline void count_states_ref(state_tile& tile, std::size_t first, std::size_t end, const state_limits& limits,
                             state_counts& c) {
  c.finite += end - first;
  for (std::size_t i = first; i < end; ++i) {
    const std::uint32_t a = tile.claimed[i], b = tile.reference[i], changed = a ^ b;
    const auto m_a = static_cast<std::int32_t>(a & Format::mantissa),
               m_b = static_cast<std::int32_t>(b & Format::mantissa);
    const std::int32_t deviation = m_a > m_b ? m_a - m_b : m_b - m_a;
    const std::uint32_t size_a = a & ~Format::sign, size_b = b & ~Format::sign;
    const std::uint32_t apart = changed & Format::sign ? size_a + size_b
                                : size_a > size_b      ? size_a - size_b
                                                       : size_b - size_a;
    c.same_bits += changed == 0;
    c.sign_flips += (changed & Format::sign) != 0 && (size_a | size_b) != 0;
    if (changed & Format::exponent) {
      ++c.exponent_mismatches;
      c.large_deviations += deviation > limits.large_above;
    } else {
      c.small_deviations += deviation < limits.small_below;
    }
    ++tile.distances[i % 4][static_cast<std::size_t>(std::bit_width(apart))];
    sum_pair<Format>(a, b, c);
  }
}

/// Removes pairs that hold a NaN or an infinity, counting them, and returns how many remain.
template <class Format>
inline std::size_t drop_non_finite(state_tile& tile, std::size_t n, state_counts& c) noexcept {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const bool a = (tile.claimed[i] & Format::exponent) == Format::exponent;
    const bool b = (tile.reference[i] & Format::exponent) == Format::exponent;
    c.both_non_finite += a && b, c.claimed_non_finite += a && !b, c.reference_non_finite += !a && b;
    if (a || b) continue;
    tile.claimed[kept] = tile.claimed[i], tile.reference[kept] = tile.reference[i];
    ++kept;
  }
  return kept;
}

template <std::size_t Lanes>
struct state_lanes {
  using words [[gnu::vector_size(Lanes * 4)]] = std::uint32_t;
  using ints [[gnu::vector_size(Lanes * 4)]] = std::int32_t;
  using longs [[gnu::vector_size(Lanes * 8)]] = std::int64_t;
};

/// The largest exponent field, at its place in the code.
template <class Format, std::size_t Lanes>
[[gnu::always_inline]] inline std::uint32_t largest_exponent(const state_tile& tile, std::size_t n) noexcept {
  using words = typename state_lanes<Lanes>::words;
  words most{};
  for (std::size_t i = 0; i < n; i += Lanes) {
    words a, b;
    std::memcpy(&a, &tile.claimed[i], sizeof a);
    std::memcpy(&b, &tile.reference[i], sizeof b);
    a &= Format::exponent, b &= Format::exponent;
    words greater = reinterpret_cast<words>(a > most);
    most = (a & greater) | (most & ~greater);
    greater = reinterpret_cast<words>(b > most);
    most = (b & greater) | (most & ~greater);
  }
  std::uint32_t largest = 0;
  for (std::size_t j = 0; j < Lanes; ++j) largest = most[j] > largest ? most[j] : largest;
  return largest;
}

/// All counts but the sums; distances go to tile.apart.
template <class Format, std::size_t Lanes>
[[gnu::always_inline]] inline void count_fields(state_tile& tile, std::size_t n, const state_limits& limits,
                                                state_counts& c) noexcept {
  using words = typename state_lanes<Lanes>::words;
  using ints = typename state_lanes<Lanes>::ints;
  ints same{}, flips{}, mismatches{}, large{}, small{};  // minus the counts: a true comparison is -1
  for (std::size_t i = 0; i < n; i += Lanes) {
    words a, b;
    std::memcpy(&a, &tile.claimed[i], sizeof a);
    std::memcpy(&b, &tile.reference[i], sizeof b);
    const words changed = a ^ b;
    const ints m_a = reinterpret_cast<ints>(a & Format::mantissa), m_b = reinterpret_cast<ints>(b & Format::mantissa);
    const ints step = m_a - m_b, down = step >> 31, deviation = (step ^ down) - down;
    const ints mismatch = (changed & Format::exponent) != 0, flipped = (changed & Format::sign) != 0;
    same += changed == 0;
    flips += flipped & (((a | b) & ~Format::sign) != 0);
    mismatches += mismatch;
    large += mismatch & (deviation > limits.large_above);
    small += ~mismatch & (deviation < limits.small_below);
    const words size_a = a & ~Format::sign, size_b = b & ~Format::sign;  // below 2^31
    const ints gap = reinterpret_cast<ints>(size_a) - reinterpret_cast<ints>(size_b);
    const words between = reinterpret_cast<words>((gap ^ (gap >> 31)) - (gap >> 31));
    const words flip_mask = reinterpret_cast<words>(flipped);
    const words apart = ((size_a + size_b) & flip_mask) | (between & ~flip_mask);
    std::memcpy(&tile.apart[i], &apart, sizeof apart);
  }
  const auto total = [](const ints& v) {
    std::uint64_t sum = 0;
    for (std::size_t j = 0; j < Lanes; ++j) sum += static_cast<std::uint64_t>(-v[j]);
    return sum;
  };
  c.finite += n, c.same_bits += total(same), c.sign_flips += total(flips), c.exponent_mismatches += total(mismatches);
  c.large_deviations += total(large), c.small_deviations += total(small);
}

/// The sums of a tile as vectors, in multiples of a unit that a kernel chose.
template <std::size_t Lanes>
struct state_sums {
  using longs = typename state_lanes<Lanes>::longs;
  longs above{}, below{}, magnitude{}, outside{};

  /// Adds a pair per lane, unless a number lies below the window: exponent fields less than `low`, where 0 counts as 1.
  template <class Format>
  [[gnu::always_inline]] void add(const longs& a, const longs& b, std::int64_t low) noexcept {
    constexpr auto sign = static_cast<std::int64_t>(Format::sign),
                   mantissa = static_cast<std::int64_t>(Format::mantissa);
    const longs size_a = a & (sign - 1), size_b = b & (sign - 1);
    const longs field_a = size_a >> Format::mantissa_bits, field_b = size_b >> Format::mantissa_bits;
    const longs subnormal_a = field_a == 0, subnormal_b = field_b == 0;  // true is -1
    const longs shift_a = field_a - subnormal_a - low, shift_b = field_b - subnormal_b - low;
    const longs out = ((shift_a < 0) & (size_a != 0)) | ((shift_b < 0) & (size_b != 0));
    // Zeros may be shifted by anything; what is out becomes zero.
    const longs x = (((size_a & mantissa) | (~subnormal_a & (mantissa + 1))) & ~out) << (shift_a & 63);
    const longs y = (((size_b & mantissa) | (~subnormal_b & (mantissa + 1))) & ~out) << (shift_b & 63);
    const longs minus_a = (a & sign) != 0, minus_b = (b & sign) != 0;
    const longs difference = ((x ^ minus_a) - minus_a) - ((y ^ minus_b) - minus_b);
    const longs negative = difference < 0;
    outside |= out;
    above += difference & ~negative;
    below -= difference & negative;
    magnitude += y;
  }
};

/// Sums in 64-bit lanes what lies within `window` octaves below the largest exponent, so that it fits; a pair with a
/// smaller number is left to sum_pair. A vector holds two codes per lane: order does not matter to a sum.
template <class Format, std::size_t Lanes>
[[gnu::always_inline]] inline void sum_states(const state_tile& tile, std::size_t n, std::uint32_t largest,
                                              state_counts& c) {
  using longs = typename state_lanes<Lanes>::longs;
  constexpr std::int64_t window = 62 - 8 - (Format::mantissa_bits + 1);  // 2^8 terms, and a bit for the difference
  const std::int64_t top = largest >> Format::mantissa_bits, low = top > window ? top - window : 1;
  state_sums<Lanes> sums;
  for (std::size_t i = 0; i < n; i += 2 * Lanes) {
    longs a, b;
    std::memcpy(&a, &tile.claimed[i], sizeof a);
    std::memcpy(&b, &tile.reference[i], sizeof b);
    sums.template add<Format>(a & 0xffffffff, b & 0xffffffff, low);
    sums.template add<Format>((a >> 32) & 0xffffffff, (b >> 32) & 0xffffffff, low);
  }
  std::int64_t above = 0, below = 0, magnitude = 0, outside = 0;
  for (std::size_t j = 0; j < Lanes; ++j) {
    above += sums.above[j], below += sums.below[j], magnitude += sums.magnitude[j], outside |= sums.outside[j];
  }
  const std::uint32_t place = Format::place(static_cast<std::uint32_t>(low));
  c.above.add(above, place), c.below.add(below, place), c.magnitude.add(magnitude, place);
  if (outside == 0) return;
  const auto falls_out = [low](std::uint32_t code) {
    const std::int64_t field = (code & Format::exponent) >> Format::mantissa_bits;
    return (code & ~Format::sign) != 0 && (field == 0 ? 1 : field) < low;
  };
  for (std::size_t i = 0; i < n; ++i)
    if (falls_out(tile.claimed[i]) || falls_out(tile.reference[i]))
      sum_pair<Format>(tile.claimed[i], tile.reference[i], c);
}

/// Counts the first `n` pairs of a tile; `Lanes` 64-bit numbers make a vector.
template <class Format, std::size_t Lanes>
[[gnu::always_inline]] inline void count_states_kernel(state_tile& tile, std::size_t n, const state_limits& limits,
                                                       state_counts& c) {
  constexpr std::size_t group = 2 * Lanes;
  for (std::size_t i = n; i % group != 0 && i < state_tile::size; ++i) tile.claimed[i] = tile.reference[i] = 0;
  const std::size_t padded = (n + group - 1) / group * group;
  std::uint32_t largest = largest_exponent<Format, group>(tile, padded);
  if (largest == Format::exponent) {
    n = drop_non_finite<Format>(tile, n, c);
    for (std::size_t i = n; i < padded; ++i) tile.claimed[i] = tile.reference[i] = 0;
    largest = largest_exponent<Format, group>(tile, padded);
  }
  const std::size_t whole = n / group * group;
  count_fields<Format, group>(tile, whole, limits, c);
  for (std::size_t i = 0; i < whole; i += 4) {
    for (std::size_t j = 0; j < 4; ++j) {  // bit_width, without the branch that a 0 would take
      const std::uint64_t odd = 2 * std::uint64_t{tile.apart[i + j]} + 1;
      ++tile.distances[j][static_cast<std::size_t>(63 - std::countl_zero(odd))];
    }
  }
  sum_states<Format, Lanes>(tile, whole, largest, c);
  if (whole < n) count_states_ref<Format>(tile, whole, n, limits, c);
}

template <class Format>
[[gnu::noinline]] inline void count_states_portable(state_tile& tile, std::size_t n, const state_limits& limits,
                                                    state_counts& c) {
  count_states_kernel<Format, 2>(tile, n, limits, c);
}

#if ASSAY_X86_64
template <class Format>
__attribute__((target("avx2"), noinline)) inline void count_states_avx2(state_tile& tile, std::size_t n,
                                                                        const state_limits& limits, state_counts& c) {
  count_states_kernel<Format, 4>(tile, n, limits, c);
}
#endif

/// The widest kernel this processor has. Without AVX-512BW/DQ, masks make a 512-bit kernel slower than this one.
template <class Format>
inline void count_states(state_tile& tile, std::size_t n, const state_limits& limits, state_counts& c) {
#if ASSAY_X86_64
  static const bool avx2 = __builtin_cpu_supports("avx2");
  if (avx2) return count_states_avx2<Format>(tile, n, limits, c);
#endif
  count_states_portable<Format>(tile, n, limits, c);
}

/// @pre type is bf16, f16 or f32
inline void count_states(dtype type, state_tile& tile, std::size_t n, const state_limits& limits, state_counts& c) {
  if (type == dtype::bf16) count_states<state_format<8, 7>>(tile, n, limits, c);
  else if (type == dtype::f16) count_states<state_format<5, 10>>(tile, n, limits, c);
  else count_states<state_format<8, 23>>(tile, n, limits, c);
}

}  // namespace assay::inline v0::detail

#endif
