// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sampler's noise as a pure function of (key, step, token): one entry costs one Philox block, none needs the others.
#ifndef ASSAY_RANDOM_NOISE_HPP
#define ASSAY_RANDOM_NOISE_HPP

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <assay/core/endian.hpp>
#include <assay/core/ids.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/random/elementary.hpp>
#include <assay/random/philox.hpp>
#include <assay/random/seed.hpp>
#include <assay/random/word_screen.hpp>

namespace assay::inline v0 {

/// Names one noise table: a value per (step, token). One per request, derived from the client's nonce.
struct noise_key {
  std::uint32_t k0 = 0, k1 = 0;
  friend constexpr bool operator==(const noise_key&, const noise_key&) noexcept = default;
};

/// The noise key of a seed.
[[nodiscard]] inline noise_key derive_noise_key(const seed& parent) {
  const digest derived = transcript{domains::noise}.bytes("seed", parent.bytes).finish();
  return {load_le<std::uint32_t>(derived.bytes.data()), load_le<std::uint32_t>(derived.bytes.data() + 4)};
}

/// No Gumbel value of `philox_noise` exceeds this: 53 ln 2, rounded up.
inline constexpr double gumbel_noise_max = 36.7368005696772;
/// Nor lies below this: -ln(53 ln 2), rounded down.
inline constexpr double gumbel_noise_min = -3.6037792;

/// assay's own noise profile: counter (token, step, "NOIS", 0) under Philox4x32-10, words 1:0 as one integer, its top 52
/// bits b give u = (b + 1/2) 2^-52, exactly representable and never 0 or 1; E = -ln u; g = -ln E.
/// 52 bits, not 53: half a step added to 53 bits would round up to u = 1.
struct philox_noise {
  static constexpr double gumbel_max = gumbel_noise_max;
  static constexpr std::uint32_t purpose = 0x4e4f4953u;

  /// The 52 bits of every id. @pre both arrays hold n entries
  static void draw(noise_key key, std::uint32_t step, const std::uint32_t* ids, std::size_t n,
                   std::uint64_t* bits) noexcept {
    detail::philox_pairs(ids, n, {0, step, purpose, 0}, {key.k0, key.k1}, bits);
    for (std::size_t i = 0; i < n; ++i) bits[i] >>= 12;
  }

  [[nodiscard]] static std::uint64_t draw(noise_key key, std::uint32_t step, token_id id) noexcept {
    const philox_counter w = philox4x32({id.value, step, purpose, 0}, {key.k0, key.k1});
    return (std::uint64_t{w[1]} << 32 | w[0]) >> 12;
  }

  [[nodiscard]] static double exponential_of(std::uint64_t bits) noexcept {
    return -fp::log((static_cast<double>(bits) + 0.5) * 0x1p-52);  // both operations are exact
  }

  [[nodiscard]] static double gumbel_of(std::uint64_t bits) noexcept { return -fp::log(exponential_of(bits)); }

  /// An upper bound of `gumbel_of(bits)` at the price of a few integer operations, so that most ids need no logarithm:
  /// E >= 1 - u, and log2 of a float is at least its bit pattern read as fixed point.
  [[nodiscard]] static double bound_of(std::uint64_t bits) noexcept {
    const auto rest = static_cast<float>((~bits & 0xfffffffffffffu) * 2 + 1);  // (1 - u) 2^53, relative error 2^-24
    const auto pattern = static_cast<double>(std::bit_cast<std::uint32_t>(rest));
    return (127.0 + 53.0 - pattern * 0x1p-23) * 0.6931471805599453 + 1e-6;
  }

  [[nodiscard]] double gumbel(noise_key key, std::uint32_t step, token_id id) const noexcept {
    return gumbel_of(draw(key, step, id));
  }

  /// The upper of the two words; `philox_word` says what for.
  [[nodiscard]] static philox_word<0, 1> screened_word(noise_key key, std::uint32_t step) noexcept {
    return {{0, step, purpose, 0}, {key.k0, key.k1}};
  }
  [[nodiscard]] static word_range screened_range(double gumbel) noexcept { return words_from_one(gumbel, 2); }
};

/// What a sampler profile must supply: the Gumbel value of any (key, step, token), and a bound that none exceeds.
template <class N>
concept noise_profile = requires(const N& noise, noise_key key, std::uint32_t step, token_id id) {
  { noise.gumbel(key, step, id) } -> std::convertible_to<double>;
  { N::gumbel_max } -> std::convertible_to<double>;
};

/// A profile whose raw draws can be had in bulk and bounded cheaply, so that few of them pay for logarithms.
template <class N>
concept bounded_noise_profile =
    noise_profile<N> && requires(const N& noise, noise_key key, std::uint32_t step, const std::uint32_t* ids,
                                 std::size_t n, std::uint64_t* bits) {
      noise.draw(key, step, ids, n, bits);
      { noise.gumbel_of(*bits) } -> std::convertible_to<double>;
      { noise.bound_of(*bits) } -> std::convertible_to<double>;
    };

/// The Exp(1) draw of a token. Determinism: exact across compilers and machines.
[[nodiscard]] inline double exponential_noise(noise_key key, std::uint32_t step, token_id id) noexcept {
  return philox_noise::exponential_of(philox_noise::draw(key, step, id));
}

/// The Gumbel(0, 1) draw of a token, -ln of its exponential draw. Determinism: exact across compilers and machines.
[[nodiscard]] inline double gumbel_noise(noise_key key, std::uint32_t step, token_id id) noexcept {
  return philox_noise::gumbel_of(philox_noise::draw(key, step, id));
}

}  // namespace assay::inline v0

#endif
