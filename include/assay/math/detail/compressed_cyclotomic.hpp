// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elements of the cyclotomic subgroup by four of their six coefficients: squaring them costs a third less.
#ifndef ASSAY_MATH_DETAIL_COMPRESSED_CYCLOTOMIC_HPP
#define ASSAY_MATH_DETAIL_COMPRESSED_CYCLOTOMIC_HPP

#include <array>
#include <cstddef>

#include <assay/math/tower.hpp>

namespace assay::inline v0::detail {

/// The coefficients of w, w^4, w^2 and w^5 of an element of the cyclotomic subgroup (Karabina, eprint 2010/542).
template <class C>
struct compressed_cyclotomic {
  using base = typename C::fp2;
  base g2, g3, g4, g5;

  constexpr compressed_cyclotomic() noexcept = default;
  constexpr explicit compressed_cyclotomic(const fp12<C>& f) noexcept
      : g2(f.c1.c0), g3(f.c0.c2), g4(f.c0.c1), g5(f.c1.c2) {}

  [[nodiscard]] constexpr compressed_cyclotomic squared() const noexcept {
    const auto [t2, t3] = fp12<C>::fp4_squared(g2, g3);
    const auto [t4, t5] = fp12<C>::fp4_squared(g4, g5);
    compressed_cyclotomic r;
    r.g2 = fp12<C>::thrice_and_twice(C::times_xi(t5), g2);
    r.g3 = fp12<C>::thrice_less_twice(t4, g3);
    r.g4 = fp12<C>::thrice_less_twice(t2, g4);
    r.g5 = fp12<C>::thrice_and_twice(t3, g5);
    return r;
  }

  /// Whole elements of all with one inversion. Returns false, having done nothing, where a g2 is zero (as for one).
  template <std::size_t N>
  [[nodiscard]] static bool decompress(const std::array<compressed_cyclotomic, N>& in,
                                       std::array<fp12<C>, N>& out) noexcept {
    std::array<base, N> inverses, scratch;
    for (std::size_t i = 0; i < N; ++i) {
      if (in[i].g2.is_zero()) return false;
      inverses[i] = in[i].g2.doubled().doubled();
    }
    invert_all<base>(inverses, scratch);
    for (std::size_t i = 0; i < N; ++i) {
      const compressed_cyclotomic& c = in[i];
      const base g44 = c.g4.squared(), g34 = c.g3 * c.g4;
      const base g1 = (C::times_xi(c.g5.squared()) + g44.doubled() + g44 - c.g3.doubled()) * inverses[i];
      const base g0 = C::times_xi(g1.squared().doubled() + c.g2 * c.g5 - g34.doubled() - g34) + base::one();
      out[i] = {{g0, c.g4, c.g3}, {c.g2, g1, c.g5}};
    }
    return true;
  }
};

}  // namespace assay::inline v0::detail

#endif
