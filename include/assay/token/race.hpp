// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The Gumbel-max race: who has the largest l + T g, found without computing most of the g.
#ifndef ASSAY_TOKEN_RACE_HPP
#define ASSAY_TOKEN_RACE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/random/noise.hpp>
#include <assay/token/row_scan.hpp>

namespace assay::inline v0::detail {

/// l + T g in double, each operation rounded once.
[[nodiscard]] inline double perturbed(float logit, double temperature, double gumbel) noexcept {
  return fp::add(static_cast<double>(logit), fp::mul(temperature, gumbel));
}

/// Keeps the winner among the candidates entered so far (the lower id wins ties) and counts those that beat a rival.
/// A candidate is passed over when even a bound of its noise reaches neither the leader nor the rival: the outcome is that
/// of evaluating everybody. Determinism: exact.
template <noise_profile Noise>
class gumbel_race {
 public:
  gumbel_race(const Noise& noise, noise_key key, std::uint32_t step, float temperature) noexcept
      : noise_(noise), key_(key), step_(step), temperature_(static_cast<double>(temperature)) {}

  [[nodiscard]] double value_of(float logit, std::uint32_t id) const noexcept {
    return perturbed(logit, temperature_, static_cast<double>(noise_.gumbel(key_, step_, token_id{id})));
  }

  void set_rival(double value) noexcept { rival_ = value; }

  /// Gives the race a leader to measure others by. The candidate must still be entered with the rest.
  void lead(std::uint32_t id, float logit) noexcept {
    best_ = value_of(logit, id);
    winner_ = id;
  }

  void enter(std::uint32_t id, float logit) noexcept { settle(value_of(logit, id), id); }

  /// Enters candidates without infinities; `bits` has room for all of them.
  void enter(const std::uint32_t* ids, const float* logits, std::size_t n, std::uint64_t* bits) noexcept {
    if constexpr (bounded_noise_profile<Noise>) {
      noise_.draw(key_, step_, ids, n, bits);
      for (std::size_t i = 0; i < n; ++i) {
        const double logit = static_cast<double>(logits[i]);
        if (logit + temperature_ * noise_.bound_of(bits[i]) < relevant()) continue;
        settle(perturbed(logits[i], temperature_, noise_.gumbel_of(bits[i])), ids[i]);
      }
    } else {
      for (std::size_t i = 0; i < n; ++i)
        if (can_matter(logits[i])) enter(ids[i], logits[i]);
    }
  }

  /// Enters a whole row; -infinity does not take part.
  void enter_row(std::span<const float> row) noexcept {
    constexpr std::size_t stretch = 256;
    std::uint32_t ids[stretch];
    float logits[stretch];
    std::uint64_t bits[stretch];
    for (std::size_t at = 0; at < row.size(); at += stretch) {
      const std::size_t end = std::min(row.size(), at + stretch);
      const double lowest =
          std::max(relevant() - temperature_ * Noise::gumbel_max - slack(), -static_cast<double>(largest_float));
      std::size_t n = 0;
      for (std::size_t i = at; i < end; ++i) {
        ids[n] = static_cast<std::uint32_t>(i);
        logits[n] = row[i];
        n += static_cast<double>(row[i]) >= lowest;
      }
      enter(ids, logits, n, bits);
    }
  }

  [[nodiscard]] double best() const noexcept { return best_; }
  [[nodiscard]] token_id winner() const noexcept { return token_id{winner_}; }
  [[nodiscard]] std::uint32_t beat_rival() const noexcept { return beat_rival_; }

 private:
  void settle(double value, std::uint32_t id) noexcept {
    beat_rival_ += value > rival_;
    if (value > best_ || (value == best_ && id < winner_)) {
      best_ = value;
      winner_ = id;
    }
  }
  /// Values below this change nothing.
  [[nodiscard]] double relevant() const noexcept { return std::min(best_, rival_); }
  /// Covers the rounding of a threshold computed by subtraction.
  [[nodiscard]] double slack() const noexcept {
    return 1e-9 * (temperature_ + (relevant() < 0 ? -relevant() : relevant()));
  }
  [[nodiscard]] bool can_matter(float logit) const noexcept {
    return static_cast<double>(logit) >= relevant() - temperature_ * Noise::gumbel_max - slack();
  }

  const Noise& noise_;
  noise_key key_;
  std::uint32_t step_;
  double temperature_;
  double best_ = -std::numeric_limits<double>::infinity();
  double rival_ = std::numeric_limits<double>::infinity();
  std::uint32_t winner_ = 0xffffffffu;
  std::uint32_t beat_rival_ = 0;
};

}  // namespace assay::inline v0::detail

#endif
