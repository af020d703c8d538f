// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The counter-based noise of newer vLLM samplers: the Triton kernel of its second model runner, and its fused CPU kernel.
#ifndef ASSAY_RANDOM_VLLM_NOISE_HPP
#define ASSAY_RANDOM_VLLM_NOISE_HPP

#include <array>
#include <cstdint>

#include <assay/core/ids.hpp>
#include <assay/random/elementary.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/philox.hpp>
#include <assay/random/word_screen.hpp>

namespace assay::inline v0 {

/// The four words of Philox4x64-10. Determinism: exact. Source: as `philox4x32`.
[[nodiscard]] constexpr std::array<std::uint64_t, 4> philox4x64(std::array<std::uint64_t, 4> counter,
                                                                std::array<std::uint64_t, 2> key) noexcept {
  __extension__ using wide = unsigned __int128;
  for (int round = 0; round < 10; ++round) {
    const wide a = wide{0xD2E7470EE14C6C93u} * counter[0], b = wide{0xCA5A826395121157u} * counter[2];
    counter = {static_cast<std::uint64_t>(b >> 64) ^ counter[1] ^ key[0], static_cast<std::uint64_t>(b),
               static_cast<std::uint64_t>(a >> 64) ^ counter[3] ^ key[1], static_cast<std::uint64_t>(a)};
    key[0] += 0x9E3779B97F4A7C15u;
    key[1] += 0xBB67AE8584CAA73Bu;
  }
  return counter;
}

/// vLLM's Gumbel kernel in Triton ("model runner V2"): a Philox4x64 word per position seeds a Philox4x32 word per token.
/// Key: the request's 64-bit seed. Step: the token's absolute position in the sequence, as the kernel is called.
/// The kernel computes g = -ln(-log1p(-u)) in float32; earlier revisions -ln(-ln u): `complement` says which. Logarithms
/// here are double, so g agrees to about 1e-6 where g < 10. Read from source and not checked on a GPU.
struct vllm_triton_noise {
  static constexpr double gumbel_max = 21.48757;  // u <= 1 - 2^-31, or u >= 2^-31: -ln(2^-31), rounded up

  bool complement = true;

  [[nodiscard]] static float uniform(noise_key key, std::uint32_t step, token_id id) noexcept {
    const philox_word<0, 0> block = screened_word(key, step);
    const philox_counter w = philox4x32({id.value, 0, 0, 0}, block.key);
    auto x = static_cast<std::int32_t>(w[0]);
    if (x < 0) x = -x - 1;
    constexpr float scale = 4.6566127342e-10f;
    const float u = static_cast<float>(x) * scale;
    return u > scale ? u : scale;
  }
  [[nodiscard]] double gumbel(noise_key key, std::uint32_t step, token_id id) const noexcept {
    const auto u = static_cast<double>(uniform(key, step, id));
    const double rest = 1.0 - u;
    const double e = complement ? (rest > 0 ? -fp::log(rest) : 53 * 0.6931471805599453) : -fp::log(u);
    return e > 0 ? -fp::log(e) : gumbel_max;
  }

  /// `philox_word` says what for.
  [[nodiscard]] static philox_word<0, 0> screened_word(noise_key key, std::uint32_t step) noexcept {
    const std::uint64_t seed = std::uint64_t{key.k1} << 32 | key.k0;
    const std::uint64_t inner = philox4x64({step, 0, 0, 0}, {seed, 0})[0];
    return {{0, 0, 0, 0}, {static_cast<std::uint32_t>(inner), static_cast<std::uint32_t>(inner >> 32)}};
  }
  /// Folded at 2^31, words near either end give small x: with log1p they are the large values, with ln u the others.
  [[nodiscard]] word_range screened_range(double gumbel) const noexcept {
    constexpr double slack = 1024;  // x is rounded to float32, and so is u
    const double r = exponential_reaching(gumbel);
    if (complement) {
      const double most = r * 0x1p31 + slack;  // -ln(1 - u) >= u
      if (!(most < 0x1p31)) return {};
      const auto x = static_cast<std::uint32_t>(most);
      return {~x, 2 * x + 1};
    }
    const double least = (1 - r) * 0x1p31 - slack;
    if (!(least > 0)) return {};
    const auto x = static_cast<std::uint32_t>(least);
    return {x, 0xffffffffu - 2 * x};
  }
};

/// vLLM's fused Gumbel-argmax kernel on the CPU: SplitMix64 over token ids, keyed by one number per row.
/// Key: the row's seed, which the sampler draws from the request's generator (randint(0, 2^31)) at every step; so the caller
/// supplies the key of each step, and `step` is not used.
struct vllm_cpu_noise {
  static constexpr double gumbel_max = gumbel_noise_max + 0.7;  // u <= 1 - 2^-54

  [[nodiscard]] static constexpr std::uint64_t mix(std::uint64_t z) noexcept {
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  [[nodiscard]] static constexpr std::uint64_t bits(noise_key key, token_id id) noexcept {
    return whole(key, id) >> 11;
  }
  [[nodiscard]] double gumbel(noise_key key, std::uint32_t, token_id id) const noexcept {
    const double u = (static_cast<double>(bits(key, id)) + 0.5) * 0x1p-53;
    return u < 1 ? -fp::log(-fp::log(u)) : gumbel_max;
  }

  /// The upper half of the hash: an id whose Gumbel value is at least `gumbel` has it in `screened_range`.
  [[nodiscard]] static constexpr std::uint32_t raw_word(noise_key key, std::uint32_t, token_id id) noexcept {
    return static_cast<std::uint32_t>(whole(key, id) >> 32);
  }
  [[nodiscard]] static word_range screened_range(double gumbel) noexcept { return words_from_one(gumbel, 2); }

 private:
  [[nodiscard]] static constexpr std::uint64_t whole(noise_key key, token_id id) noexcept {
    const std::uint64_t seed = std::uint64_t{key.k1} << 32 | key.k0;
    return mix(mix(seed) + (std::uint64_t{id.value} + 1) * 0x9E3779B97F4A7C15u);
  }
};

}  // namespace assay::inline v0

#endif
