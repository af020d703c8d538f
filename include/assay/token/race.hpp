// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The Gumbel-max race: who has the largest l + T g, found without computing most of the g.
#ifndef ASSAY_TOKEN_RACE_HPP
#define ASSAY_TOKEN_RACE_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/random/noise.hpp>
#include <assay/token/noise_screen.hpp>
#include <assay/token/row_scan.hpp>

namespace assay::inline v0::detail {

/// l + T g in double, each operation rounded once.
[[nodiscard]] inline double perturbed(float logit, double temperature, double gumbel) noexcept {
  return fp::add(static_cast<double>(logit), fp::mul(temperature, gumbel));
}

/// A profile whose noise belongs to the column of the row that the engine draws from. If a filter is on, that is a
/// candidate's rank in the descending list, lower ids first; else its id. Asked at run time: a type may hold several.
template <class N>
concept ranked_noise_profile = noise_profile<N> && requires(const N& noise) {
  { noise.keyed_by_rank() } -> std::same_as<bool>;
};

/// Keeps the winner among the candidates entered so far (the lower id wins ties) and counts those that beat a rival.
/// A candidate is passed over when even a bound of its noise reaches neither the leader nor the rival: the outcome is
/// that of evaluating everybody. Determinism: exact.
template <noise_profile Noise>
class gumbel_race {
 public:
  gumbel_race(const Noise& noise, noise_key key, std::uint32_t step, float temperature) noexcept
      : noise_(noise), key_(key), step_(step), temperature_(static_cast<double>(temperature)) {}

  /// @param column the id, unless noise is keyed by rank
  [[nodiscard]] double value_of(float logit, std::uint32_t column) const noexcept {
    return perturbed(logit, temperature_, static_cast<double>(noise_.gumbel(key_, step_, token_id{column})));
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

  /// Enters candidates that ascend, each with the noise of its rank from the top.
  void enter_ranked(const std::uint32_t* ids, const float* logits, std::size_t n) noexcept {
    for (std::size_t i = n; i-- > 0;) {
      if (!can_matter(logits[i])) return;  // nor can a smaller one
      settle(value_of(logits[i], static_cast<std::uint32_t>(n - 1 - i)), ids[i]);
    }
  }

  /// Enters a whole row; -infinity does not take part. `maxima` holds the largest entry of each block.
  /// Blocks whose maximum cannot matter are passed over; in the others, ids whose noise could not make up for the
  /// distance of that maximum are, where the profile can tell without drawing in full.
  void enter_row(std::span<const float> row, const float* maxima) noexcept {
    std::uint32_t ids[scan_block];
    float logits[scan_block];
    std::uint64_t bits[scan_block];
    for (std::size_t at = 0; at < row.size(); at += scan_block) {
      if (!can_matter(maxima[at / scan_block])) continue;
      const std::size_t size = std::min(scan_block, row.size() - at);
      const double lowest = std::max(lowest_that_matters(), -static_cast<double>(largest_float));
      const std::size_t n = list_ids(static_cast<std::uint32_t>(at), size, maxima[at / scan_block], ids);
      std::size_t kept = 0;
      for (std::size_t i = 0; i < n; ++i) {
        logits[kept] = row[ids[i]];
        ids[kept] = ids[i];
        kept += static_cast<double>(logits[kept]) >= lowest;
      }
      enter(ids, logits, kept, bits);
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
  [[nodiscard]] double lowest_that_matters() const noexcept {
    return relevant() - temperature_ * Noise::gumbel_max - slack();
  }
  [[nodiscard]] bool can_matter(float logit) const noexcept {
    return static_cast<double>(logit) >= lowest_that_matters();
  }
  /// The ids of a block whose noise could matter, were their logits all as large as the largest.
  std::size_t list_ids(std::uint32_t first, std::size_t n, float top, std::uint32_t* ids) const noexcept {
    if constexpr (screened_noise_profile<Noise>) {
      const double gumbel = (relevant() - slack() - static_cast<double>(top)) / temperature_ - 1e-6;
      const word_range range = noise_.screened_range(gumbel);
      if (range.span < 0x80000000u) return list_in_range(noise_, key_, step_, first, n, range, ids);
    }
    for (std::size_t i = 0; i < n; ++i) ids[i] = static_cast<std::uint32_t>(first + i);
    return n;
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
