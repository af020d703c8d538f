// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How deep an audit recomputes: a random depth, what it costs on average, and how long a cheat escapes it.
#ifndef ASSAY_FINGERPRINT_DEPTH_POLICY_HPP
#define ASSAY_FINGERPRINT_DEPTH_POLICY_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/random/seed.hpp>
#include <assay/random/stream.hpp>

namespace assay::inline v0 {

/// A depth, in layers counted from the first, and how often it is drawn.
struct depth_choice {
  std::uint32_t depth = 0;   ///< layers 1 … depth are recomputed, and every fingerprint among them is compared
  std::uint32_t weight = 0;  ///< probability times the sum of all weights

  friend bool operator==(const depth_choice&, const depth_choice&) = default;
};

/// What a policy must achieve against a cheat, wherever it starts.
struct depth_goal {
  double target = 0.99;     ///< probability that it is caught …
  std::uint64_t audits = 1; ///< … within so many audits
  double power = 1;         ///< probability that an audit that goes deep enough sees it; 1: gross deviations
};

/// A distribution over depths. An audit of depth d recomputes layers 1 … d of L: a cheat whose first dishonest layer is
/// s is in reach if d >= s, and out of reach of every shallower audit, however many there are.
///
/// Source: randomised-depth extension of Activation-DiFR; weights are integers here, so a seed draws the same depth on
/// every machine, and the cheapest distribution for a goal is computed instead of guessed.
class depth_policy {
 public:
  static constexpr std::uint32_t max_layers = 1u << 16;

  /// Any distribution; a weight may be 0. @errors empty, out_of_range (where: the choice), wrong_order (depths must
  /// ascend), invalid_settings (no weight)
  [[nodiscard]] static result<depth_policy> make(std::uint32_t layers, std::vector<depth_choice> choices) {
    if (choices.empty()) return fail(errc::empty, "depth policy: no depth to choose");
    if (layers == 0 || layers > max_layers)
      return fail(errc::out_of_range, "depth policy: layers out of range", layers);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (choices[i].depth == 0 || choices[i].depth > layers)
        return fail(errc::out_of_range, "depth policy: a depth that the model does not have", i);
      if (i > 0 && choices[i].depth <= choices[i - 1].depth)
        return fail(errc::wrong_order, "depth policy: depths must ascend", i);
      total += choices[i].weight;
    }
    if (total == 0) return fail(errc::invalid_settings, "depth policy: all weights are 0");
    return depth_policy{layers, std::move(choices), total};
  }

  /// Every audit recomputes everything: cost 1, nothing escapes.
  [[nodiscard]] static result<depth_policy> full(std::uint32_t layers) { return make(layers, {{layers, 1}}); }

  /// All depths alike. @errors those of make
  [[nodiscard]] static result<depth_policy> uniform(std::uint32_t layers, std::span<const std::uint32_t> depths) {
    return weighted(layers, depths, [](std::size_t) { return 1u; });
  }

  /// Weights m, m - 1, …, 1 from the shallowest of m depths to the deepest. @errors those of make
  [[nodiscard]] static result<depth_policy> shallow_heavy(std::uint32_t layers, std::span<const std::uint32_t> depths) {
    return weighted(layers, depths, [&](std::size_t i) { return static_cast<std::uint32_t>(depths.size() - i); });
  }

  /// Always the same depth. Below `layers` it is blind: a cheat in the layers after it is never seen, not by a million
  /// audits, and a provider who knows the policy runs those layers as it likes. `blind_from()` says where.
  [[nodiscard]] static result<depth_policy> fixed_blind(std::uint32_t layers, std::uint32_t depth) {
    return make(layers, {{depth, 1}});
  }

  /// The cheapest policy with P(depth >= depths[i]) >= least[i] and P(depth = depths[i]) >= floor for every i; the
  /// floor is met to within 2^-31. A floor keeps depths that no requirement needs from being predictably left out.
  /// Exact up to that rounding: cost is the sum of tails P(depth >= depths[i]) times (depths[i] - depths[i - 1]), and
  /// going down from the deepest, each tail alone is as small as its own requirement and the tail after it allow.
  /// @errors those of make, length_mismatch, out_of_range (a probability), invalid_settings (the last depth is not
  ///   `layers`, or the requirements and floors add up to more than 1)
  [[nodiscard]] static result<depth_policy> cheapest(std::uint32_t layers, std::span<const std::uint32_t> depths,
                                                     std::span<const double> least, double floor = 0) {
    if (least.size() != depths.size())
      return fail(errc::length_mismatch, "depth policy: one requirement per depth", least.size());
    if (depths.empty() || depths.back() != layers)
      return fail(errc::invalid_settings, "depth policy: without the last layer, cheats there are never seen");
    if (!(floor >= 0 && floor <= 1)) return fail(errc::out_of_range, "depth policy: the floor is no probability");
    const auto least_weight = static_cast<std::uint64_t>(std::floor(floor * unit));
    std::vector<depth_choice> choices(depths.size());
    std::uint64_t deeper = 0;  // weight of all depths beyond this one
    for (std::size_t i = depths.size(); i-- > 0;) {
      if (!(least[i] >= 0 && least[i] <= 1))
        return fail(errc::out_of_range, "depth policy: a requirement is no probability", i);
      std::uint64_t tail = std::max(deeper + least_weight, static_cast<std::uint64_t>(std::ceil(least[i] * unit)));
      if (i == 0) tail = std::max(tail, static_cast<std::uint64_t>(unit));
      if (tail > static_cast<std::uint64_t>(unit))
        return fail(errc::invalid_settings, "depth policy: floors and requirements add up to more than 1", i);
      choices[i] = {depths[i], static_cast<std::uint32_t>(tail - deeper)};
      deeper = tail;
    }
    return make(layers, std::move(choices));
  }

  /// The same for one goal wherever the cheat starts; a cheat in the last layers alone is what it takes most for.
  /// @errors those above and of `detection_needed`
  [[nodiscard]] static result<depth_policy> cheapest(std::uint32_t layers, std::span<const std::uint32_t> depths,
                                                     const depth_goal& goal, double floor = 0) {
    const auto needed = detection_needed(goal);
    if (!needed) return needed.error();
    const std::vector<double> least(depths.size(), *needed);
    return cheapest(layers, depths, least, floor);
  }

  /// How often a depth must reach a cheat for the goal: (1 - (1 - target)^(1 / audits)) / power.
  /// @errors out_of_range (target not in (0, 1), power not in (0, 1], no audits), invalid_settings (out of reach: every
  ///   audit at full depth would be too few)
  [[nodiscard]] static result<double> detection_needed(const depth_goal& goal) {
    if (!(goal.target > 0 && goal.target < 1) || !(goal.power > 0 && goal.power <= 1) || goal.audits == 0)
      return fail(errc::out_of_range, "depth policy: a goal's target, power or audits out of range");
    const double needed = -std::expm1(std::log1p(-goal.target) / static_cast<double>(goal.audits)) / goal.power;
    if (needed > 1)
      return fail(errc::invalid_settings, "depth policy: no depth reaches this goal in so few audits", goal.audits);
    return needed;
  }

  [[nodiscard]] std::uint32_t layers() const noexcept { return layers_; }
  [[nodiscard]] std::span<const depth_choice> choices() const noexcept { return choices_; }

  /// The depth that a seed draws. The seed must be unknown until what is audited is committed. Exact.
  [[nodiscard]] std::uint32_t draw(const seed& from) const {
    random_stream stream{from, "audit-depth"};
    std::uint64_t left = stream.below(total_);
    std::size_t i = 0;
    while (left >= choices_[i].weight) left -= choices_[i++].weight;
    return choices_[i].depth;
  }

  /// Mean share of the layers that an audit recomputes, E[depth] / layers.
  [[nodiscard]] double cost() const noexcept {
    double sum = 0;
    for (const depth_choice& each : choices_) sum += static_cast<double>(each.weight) * each.depth;
    return sum / (static_cast<double>(total_) * layers_);
  }

  /// Probability that an audit reaches a cheat whose first dishonest layer is `start`. @pre 1 <= start <= layers()
  [[nodiscard]] double detection(std::uint32_t start) const {
    ASSAY_EXPECTS(start >= 1 && start <= layers_);
    std::uint64_t reach = 0;
    for (const depth_choice& each : choices_) reach += each.depth >= start ? each.weight : 0;
    return static_cast<double>(reach) / static_cast<double>(total_);
  }

  /// Probability that such a cheat is missed by `audits` independent ones, each of which sees it with probability
  /// `power` when it goes deep enough. @pre as detection; 0 <= power <= 1
  [[nodiscard]] double escape(std::uint32_t start, std::uint64_t audits, double power = 1) const {
    ASSAY_EXPECTS(power >= 0 && power <= 1);
    const double seen = detection(start) * power;
    if (audits == 0 || seen == 0) return 1;
    return seen >= 1 ? 0.0 : std::exp(static_cast<double>(audits) * std::log1p(-seen));
  }

  /// Fewest audits that catch such a cheat with probability `target`; none if it is never caught.
  /// @pre as escape; 0 < target < 1
  [[nodiscard]] std::optional<std::uint64_t> audits_for(std::uint32_t start, double target, double power = 1) const {
    ASSAY_EXPECTS(target > 0 && target < 1 && power >= 0 && power <= 1);
    const double seen = detection(start) * power;
    if (seen == 0) return std::nullopt;
    if (seen >= 1) return 1;
    auto n = static_cast<std::uint64_t>(std::max(1.0, std::ceil(std::log1p(-target) / std::log1p(-seen))));
    while (n > 1 && escape(start, n - 1, power) <= 1 - target) --n;  // the quotient of logarithms may round up
    return n;
  }

  /// The first layer that no audit reaches: cheats from there on are never seen. None if every layer is in reach.
  [[nodiscard]] std::optional<std::uint32_t> blind_from() const noexcept {
    std::uint32_t deepest = 0;
    for (const depth_choice& each : choices_) deepest = each.weight != 0 ? each.depth : deepest;
    if (deepest == layers_) return std::nullopt;
    return deepest + 1;
  }

  friend bool operator==(const depth_policy&, const depth_policy&) = default;

 private:
  static constexpr double unit = 0x1p31;  // sum of the weights that `cheapest` computes

  depth_policy(std::uint32_t layers, std::vector<depth_choice> choices, std::uint64_t total)
      : layers_(layers), choices_(std::move(choices)), total_(total) {}

  template <class Weight>
  static result<depth_policy> weighted(std::uint32_t layers, std::span<const std::uint32_t> depths, Weight weight) {
    std::vector<depth_choice> choices(depths.size());
    for (std::size_t i = 0; i < depths.size(); ++i) choices[i] = {depths[i], weight(i)};
    return make(layers, std::move(choices));
  }

  std::uint32_t layers_;
  std::vector<depth_choice> choices_;
  std::uint64_t total_;
};

}  // namespace assay::inline v0

#endif
