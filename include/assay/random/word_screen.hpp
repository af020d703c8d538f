// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which raw words can lead to a large Gumbel value: what lets a race pass over ids without taking logarithms.
#ifndef ASSAY_RANDOM_WORD_SCREEN_HPP
#define ASSAY_RANDOM_WORD_SCREEN_HPP

#include <cstdint>

#include <assay/random/elementary.hpp>
#include <assay/random/philox.hpp>

namespace assay::inline v0 {

/// The words from `from` on, `span` more of them, wrapping around.
struct word_range {
  std::uint32_t from = 0, span = 0xffffffffu;

  [[nodiscard]] constexpr bool holds(std::uint32_t word) const noexcept { return word - from <= span; }
};

/// One word of a Philox block whose counter has the token id at place `IdAt`. A profile with
/// `screened_word(key, step)` and `screened_range(gumbel)` says: ids whose Gumbel value is at least `gumbel` have this
/// word in that range. @tparam IdAt 0 or 2 @tparam Word 0 or 1
template <unsigned IdAt, unsigned Word>
struct philox_word {
  static_assert((IdAt == 0 || IdAt == 2) && Word < 2);
  philox_counter counter;
  philox_key key;
};

/// An upper bound of e^-gumbel, which -ln u cannot exceed if -ln(-ln u) is to reach `gumbel`.
[[nodiscard]] inline double exponential_reaching(double gumbel) noexcept {
  return fp::exp(gumbel < 40 ? (gumbel > -40 ? -gumbel : 40.0) : -40.0) * (1 + 1e-6);
}

/// The range of a word that is u 2^32 but for `slack`: -ln u <= r means u >= 1 - r.
[[nodiscard]] inline word_range words_from_one(double gumbel, double slack) noexcept {
  const double least = (1 - exponential_reaching(gumbel)) * 0x1p32 - slack;
  if (!(least > 0)) return {};
  const auto from = static_cast<std::uint32_t>(least);
  return {from, 0xffffffffu - from};
}

}  // namespace assay::inline v0

#endif
