// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/layers/random_policy.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include "../core/throwing_contract.hpp"
#include "support/catch.hpp"

using namespace assay;

namespace {

using items = std::vector<layer_item>;
using budgets = std::vector<std::uint64_t>;

/// Late layers are worth nothing: the best selection never looks at them.
items early_matter(std::size_t count) {
  items out;
  for (std::size_t i = 0; i < count; ++i) out.push_back({2 * i < count ? count - 2 * i : 0, 1});
  return out;
}

seed seed_of(unsigned number) {
  seed s;
  s.bytes[0] = static_cast<std::byte>(number);
  return s;
}

}  // namespace

TEST_CASE("layer policy: the cover is uniform, whatever the budgets", "[layers]") {
  random_stream random{seed{}, "covers"};
  for (int round = 0; round < 300; ++round) {
    items layers;
    const std::size_t count = 1 + random.below(30);
    for (std::size_t i = 0; i < count; ++i) layers.push_back({random.below(9), random.below(8)});
    budgets limit;
    for (std::uint64_t k = random.below(4); k-- > 0;) limit.push_back(random.below(20));
    limit.insert(limit.begin() + static_cast<std::ptrdiff_t>(random.below(limit.size() + 1)), 7 + random.below(20));
    const auto cover = uniform_cover(layers, limit);
    REQUIRE(cover);
    REQUIRE(cover->selections.size() <= count);
    std::vector<std::uint64_t> covered(count);
    int faults = 0;
    for (const layer_selection& s : cover->selections) {
      std::vector<int> once(count);
      std::uint64_t value = 0;
      for (std::size_t k = 0; k < limit.size(); ++k) {
        std::uint64_t cost = 0;
        for (std::uint32_t i = s.ranges[k].first; i < s.ranges[k].end; ++i)
          cost += layers[i].cost, value += layers[i].value, ++covered[i], faults += once[i]++;
        faults += cost > limit[k];
      }
      faults += value != s.value;
    }
    CHECK(faults == 0);
    CHECK(std::count(covered.begin(), covered.end(), cover->covered) == static_cast<std::ptrdiff_t>(count));
  }
}

TEST_CASE("layer policy: for equal budgets the cover is the best there is", "[layers]") {
  // 10 equal layers, 3 a time: 4 ranges are needed, so one verifier reaches 1/4, two reach 1/2, four everything.
  const items layers(10, {1, 1});
  CHECK(uniform_cover(layers, budgets{3})->probability() == 0.25);
  CHECK(uniform_cover(layers, budgets(2, 3))->probability() == 0.5);
  CHECK(uniform_cover(layers, budgets(3, 3))->probability() == 0.75);
  CHECK(uniform_cover(layers, budgets(4, 3))->probability() == 1);
  CHECK(uniform_cover(layers, budgets(9, 3))->probability() == 1);
}

TEST_CASE("layer policy: every layer is checked with at least the floor, exactly as stated", "[layers]") {
  const items layers = early_matter(24);
  const budgets limit{4, 2, 0};
  const double most = uniform_cover(layers, limit)->probability();
  for (const double floor : {0.0, 0.01, 0.1, most / 3, most}) {
    const auto policy = layer_policy::make(layers, limit, floor);
    REQUIRE(policy);
    CHECK(policy->layers() == 24);
    CHECK(policy->least_probability() >= floor);
    CHECK(policy->least_probability() <= floor + 1e-10);  // and no weight is wasted
    std::uint64_t total = 0;
    for (const std::uint64_t w : policy->weights()) total += w;
    CHECK(total == policy->total_weight());
    for (std::uint32_t i = 0; i < 24; ++i) {
      std::uint64_t weight = 0;
      for (std::size_t k = 0; k < policy->selections().size(); ++k)
        if (policy->selections()[k].covers(i)) weight += policy->weights()[k];
      CHECK(policy->probability(i) == static_cast<double>(weight) / static_cast<double>(total));
      const std::uint32_t alone[] = {i};
      CHECK(policy->probability_of_any(alone) == policy->probability(i));
    }
    // The best selection has all the weight that the floor leaves.
    CHECK(policy->selections()[0] == select_layers(layers, limit).value());
    CHECK(static_cast<double>(policy->weights()[0]) / static_cast<double>(total) ==
          Approx(1 - floor / most).margin(1e-9));
  }
}

TEST_CASE("layer policy: draws have the stated frequencies", "[layers]") {
  const items layers = early_matter(12);
  const auto policy = layer_policy::make(layers, budgets{3, 1}, 0.15).value();
  constexpr int draws = 20000;
  std::vector<int> checked(12);
  for (std::uint64_t audit = 0; audit < draws; ++audit)
    for (std::uint32_t i = 0; i < 12; ++i) checked[i] += policy.draw(seed_of(4), audit).covers(i);
  for (std::uint32_t i = 0; i < 12; ++i) {
    const double p = policy.probability(i);
    INFO("layer " << i << ", p = " << p);
    CHECK(std::abs(static_cast<double>(checked[i]) / draws - p) <= 5 * std::sqrt(p * (1 - p) / draws));
    CHECK(checked[i] > 0);
  }
}

TEST_CASE("layer policy: draws are reproducible, and differ between seeds and audits", "[layers]") {
  const auto policy = layer_policy::make(items(20, {1, 1}), budgets{1}, 0.05).value();
  int same_seed = 0, same_audit = 0;
  for (std::uint64_t audit = 0; audit < 200; ++audit) {
    CHECK(&policy.draw(seed_of(1), audit) == &policy.draw(seed_of(1), audit));
    same_audit += policy.draw(seed_of(1), audit) == policy.draw(seed_of(2), audit);
    same_seed += policy.draw(seed_of(1), audit) == policy.draw(seed_of(1), audit + 1);
  }
  CHECK(same_audit < 40);  // expected 10
  CHECK(same_seed < 40);
  // A value fixed here: other machines have to draw the same.
  std::vector<std::uint32_t> firsts;
  for (std::uint64_t audit = 0; audit < 6; ++audit) firsts.push_back(policy.draw(seed_of(9), audit).ranges[0].first);
  CHECK(firsts == std::vector<std::uint32_t>{9, 13, 14, 0, 19, 15});
}

TEST_CASE("layer policy: several layers at once", "[layers]") {
  const auto policy = layer_policy::make(early_matter(10), budgets{2}, 0.1).value();
  const std::uint32_t all[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, tail[] = {8, 9}, far[] = {5, 9};
  CHECK(policy.probability_of_any(all) == 1);
  CHECK(policy.probability_of_any({}) == 0);
  CHECK(policy.probability_of_any(tail) == Approx(0.1).epsilon(1e-9));  // one range holds both
  CHECK(policy.probability_of_any(far) == Approx(0.2).epsilon(1e-9));
}

TEST_CASE("layer policy: escape over many audits", "[layers]") {
  CHECK(escape_probability(0.5, 1, 0) == 1);
  CHECK(escape_probability(0.5, 1, 3) == Approx(0.125).epsilon(1e-14));
  CHECK(escape_probability(0.1, 0.5, 2) == Approx(0.9025).epsilon(1e-14));
  CHECK(escape_probability(1, 1, 1) == 0);
  CHECK(escape_probability(0, 1, 1000000) == 1);  // never checked: never caught
  CHECK(escape_probability(1e-18, 1, 1) == 1);
  CHECK(escape_probability(1e-9, 1, 1000000000) == Approx(std::exp(-1.0)).epsilon(1e-8));
  CHECK(audits_needed(0.5, 1, 0.125).value() == 3);
  CHECK(audits_needed(0.05, 0.9, 0.01).value() == 101);
  CHECK(escape_probability(0.05, 0.9, 101) <= 0.01);
  CHECK(escape_probability(0.05, 0.9, 100) > 0.01);
  CHECK(audits_needed(1, 1, 0.5).value() == 1);
  CHECK(audits_needed(0, 1, 0.5).error().code == errc::out_of_range);
  CHECK(audits_needed(0.5, 1, 1).error().code == errc::out_of_range);
  CHECK(audits_needed(1e-17, 1, 0.5).error().code == errc::overflow);
}

TEST_CASE("layer policy: what is refused", "[layers]") {
  const items layers{{1, 2}, {1, 5}, {1, 2}};
  CHECK(layer_policy::make(layers, budgets{4, 3}, 0.1).error().code == errc::out_of_range);
  CHECK(layer_policy::make(layers, budgets{4, 3}, 0.1).error().where == 1);  // the layer that nobody can check
  CHECK(layer_policy::make(layers, {}, 0.1).error().code == errc::out_of_range);
  CHECK(layer_policy::make({}, budgets{1}, 0.1).error().code == errc::empty);
  CHECK(layer_policy::make(layers, budgets{5}, -0.1).error().code == errc::out_of_range);
  CHECK(layer_policy::make(layers, budgets{5}, std::nan("")).error().code == errc::out_of_range);
  const auto greedy = layer_policy::make(layers, budgets{5}, 0.9);
  REQUIRE_FALSE(greedy);
  CHECK(greedy.error().code == errc::out_of_range);
  CHECK(static_cast<double>(greedy.error().where) == Approx(0x1p32 / 3).margin(1));
  const auto policy = layer_policy::make(layers, budgets{5}, 0.2).value();
  const throwing_contract guard;
  CHECK_THROWS_AS(static_cast<void>(policy.probability(3)), broken_contract);
  CHECK_THROWS_AS(escape_probability(2, 1, 1), broken_contract);
}
