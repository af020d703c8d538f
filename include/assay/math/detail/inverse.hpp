// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inverses modulo an odd prime by division steps, 62 of them at a time: some six times as fast as a power by p - 2.
#ifndef ASSAY_MATH_DETAIL_INVERSE_HPP
#define ASSAY_MATH_DETAIL_INVERSE_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include <assay/math/limbs.hpp>

namespace assay::inline v0::detail {

/// A signed integer in `L` limbs of 62 bits, least significant first; the last one holds the sign.
template <std::size_t L>
using limbs62 = std::array<std::int64_t, L>;

/// How many limbs of 62 bits hold 64 N bits and a sign.
template <std::size_t N>
inline constexpr std::size_t count62 = (64 * N + 1 + 61) / 62;

inline constexpr std::uint64_t mask62 = ~std::uint64_t{0} >> 2;

template <std::size_t N>
[[nodiscard]] constexpr limbs62<count62<N>> to_limbs62(const limbs<N>& a) noexcept {
  limbs62<count62<N>> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t word = 62 * i / 64, shift = 62 * i % 64;
    std::uint64_t v = a[word] >> shift;
    if (shift > 2 && word + 1 < N) v |= a[word + 1] << (64 - shift);
    out[i] = static_cast<std::int64_t>(v & mask62);
  }
  return out;
}

/// @pre 0 <= a < 2^(64 N), every limb in [0, 2^62)
template <std::size_t N>
[[nodiscard]] constexpr limbs<N> from_limbs62(const limbs62<count62<N>>& a) noexcept {
  limbs<N> out{};
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::size_t word = 62 * i / 64, shift = 62 * i % 64;
    const auto v = static_cast<std::uint64_t>(a[i]);
    out[word] |= v << shift;
    if (shift > 2 && word + 1 < N) out[word + 1] |= v >> (64 - shift);
  }
  return out;
}

/// What inversions modulo one prime share.
template <std::size_t N>
struct inversion_constants {
  limbs62<count62<N>> modulus;
  limbs62<count62<N>> factor;  ///< the results are `factor` times the inverse
  std::uint64_t inverse;       ///< modulus^-1 mod 2^62

  constexpr inversion_constants(const limbs<N>& prime, const limbs<N>& times) noexcept
      : modulus(to_limbs62(prime)), factor(to_limbs62(times)), inverse(1) {
    for (int i = 0; i < 6; ++i) inverse *= 2 - prime[0] * inverse;
    inverse &= mask62;
  }
};

/// Some division steps as a matrix: (f, g) becomes (u f + v g, q f + r g) / 2^62. |u| + |v| and |q| + |r| are at most
/// 2^62.
struct division_steps {
  std::int64_t u, v, q, r;
};

/// 62 division steps from the low words of f and g. `eta` is minus Bernstein and Yang's delta. Where several steps only
/// halve g or add f to it, they are taken at once: g + w f with w = -g / f modulo a power of two ends in as many zeros.
[[nodiscard]] inline division_steps divide_62_vartime(std::int64_t& eta, std::uint64_t f, std::uint64_t g) noexcept {
  std::uint64_t u = 1, v = 0, q = 0, r = 1;
  for (unsigned left = 62;;) {
    const auto zeros = static_cast<unsigned>(__builtin_ctzll(g | (~std::uint64_t{0} << left)));
    g >>= zeros;
    u <<= zeros;
    v <<= zeros;
    eta -= zeros;
    left -= zeros;
    if (left == 0) break;
    const bool swap = eta < 0;
    if (swap) {
      eta = -eta;
      std::uint64_t old = f;
      f = g, g = ~old + 1;
      old = u, u = q, q = ~old + 1;
      old = v, v = r, r = ~old + 1;
    }
    const unsigned ahead = eta + 1 > std::int64_t{left} ? left : static_cast<unsigned>(eta + 1);
    std::uint64_t w;
    if (swap) {  // f (f^2 - 2) = -1 / f mod 2^6
      w = f * g * (f * f - 2) & (~std::uint64_t{0} >> (64 - ahead)) & 63;
    } else {  // f + 2 ((f + 1) & 4) = 1 / f mod 2^4
      w = (~(f + (((f + 1) & 4) << 1)) + 1) * g & (~std::uint64_t{0} >> (64 - ahead)) & 15;
    }
    g += f * w;
    q += u * w;
    r += v * w;
  }
  return {static_cast<std::int64_t>(u), static_cast<std::int64_t>(v), static_cast<std::int64_t>(q),
          static_cast<std::int64_t>(r)};
}

/// (f, g) after the steps, in their lowest `used` limbs; the divisions by 2^62 are exact.
template <std::size_t L>
inline void apply_to_pair(limbs62<L>& f, limbs62<L>& g, const division_steps& t, std::size_t used) noexcept {
  int128 cf = (int128{t.u} * f[0] + int128{t.v} * g[0]) >> 62;
  int128 cg = (int128{t.q} * f[0] + int128{t.r} * g[0]) >> 62;
  for (std::size_t i = 1; i < used; ++i) {
    const std::int64_t fi = f[i], gi = g[i];
    cf += int128{t.u} * fi + int128{t.v} * gi;
    cg += int128{t.q} * fi + int128{t.r} * gi;
    f[i - 1] = static_cast<std::int64_t>(static_cast<std::uint64_t>(cf) & mask62);
    g[i - 1] = static_cast<std::int64_t>(static_cast<std::uint64_t>(cg) & mask62);
    cf >>= 62, cg >>= 62;
  }
  f[used - 1] = static_cast<std::int64_t>(cf);
  g[used - 1] = static_cast<std::int64_t>(cg);
}

/// (d, e) after the steps, modulo p: multiples of p make the divisions by 2^62 exact. Keeps both in (-2p, p).
template <std::size_t N, std::size_t L = count62<N>>
inline void apply_modulo(limbs62<L>& d, limbs62<L>& e, const division_steps& t,
                         const inversion_constants<N>& field) noexcept {
  const std::int64_t d_negative = d[L - 1] >> 63, e_negative = e[L - 1] >> 63;
  std::int64_t md = (t.u & d_negative) + (t.v & e_negative), me = (t.q & d_negative) + (t.r & e_negative);
  int128 cd = int128{t.u} * d[0] + int128{t.v} * e[0];
  int128 ce = int128{t.q} * d[0] + int128{t.r} * e[0];
  md -= static_cast<std::int64_t>((field.inverse * static_cast<std::uint64_t>(cd) + static_cast<std::uint64_t>(md)) &
                                  mask62);
  me -= static_cast<std::int64_t>((field.inverse * static_cast<std::uint64_t>(ce) + static_cast<std::uint64_t>(me)) &
                                  mask62);
  cd = (cd + int128{field.modulus[0]} * md) >> 62;
  ce = (ce + int128{field.modulus[0]} * me) >> 62;
  for (std::size_t i = 1; i < L; ++i) {
    const std::int64_t di = d[i], ei = e[i];
    cd += int128{t.u} * di + int128{t.v} * ei + int128{field.modulus[i]} * md;
    ce += int128{t.q} * di + int128{t.r} * ei + int128{field.modulus[i]} * me;
    d[i - 1] = static_cast<std::int64_t>(static_cast<std::uint64_t>(cd) & mask62);
    e[i - 1] = static_cast<std::int64_t>(static_cast<std::uint64_t>(ce) & mask62);
    cd >>= 62, ce >>= 62;
  }
  d[L - 1] = static_cast<std::int64_t>(cd);
  e[L - 1] = static_cast<std::int64_t>(ce);
}

/// d or -d, brought into [0, p). @pre d in (-2p, p)
template <std::size_t N, std::size_t L = count62<N>>
[[nodiscard]] inline limbs<N> normalised(limbs62<L> d, bool negate, const inversion_constants<N>& field) noexcept {
  const auto carry_up = [&d] {
    for (std::size_t i = 0; i + 1 < L; ++i) {
      d[i + 1] += d[i] >> 62;
      d[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(d[i]) & mask62);
    }
  };
  const auto add_modulus_if_negative = [&] {
    if (d[L - 1] < 0)
      for (std::size_t i = 0; i < L; ++i) d[i] += field.modulus[i];
  };
  add_modulus_if_negative();  // now in (-p, p)
  if (negate)
    for (std::int64_t& limb : d) limb = -limb;
  carry_up();
  add_modulus_if_negative();
  carry_up();
  return from_limbs62<N>(d);
}

/// factor / x mod p, zero for zero. Time depends on x. @pre x < p, p an odd prime below 2^(64 N - 1)
/// Bernstein and Yang, "Fast constant-time gcd computation and modular inversion", TCHES 2019 (3); run until g = 0, in
/// batches of steps as in libsecp256k1.
template <std::size_t N>
[[nodiscard]] inline limbs<N> divide_vartime(const limbs<N>& x, const inversion_constants<N>& field) noexcept {
  constexpr std::size_t length = count62<N>;
  limbs62<length> d{}, e = field.factor, f = field.modulus, g = to_limbs62(x);
  std::int64_t eta = -1;
  for (std::size_t used = length;;) {
    const division_steps t = divide_62_vartime(eta, static_cast<std::uint64_t>(f[0]), static_cast<std::uint64_t>(g[0]));
    apply_modulo(d, e, t, field);
    apply_to_pair(f, g, t, used);
    std::int64_t any = 0;
    for (std::size_t i = 0; i < used; ++i) any |= g[i];
    if (any == 0) return normalised(d, f[used - 1] < 0, field);
    const std::int64_t f_top = f[used - 1], g_top = g[used - 1];
    if (used > 1 && f_top == f_top >> 63 && g_top == g_top >> 63) {  // the top limbs are signs only: move them down
      --used;
      f[used - 1] |= static_cast<std::int64_t>(static_cast<std::uint64_t>(f_top) << 62);
      g[used - 1] |= static_cast<std::int64_t>(static_cast<std::uint64_t>(g_top) << 62);
    }
  }
}

}  // namespace assay::inline v0::detail

#endif
