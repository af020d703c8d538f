// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Layers to check drawn at random, mostly the most significant ones, but each with a known least probability: scores
// are public, so whoever checks only the best selection tells a cheat which layers are safe.
#ifndef ASSAY_LAYERS_RANDOM_POLICY_HPP
#define ASSAY_LAYERS_RANDOM_POLICY_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/endian.hpp>
#include <assay/layers/selection.hpp>
#include <assay/random/seed.hpp>
#include <assay/random/stream.hpp>

namespace assay::inline v0 {

/// Selections among which a uniform draw covers every layer equally often: `covered` times in selections.size().
struct layer_cover {
  std::vector<layer_selection> selections;
  std::uint64_t covered = 0;

  /// Of a layer to be checked in one draw; the same for all.
  [[nodiscard]] double probability() const noexcept {
    return static_cast<double>(covered) / static_cast<double>(selections.size());
  }
};

namespace detail {

/// One pass of the verifiers along the circle of layers, each taking as many from `at` on as its budget allows, up to
/// the last layer or to where the pass began. Moves `at` to the first layer not taken.
[[nodiscard]] inline layer_selection take_in_turn(std::span<const layer_item> layers,
                                                  std::span<const std::uint64_t> budgets, std::uint32_t& at) {
  const auto count = static_cast<std::uint32_t>(layers.size()), start = at;
  layer_selection out{std::vector<layer_range>(budgets.size()), 0};
  std::uint32_t taken = 0;
  for (std::size_t k = 0; k < budgets.size() && taken < count; ++k) {
    const std::uint32_t stop = at < start || (at == start && taken > 0) ? start : count;
    std::uint32_t end = at;
    for (std::uint64_t left = budgets[k]; end < stop && layers[end].cost <= left; ++end)
      left -= layers[end].cost, out.value += layers[end].value;
    out.ranges[k] = end == at ? layer_range{} : layer_range{at, end};
    taken += end - at;
    at = end == count ? 0 : end;
  }
  return out;
}

}  // namespace detail

/// A cover of all layers: passes go on along the circle of layers until one begins where an earlier one did; between
/// the two every layer was taken equally often. For equal budgets no distribution over selections gives the least
/// likely layer a larger probability; for different ones this is a heuristic.
/// @errors empty (no layers), too_large, overflow (as select_layers_in_order), out_of_range (a layer costs more than
///         any budget; where: the layer)
/// Determinism: exact. Complexity: O(L (L + M)): at most one pass per layer.
[[nodiscard]] inline result<layer_cover> uniform_cover(std::span<const layer_item> layers,
                                                       std::span<const std::uint64_t> budgets) {
  if (const auto sums = detail::layer_sums::of(layers); !sums) return sums.error();
  if (budgets.size() >= max_selection_table / (layers.size() + 1))
    return fail(errc::too_large, "layer cover: too many verifiers", budgets.size());
  const std::uint64_t largest = budgets.empty() ? 0 : *std::max_element(budgets.begin(), budgets.end());
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (layers[i].cost > largest || budgets.empty())
      return fail(errc::out_of_range, "layer cover: a layer costs more than any budget", i);
  constexpr std::size_t never = ~std::size_t{0};
  std::vector<std::size_t> began(layers.size(), never);
  layer_cover cover;
  std::uint32_t at = 0;
  while (began[at] == never) {
    began[at] = cover.selections.size();
    cover.selections.push_back(detail::take_in_turn(layers, budgets, at));
  }
  cover.selections.erase(cover.selections.begin(), cover.selections.begin() + static_cast<std::ptrdiff_t>(began[at]));
  cover.covered = static_cast<std::uint64_t>(
      std::count_if(cover.selections.begin(), cover.selections.end(), [](const auto& s) { return s.covers(0); }));
  return cover;
}

/// A distribution over selections: the best one with the largest weight that leaves every layer at least the floor, and
/// a uniform cover with the rest.
///
/// The draw must be unpredictable until the prover is committed to the states of the audited request: derive it from
/// randomness that exists only afterwards, such as a challenge's nonce or a beacon. Each audit is a draw of its own.
class layer_policy {
 public:
  /// @errors those of select_layers and uniform_cover, out_of_range (the floor is not in [0, 1], or above what the
  ///         cover gives every layer; the latter with where: draws per 2^32 that it gives)
  [[nodiscard]] static result<layer_policy> make(std::span<const layer_item> layers,
                                                 std::span<const std::uint64_t> budgets, double floor) {
    if (!(floor >= 0 && floor <= 1)) return fail(errc::out_of_range, "layer policy: the floor is not in [0, 1]");
    auto best = select_layers(layers, budgets);
    if (!best) return best.error();
    auto cover = uniform_cover(layers, budgets);
    if (!cover) return cover.error();
    if (floor > cover->probability())
      return fail(errc::out_of_range, "layer policy: the budgets cannot give every layer this floor",
                  static_cast<std::uint64_t>(cover->probability() * 0x1p32));
    return layer_policy{layers.size(), *std::move(best), *std::move(cover), floor};
  }

  [[nodiscard]] std::size_t layers() const noexcept { return weight_of_.size(); }

  /// Of a layer to be checked in one draw. A quotient of integers below 2^53, rounded once. @pre layer < layers()
  [[nodiscard]] double probability(std::uint32_t layer) const {
    ASSAY_EXPECTS(layer < weight_of_.size());
    return static_cast<double>(weight_of_[layer]) / static_cast<double>(total_);
  }
  /// Of the layer least likely to be checked: at least the floor.
  [[nodiscard]] double least_probability() const noexcept {
    return static_cast<double>(*std::min_element(weight_of_.begin(), weight_of_.end())) / static_cast<double>(total_);
  }
  /// Of at least one of several layers to be checked in one draw: what a cheat in all of them has to reckon with.
  /// @pre every layer < layers()
  [[nodiscard]] double probability_of_any(std::span<const std::uint32_t> wanted) const {
    std::uint64_t weight = 0;
    for (const std::uint32_t layer : wanted) ASSAY_EXPECTS(layer < weight_of_.size());
    for (std::size_t i = 0; i < selections_.size(); ++i) {
      const auto hit = [&](std::uint32_t layer) { return selections_[i].covers(layer); };
      if (std::any_of(wanted.begin(), wanted.end(), hit)) weight += weights_[i];
    }
    return static_cast<double>(weight) / static_cast<double>(total_);
  }

  /// What to check in audit number `audit`. The same seed and number give the same selection everywhere.
  /// Determinism: exact.
  [[nodiscard]] const layer_selection& draw(const seed& after_commitment, std::uint64_t audit) const {
    std::array<std::byte, 8> number;
    store_le(number.data(), audit);
    random_stream stream{derive_seed(after_commitment, "layer-audit", number), "selection"};
    std::uint64_t left = stream.below(total_);
    std::size_t i = 0;
    for (; left >= weights_[i]; ++i) left -= weights_[i];
    return selections_[i];
  }

  /// The selections, the best one first, and their integer weights, which add up to total_weight().
  [[nodiscard]] std::span<const layer_selection> selections() const noexcept { return selections_; }
  [[nodiscard]] std::span<const std::uint64_t> weights() const noexcept { return weights_; }
  [[nodiscard]] std::uint64_t total_weight() const noexcept { return total_; }

 private:
  layer_policy(std::size_t layers, layer_selection best, layer_cover cover, double floor) : weight_of_(layers) {
    constexpr std::uint64_t scale = std::uint64_t{1} << 40;
    const std::uint64_t each =
        static_cast<std::uint64_t>(std::ceil(floor * static_cast<double>(scale) / static_cast<double>(cover.covered)));
    const std::uint64_t of_cover = each * cover.selections.size();
    selections_ = std::move(cover.selections);
    selections_.insert(selections_.begin(), std::move(best));
    weights_.assign(selections_.size(), each);
    weights_[0] =
        of_cover < scale ? scale - of_cover : 0;  // rounding up may exceed the scale where floor = probability
    for (std::size_t i = 0; i < selections_.size(); ++i) {
      total_ += weights_[i];
      for (const layer_range& r : selections_[i].ranges)
        for (std::uint32_t layer = r.first; layer < r.end; ++layer) weight_of_[layer] += weights_[i];
    }
  }

  std::vector<layer_selection> selections_;
  std::vector<std::uint64_t> weights_, weight_of_;  ///< of selections; of layers
  std::uint64_t total_ = 0;
};

/// Probability that a cheat escapes `audits` independent draws, when each hits one of its layers with probability `hit`
/// and a hit is noticed with probability `power`. @pre hit and power are in [0, 1]
[[nodiscard]] inline double escape_probability(double hit, double power, std::uint64_t audits) {
  ASSAY_EXPECTS(hit >= 0 && hit <= 1 && power >= 0 && power <= 1);
  if (audits == 0) return 1;
  return std::exp(static_cast<double>(audits) * std::log1p(-hit * power));
}

/// How many audits leave a cheat at most this probability of escape.
/// @errors out_of_range (hit or power is not in (0, 1], escape not in (0, 1)), overflow (more than 2^53 audits)
[[nodiscard]] inline result<std::uint64_t> audits_needed(double hit, double power, double escape) {
  if (!(hit > 0 && hit <= 1 && power > 0 && power <= 1))
    return fail(errc::out_of_range, "audits: a probability is not in (0, 1]");
  if (!(escape > 0 && escape < 1))
    return fail(errc::out_of_range, "audits: the probability of escape is not in (0, 1)");
  const double audits = std::ceil(std::log(escape) / std::log1p(-hit * power));
  if (!(audits <= 0x1p53)) return fail(errc::overflow, "audits: more than 2^53");
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(audits));
}

}  // namespace assay::inline v0

#endif
