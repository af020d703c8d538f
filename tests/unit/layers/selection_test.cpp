// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/layers/selection.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include <assay/layers/significance.hpp>
#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

using items = std::vector<layer_item>;
using budgets = std::vector<std::uint64_t>;

/// Tries everything: from layer `at` on, either leave the layer out, or let any unused verifier (in order: any later one)
/// take a range that begins there.
struct brute_force {
  const items& layers;
  const budgets& limit;
  bool in_order;

  std::uint64_t best(std::size_t at, std::uint32_t used, std::size_t next) const {
    if (at == layers.size()) return 0;
    std::uint64_t most = best(at + 1, used, next);
    for (std::size_t k = in_order ? next : 0; k < limit.size(); ++k) {
      if (used >> k & 1) continue;
      std::uint64_t value = 0, cost = 0;
      for (std::size_t end = at; end < layers.size(); ++end) {
        value += layers[end].value, cost += layers[end].cost;
        if (cost > limit[k]) break;
        most = std::max(most, value + best(end + 1, used | 1u << k, k + 1));
      }
    }
    return most;
  }
};

/// Whether a selection keeps every rule and is worth what it says.
bool sound(const layer_selection& s, const items& layers, const budgets& limit, bool in_order) {
  if (s.ranges.size() != limit.size()) return false;
  std::vector<int> taken(layers.size());
  std::uint64_t value = 0;
  std::uint32_t right = 0;
  for (std::size_t k = 0; k < limit.size(); ++k) {
    const layer_range r = s.ranges[k];
    std::uint64_t cost = 0;
    if (r.first > r.end || r.end > layers.size()) return false;
    for (std::uint32_t i = r.first; i < r.end; ++i) {
      cost += layers[i].cost, value += layers[i].value;
      if (taken[i]++ || !s.covers(i)) return false;
    }
    if (cost > limit[k]) return false;
    if (r.empty()) continue;
    if (in_order && r.first < right) return false;
    right = r.end;
  }
  return value == s.value;
}

struct random_case {
  items layers;
  budgets limit;

  /// Small costs, so that ties and exact fits abound; some layers without value or cost; some budgets of no use.
  explicit random_case(random_stream& random) {
    const std::size_t count = 1 + random.below(8), verifiers = random.below(5);
    const std::uint64_t costs = 1 + random.below(9), values = 1 + random.below(6);
    for (std::size_t i = 0; i < count; ++i) layers.push_back({random.below(values + 1), random.below(costs + 1)});
    for (std::size_t k = 0; k < verifiers; ++k) limit.push_back(random.below(4) == 0 ? 0 : random.below(2 * costs + 2));
  }
};

}  // namespace

TEST_CASE("selection: the cases on which the published recurrence fails", "[layers]") {
  const items layers{{5, 8}, {1, 2}, {9, 8}, {2, 2}};  // costs doubled, so that a budget of 1 is of no use
  CHECK(select_layers_in_order(layers, budgets{18, 1})->value == 15);
  CHECK(select_layers_in_order(layers, budgets{18, 1, 2})->value == 17);
  CHECK(select_layers_in_order(layers, budgets{8, 2})->value == 11);
  CHECK(select_layers_in_order(layers, budgets{2, 8})->value == 10);
  for (const budgets& both : {budgets{8, 2}, budgets{2, 8}}) CHECK(select_layers(layers, both)->value == 11);
  const auto s = select_layers(layers, budgets{2, 8}).value();
  CHECK(s.ranges == std::vector<layer_range>{{3, 4}, {2, 3}});  // ranges follow the budgets' order, not the layers'
}

TEST_CASE("selection: equals brute force on random cases, in a given order and in any", "[layers]") {
  random_stream random{seed{}, "selection-cases"};
  int wrong = 0, unsound = 0, order_matters = 0, idle = 0;
  for (int i = 0; i < 1500; ++i) {
    const random_case c{random};
    const auto ordered = select_layers_in_order(c.layers, c.limit), any = select_layers(c.layers, c.limit);
    REQUIRE(ordered);
    REQUIRE(any);
    wrong += ordered->value != brute_force{c.layers, c.limit, true}.best(0, 0, 0);
    wrong += any->value != brute_force{c.layers, c.limit, false}.best(0, 0, 0);
    unsound += !sound(*ordered, c.layers, c.limit, true) + !sound(*any, c.layers, c.limit, false);
    order_matters += any->value > ordered->value;
    idle += std::any_of(any->ranges.begin(), any->ranges.end(), [](const layer_range& r) { return r.empty(); });
  }
  CHECK(wrong == 0);
  CHECK(unsound == 0);
  CHECK(order_matters > 50);  // the cases do exercise what they are meant to
  CHECK(idle > 200);
}

TEST_CASE("selection: the verifiers' order does not change the value", "[layers]") {
  random_stream random{seed{}, "selection-orders"};
  for (int i = 0; i < 50; ++i) {
    items layers;
    for (int l = 0; l < 40; ++l) layers.push_back({random.below(100), 1 + random.below(20)});
    budgets limit{7, 30, 30, 55, 3};
    std::sort(limit.begin(), limit.end());
    const std::uint64_t value = select_layers(layers, limit)->value;
    std::uint64_t best_order = 0;
    do {
      const auto any = select_layers(layers, limit);
      CHECK(any->value == value);
      best_order = std::max(best_order, select_layers_in_order(layers, limit)->value);
      if (i > 2) break;
    } while (std::next_permutation(limit.begin(), limit.end()));
    if (i <= 2) CHECK(best_order == value);
  }
}

TEST_CASE("selection: ties leave layers out and verifiers idle", "[layers]") {
  const items layers{{0, 1}, {4, 1}, {0, 1}};
  const auto s = select_layers(layers, budgets{3, 3}).value();
  CHECK(s.value == 4);
  CHECK(std::count(s.ranges.begin(), s.ranges.end(), layer_range{}) == 1);
  CHECK(std::count(s.ranges.begin(), s.ranges.end(), layer_range{1, 2}) == 1);
}

TEST_CASE("selection: many equal verifiers, and none", "[layers]") {
  items layers;
  for (std::uint64_t i = 0; i < 200; ++i) layers.push_back({i * i % 17, 3});
  const auto all = select_layers(layers, budgets(300, 3)).value();
  std::uint64_t sum = 0;
  for (const layer_item& l : layers) sum += l.value;
  CHECK(all.value == sum);
  CHECK(sound(all, layers, budgets(300, 3), false));
  CHECK(select_layers(layers, {})->value == 0);
  CHECK(select_layers_in_order(layers, {})->ranges.empty());
}

TEST_CASE("selection: scores become integers", "[layers]") {
  CHECK(significance_units(0) == 0);
  CHECK(significance_units(1) == std::uint64_t{1} << 32);
  CHECK(significance_units(0.25) == std::uint64_t{1} << 30);
}

TEST_CASE("selection: what is refused", "[layers]") {
  const budgets one{1};
  CHECK(select_layers({}, one).error().code == errc::empty);
  CHECK(select_layers_in_order({}, one).error().code == errc::empty);
  const items huge{{std::uint64_t{1} << 61, 1}, {std::uint64_t{1} << 61, 1}}, dear{{1, ~std::uint64_t{0}}, {1, 1}};
  CHECK(select_layers(huge, one).error().code == errc::overflow);
  CHECK(select_layers(huge, one).error().where == 1);
  CHECK(select_layers_in_order(dear, one).error().code == errc::overflow);
  budgets different;
  for (std::uint64_t k = 0; k < 40; ++k) different.push_back(k);
  const items few{{1, 1}, {2, 2}};
  CHECK(select_layers(few, different).error().code == errc::too_large);
  CHECK(select_layers_in_order(few, different));
  CHECK(select_layers_in_order(items(1000, {1, 1}), budgets(17000, 1)).error().code == errc::too_large);
}
