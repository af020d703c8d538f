// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Optimal ate pairings: products of many pairings share one chain of squarings and one last exponentiation.
#ifndef ASSAY_MATH_PAIRING_HPP
#define ASSAY_MATH_PAIRING_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/math/detail/final_exponentiation.hpp>
#include <assay/math/detail/miller_lines.hpp>
#include <assay/math/tower.hpp>

namespace assay::inline v0 {

/// Where pairings take their values: the elements of order r of Fp12.
template <class C>
using target = fp12<C>;

/// A point of G2 with every line of its Miller loop (BN254 11 KiB, BLS12-381 13 KiB). Prepare fixed points once.
template <class C>
class prepared_g2 {
 public:
  /// Infinity.
  prepared_g2() = default;
  /// @pre q is in the group of prime order. Costs about a third of a pairing.
  explicit prepared_g2(const affine_point<typename C::g2>& q) : infinity_(q.is_infinity()) {
    if (!infinity_) lines_ = detail::miller_lines<C>(q);
  }
  [[nodiscard]] bool is_infinity() const noexcept { return infinity_; }
  [[nodiscard]] const detail::line_array<C>& lines() const noexcept { return lines_; }

 private:
  detail::line_array<C> lines_{};
  bool infinity_ = true;
};

/// One factor e(p, *q) of a product of pairings.
template <class C>
struct pairing_term {
  affine_point<typename C::g1> p;
  const prepared_g2<C>* q;
};

/// The product of the Miller loops of all terms; a pairing is its last exponentiation away. Terms with infinity give 1.
template <class C>
[[nodiscard]] target<C> miller_loop(std::span<const pairing_term<C>> terms) {
  std::vector<detail::miller_factor<C>> factors;
  factors.reserve(terms.size());
  for (const pairing_term<C>& t : terms)
    if (!t.p.is_infinity() && !t.q->is_infinity()) factors.push_back({t.p.x, t.p.y, t.q->lines().data()});
  if (factors.empty()) return target<C>::one();
  detail::scale_factors<C>(factors);

  target<C> f = target<C>::one();
  std::size_t line = 0;
  const auto multiply_lines = [&] {
    for (const auto& factor : factors) f = detail::times_line<C>(f, factor.lines[line], factor);
    ++line;
  };
  using loop = detail::miller_digits<C>;
  for (std::size_t i = loop::count - 1; i-- > 0;) {
    if (line != 0) f = f.squared();
    multiply_lines();
    if (loop::value[i] != 0) multiply_lines();
  }
  if constexpr (C::x_is_negative) f = f.conjugate();
  if constexpr (C::family == curve_family::bn) multiply_lines(), multiply_lines();
  return f;
}

/// The product of e(p, q) over all terms; 1 for none. Exact.
/// The value is the reduced pairing raised to a fixed k prime to r: k = 2x (6x^2 + 3x + 1) on BN254 and 3 on BLS12-381,
/// because these powers cost less. Other libraries make the same choice (the golden values are those of noble-curves).
template <class C>
[[nodiscard]] target<C> multi_pairing(std::span<const pairing_term<C>> terms) {
  return detail::final_exponentiation<C>(miller_loop(terms));
}

/// e(p, q). @pre both are in their groups of prime order
template <class C>
[[nodiscard]] target<C> pairing(const affine_point<typename C::g1>& p, const affine_point<typename C::g2>& q) {
  const prepared_g2<C> prepared{q};
  const pairing_term<C> term{p, &prepared};
  return multi_pairing<C>(std::span<const pairing_term<C>>{&term, 1});
}

/// True iff the product of e(p, q) over all terms is 1.
template <class C>
[[nodiscard]] bool pairing_product_is_one(std::span<const pairing_term<C>> terms) {
  return multi_pairing(terms).is_one();
}

}  // namespace assay::inline v0

#endif
