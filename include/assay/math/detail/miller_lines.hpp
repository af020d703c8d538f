// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The lines of the Miller loop: through the multiples of a point of G2, evaluated at points of G1.
#ifndef ASSAY_MATH_DETAIL_MILLER_LINES_HPP
#define ASSAY_MATH_DETAIL_MILLER_LINES_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/math/subgroup.hpp>
#include <assay/math/tower.hpp>

namespace assay::inline v0::detail {

/// The loop's length in digits -1, 0, 1, least significant first: 6x + 2 without neighbouring non-zeros on BN curves,
/// |x| in plain bits on BLS12 curves, whose x is sparse.
template <class C>
struct miller_digits {
  static constexpr bool bn = C::family == curve_family::bn;
  static constexpr std::size_t capacity = 68;
  static constexpr auto computed = [] {
    std::array<std::int8_t, capacity> digits{};
    uint128 n = bn ? uint128{6} * C::x + 2 : uint128{C::x};
    std::size_t length = 0;
    for (; n != 0; n >>= 1, ++length) {
      if (n % 2 == 0) continue;
      const bool minus = bn && n % 4 == 3;
      digits[length] = minus ? -1 : 1;
      if (minus) n += 1;
      else n -= 1;
    }
    return std::pair{digits, length};
  }();
  static constexpr std::array<std::int8_t, capacity> value = computed.first;
  static constexpr std::size_t count = computed.second;
  static_assert(value[count - 1] == 1);
  /// One line per doubling, one per addition, two more for the Frobenius images on BN curves.
  static constexpr std::size_t lines = [] {
    std::size_t n = count - 1 + (bn ? 2 : 0);
    for (std::size_t i = 0; i + 1 < count; ++i) n += value[i] != 0;
    return n;
  }();
};

/// The line through two points of the twist, divided by its value's y coefficient: slope and slope x - y of the line
/// (divided by xi where the twist is a multiplied one).
template <class C>
struct line {
  typename C::fp2 slope, offset;
};
template <class C>
using line_array = std::array<line<C>, miller_digits<C>::lines>;

/// A multiple of a point of G2 in homogeneous coordinates, which yields the numerators and the denominator of lines.
template <class C>
struct miller_point {
  using fp2 = typename C::fp2;
  fp2 x, y, z;

  /// Doubles; the tangent's slope is l.slope / denominator, its offset l.offset / denominator.
  /// (Costello, Lange and Naehrig, eprint 2009/615, section 5, scaled by 4.)
  void step_double(line<C>& l, fp2& denominator) noexcept {
    const fp2 yy = y.squared(), zz = z.squared(), xx = x.squared(), xy = x * y;
    const fp2 e = (zz + zz.doubled()) * C::g2::b(), f = e.doubled() + e;
    const fp2 h = (y + z).squared() - yy - zz, ee = e.squared(), g = yy + f;
    l = {xx.doubled() + xx, yy - e};
    denominator = h;
    const fp2 ee4 = ee.doubled().doubled();
    x = (xy * (yy - f)).doubled();
    y = g.squared() - (ee4.doubled() + ee4);
    z = (yy * h).doubled().doubled();
  }

  /// Adds q; likewise for the chord.
  void step_add(const affine_point<typename C::g2>& q, line<C>& l, fp2& denominator) noexcept {
    const fp2 theta = y - q.y * z, lambda = x - q.x * z;
    l = {theta, theta * q.x - lambda * q.y};
    denominator = lambda;
    const fp2 d = lambda.squared(), e = lambda * d, g = x * d, h = e + z * theta.squared() - g.doubled();
    x = lambda * h;
    y = theta * (g - h) - e * y;
    z *= e;
  }
};

/// All lines of q's Miller loop, with one inversion. @pre q is not infinity
template <class C>
[[nodiscard]] line_array<C> miller_lines(const affine_point<typename C::g2>& q) {
  using fp2 = typename C::fp2;
  using digits = miller_digits<C>;
  line_array<C> lines;
  std::array<fp2, digits::lines> denominators, scratch;
  miller_point<C> t{q.x, q.y, fp2::one()};
  std::size_t at = 0;
  const auto add = [&](const affine_point<typename C::g2>& p) { t.step_add(p, lines[at], denominators[at]), ++at; };
  for (std::size_t i = digits::count - 1; i-- > 0;) {
    t.step_double(lines[at], denominators[at]), ++at;
    if (digits::value[i] != 0) add(digits::value[i] > 0 ? q : -q);
  }
  if constexpr (digits::bn) {
    using psi = twisted_frobenius<typename C::g2>;
    const affine_point<typename C::g2> once = psi::apply(q);
    add(once);
    add(-psi::apply(once));
  }
  if constexpr (C::twist == twist_type::multiplied)
    for (fp2& d : denominators) d = C::times_xi(d);
  invert_all<fp2>(denominators, scratch);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lines[i].slope *= denominators[i];
    lines[i].offset *= denominators[i];
  }
  return lines;
}

/// A point of G1 with the lines of its partner. Once scaled, x holds -x/y and y holds 1/y.
template <class C>
struct miller_factor {
  typename C::fp x, y;
  const line<C>* lines;
};

template <class C>
void scale_factors(std::vector<miller_factor<C>>& factors) {
  using fp = typename C::fp;
  std::vector<fp> inverses(factors.size()), scratch(factors.size());
  for (std::size_t i = 0; i < factors.size(); ++i) inverses[i] = factors[i].y;
  invert_all<fp>(inverses, scratch);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    factors[i].x = -(factors[i].x * inverses[i]);
    factors[i].y = inverses[i];
  }
}

/// f times the line's value at a scaled point: 1 - (x/y) slope w + (offset/y) w^3, up to factors that the last
/// exponentiation removes; w^-1 and w^-3 for a multiplied twist.
template <class C>
[[nodiscard]] fp12<C> times_line(const fp12<C>& f, const line<C>& l, const miller_factor<C>& at) noexcept {
  const auto a = l.slope * at.x, b = l.offset * at.y;
  if constexpr (C::twist == twist_type::divided) return f.times_line_divided(a, b);
  else return f.times_line_multiplied(a, b);
}

}  // namespace assay::inline v0::detail

#endif
