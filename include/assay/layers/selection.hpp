// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which contiguous layers each of several verifiers should check, so that what they cover together is worth most.
#ifndef ASSAY_LAYERS_SELECTION_HPP
#define ASSAY_LAYERS_SELECTION_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/result.hpp>

namespace assay::inline v0 {

/// A layer: what checking it is worth (significance_units, or any integer) and what it costs (parameters, or time).
struct layer_item {
  std::uint64_t value = 0;
  std::uint64_t cost = 0;
};

/// Layers first, …, end - 1.
struct layer_range {
  std::uint32_t first = 0, end = 0;

  [[nodiscard]] bool empty() const noexcept { return first == end; }
  [[nodiscard]] bool contains(std::uint32_t layer) const noexcept { return first <= layer && layer < end; }
  friend bool operator==(const layer_range&, const layer_range&) noexcept = default;
};

/// A range per verifier, in the order in which budgets were given; empty for those that stay idle. Ranges are disjoint.
struct layer_selection {
  std::vector<layer_range> ranges;
  std::uint64_t value = 0;

  [[nodiscard]] bool covers(std::uint32_t layer) const noexcept {
    return std::any_of(ranges.begin(), ranges.end(), [=](const layer_range& r) { return r.contains(layer); });
  }
  friend bool operator==(const layer_selection&, const layer_selection&) = default;
};

/// Most layers, and most entries (layers + 1) * states, of a table.
inline constexpr std::size_t max_selection_layers = 1u << 20, max_selection_table = 1u << 24;

namespace detail {

/// Prefix sums. @errors empty, too_large (layers), overflow (sums of 2^62 or more)
class layer_sums {
 public:
  [[nodiscard]] static result<layer_sums> of(std::span<const layer_item> layers) {
    if (layers.empty()) return fail(errc::empty, "layer selection: no layers");
    if (layers.size() > max_selection_layers)
      return fail(errc::too_large, "layer selection: too many layers", layers.size());
    layer_sums s;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      std::uint64_t value = 0, cost = 0;
      if (__builtin_add_overflow(static_cast<std::uint64_t>(s.value[i]), layers[i].value, &value) || value >> 62 ||
          __builtin_add_overflow(s.cost[i], layers[i].cost, &cost) || cost >> 62)
        return fail(errc::overflow, "layer selection: values or costs add up to 2^62 or more", i);
      s.value.push_back(static_cast<std::int64_t>(value)), s.cost.push_back(cost);
    }
    return s;
  }
  [[nodiscard]] std::size_t layers() const noexcept { return cost.size() - 1; }

  std::vector<std::int64_t> value{0};
  std::vector<std::uint64_t> cost{0};
};

/// The verifiers that are left, as a state; the way to a state with one verifier fewer.
struct selection_step {
  std::size_t from = 0;  ///< state before this verifier took its range
  std::uint64_t budget = 0;
  std::uint32_t verifier = 0;  ///< which one, or which group of equal ones
};

/// best[s][i]: most value from the first i layers with the verifiers of state s. One row per state, left to right.
class selection_table {
 public:
  selection_table(const layer_sums& sums, std::size_t states)
      : sums_(sums), width_(sums.layers() + 1), best_(states * width_), choice_(states * width_) {}

  /// Fills row `state`. best[s][i] is the largest of: layer i - 1 left out, best[s][i - 1]; a verifier idle,
  /// best[from][i]; a verifier's range [r, i), best[from][r] + value. For the last, r maximises best[from][r] - V_r
  /// over a window that only moves right, so a queue of candidates with falling keys gives it in O(1) amortised.
  /// Ties leave layers out first, then verifiers idle, then prefer short ranges.
  void fill(std::size_t state, std::span<const selection_step> steps) {
    std::vector<window> windows(steps.size(), window(width_));
    for (std::size_t i = 1; i < width_; ++i) {
      std::int64_t most = at(state, i - 1);
      move chosen{};
      for (std::uint32_t k = 0; k < steps.size(); ++k)
        if (at(steps[k].from, i) > most) most = at(steps[k].from, i), chosen = {k + 1, static_cast<std::uint32_t>(i)};
      for (std::uint32_t k = 0; k < steps.size(); ++k) {
        const auto r = windows[k].best_start(*this, steps[k], static_cast<std::uint32_t>(i));
        if (r == i) continue;
        const std::int64_t value = key(steps[k].from, r) + sums_.value[i];
        if (value > most) most = value, chosen = {k + 1, r};
      }
      best_[state * width_ + i] = most, choice_[state * width_ + i] = chosen;
    }
  }

  [[nodiscard]] std::int64_t value(std::size_t state) const noexcept { return at(state, width_ - 1); }

  /// Walks back from the last layer; `take(step, range)` is called for each range, `steps_of(state)` as for fill.
  template <class StepsOf, class Take>
  void trace(std::size_t state, StepsOf steps_of, Take take) const {
    for (std::size_t i = width_ - 1; state != 0 && i > 0;) {
      const move m = choice_[state * width_ + i];
      if (m.step == 0) {
        --i;
        continue;
      }
      const selection_step step = steps_of(state)[m.step - 1];
      if (m.first < i) take(step, layer_range{m.first, static_cast<std::uint32_t>(i)});
      i = m.first, state = step.from;
    }
  }

 private:
  struct move {
    std::uint32_t step = 0;  ///< 0: layer left out; k: steps[k - 1]
    std::uint32_t first = 0;  ///< where its range begins; the end itself: idle
  };

  /// Candidates r for the beginning of a range, ascending, with keys strictly falling.
  struct window {
    explicit window(std::size_t width) : queue(width) {}

    [[nodiscard]] std::uint32_t best_start(const selection_table& t, const selection_step& step, std::uint32_t i) {
      const std::uint32_t newest = i - 1;
      while (head < tail && t.key(step.from, queue[tail - 1]) <= t.key(step.from, newest)) --tail;
      queue[tail++] = newest;
      while (head < tail && t.sums_.cost[i] - t.sums_.cost[queue[head]] > step.budget) ++head;
      return head < tail ? queue[head] : i;
    }
    std::vector<std::uint32_t> queue;
    std::size_t head = 0, tail = 0;
  };

  [[nodiscard]] std::int64_t at(std::size_t state, std::size_t i) const noexcept { return best_[state * width_ + i]; }
  [[nodiscard]] std::int64_t key(std::size_t state, std::size_t r) const noexcept {
    return at(state, r) - sums_.value[r];
  }

  const layer_sums& sums_;
  std::size_t width_;
  std::vector<std::int64_t> best_;
  std::vector<move> choice_;
};

}  // namespace detail

/// The best selection in which a later verifier's range lies to the right of every earlier one's; any may stay idle.
/// @errors empty (no layers), too_large (layers, or (layers + 1) * (verifiers + 1) table entries), overflow
/// Determinism: exact. Complexity: O(M L) time and memory for M verifiers and L layers.
/// Source: TensorCommitments' layer selection (MV-BCS); its published recurrence cannot leave a verifier idle unless
/// all before it are, and so misses the optimum when a budget is too small to be of use.
[[nodiscard]] inline result<layer_selection> select_layers_in_order(std::span<const layer_item> layers,
                                                                    std::span<const std::uint64_t> budgets) {
  const auto sums = detail::layer_sums::of(layers);
  if (!sums) return sums.error();
  if (budgets.size() >= max_selection_table / (layers.size() + 1))
    return fail(errc::too_large, "layer selection: too many verifiers", budgets.size());
  detail::selection_table table{*sums, budgets.size() + 1};
  std::vector<detail::selection_step> steps;
  for (std::size_t k = 0; k < budgets.size(); ++k) {
    steps.push_back({k, budgets[k], static_cast<std::uint32_t>(k)});
    table.fill(k + 1, std::span{steps}.last(1));
  }
  layer_selection out{std::vector<layer_range>(budgets.size()),
                      static_cast<std::uint64_t>(table.value(budgets.size()))};
  table.trace(
      budgets.size(), [&](std::size_t state) { return steps.data() + (state - 1); },
      [&](const detail::selection_step& step, layer_range range) { out.ranges[step.verifier] = range; });
  return out;
}

namespace detail {

/// Verifiers by budget. A state is a number with one digit per group: how many of the group have been used.
struct verifier_groups {
  explicit verifier_groups(std::span<const std::uint64_t> budgets) {
    for (std::uint32_t k = 0; k < budgets.size(); ++k) {
      auto same = std::find_if(groups.begin(), groups.end(), [&](const group& g) { return g.budget == budgets[k]; });
      if (same == groups.end()) same = groups.insert(groups.end(), group{budgets[k], {}, 0});
      same->members.push_back(k);
    }
    for (group& g : groups) {
      g.unit = states;
      if (__builtin_mul_overflow(states, g.members.size() + 1, &states) || states > max_selection_table) {
        states = max_selection_table + 1;
        return;
      }
    }
  }

  [[nodiscard]] std::vector<selection_step> steps(std::size_t state) const {
    std::vector<selection_step> out;
    for (std::uint32_t g = 0; g < groups.size(); ++g)
      if (state / groups[g].unit % (groups[g].members.size() + 1) != 0)
        out.push_back({state - groups[g].unit, groups[g].budget, g});
    return out;
  }

  struct group {
    std::uint64_t budget;
    std::vector<std::uint32_t> members;
    std::size_t unit;
  };
  std::vector<group> groups;
  std::size_t states = 1;
};

}  // namespace detail

/// The best selection whatever the order of the verifiers along the layers.
/// @errors empty (no layers), too_large (layers, or (layers + 1) * S table entries), overflow
/// Determinism: exact. Complexity: O(S G L) time and O(S L) memory for L layers and G different budgets, of which group
/// g has n_g members, S = product of (n_g + 1): O(M L) for M equal budgets, 2^M for M different ones. No polynomial
/// algorithm is to be expected, since deciding whether given ranges fit different budgets contains 3-partition.
[[nodiscard]] inline result<layer_selection> select_layers(std::span<const layer_item> layers,
                                                           std::span<const std::uint64_t> budgets) {
  const auto sums = detail::layer_sums::of(layers);
  if (!sums) return sums.error();
  const detail::verifier_groups groups{budgets};
  if (groups.states > max_selection_table / (layers.size() + 1))
    return fail(errc::too_large, "layer selection: too many different budgets; fix an order", budgets.size());
  detail::selection_table table{*sums, groups.states};
  for (std::size_t state = 1; state < groups.states; ++state) table.fill(state, groups.steps(state));
  layer_selection out{std::vector<layer_range>(budgets.size()),
                      static_cast<std::uint64_t>(table.value(groups.states - 1))};
  std::vector<std::size_t> used(groups.groups.size());
  table.trace(
      groups.states - 1, [&](std::size_t state) { return groups.steps(state); },
      [&](const detail::selection_step& step, layer_range range) {
        out.ranges[groups.groups[step.verifier].members[used[step.verifier]++]] = range;
      });
  return out;
}

}  // namespace assay::inline v0

#endif
