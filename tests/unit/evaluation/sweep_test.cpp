// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/evaluation.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <assay/core/thread_pool.hpp>
#include <assay/stats/separation.hpp>

#include "support/catch.hpp"

using namespace assay;
using evaluation::honest_scores;
using evaluation::sweep_plan;
using evaluation::sweep_result;
using stats::sequence_pool;

namespace {

sequence_pool normal_pool(std::string_view purpose, std::size_t sequences, std::size_t units, double shift) {
  random_stream stream{seed{}, purpose};
  sequence_pool pool;
  std::vector<double> scores(units);
  for (std::size_t i = 0; i < sequences; ++i) {
    for (double& s : scores) s = shift + stream.normal();
    REQUIRE(pool.add(scores));
  }
  return pool;
}

/// Two checks of normal scores: the second averages four tokens and sees half a unit's shift; attacks shift by 0, 1, 4.
struct toy_source {
  result<honest_scores> honest(std::size_t check) const {
    return honest_scores{normal_pool("calibration", 200, check == 0 ? 20 : 5, 0),
                         normal_pool("evaluation", 200, check == 0 ? 20 : 5, 0)};
  }
  result<sequence_pool> attacked(std::size_t check, std::size_t attack) const {
    const double shift = attack == 0 ? 0 : attack == 1 ? 1 : 4;
    if (fails && attack == 2) return fail(errc::io_failure, "no states");
    return normal_pool("attacked" + std::to_string(attack), 100, check == 0 ? 20 : 5, shift * (check == 0 ? 1 : 0.5));
  }
  bool fails = false;
};

sweep_plan toy_plan() {
  sweep_plan plan;
  plan.attacks = {"none", "some", "much"};
  plan.checks = {{"fine", "k=8", 8, 1}, {"coarse", "k=8", 2, 4}};
  plan.tokens = {1, 4, 16, 64, 100000};
  plan.byte_budgets = {8, 40};
  plan.batches = 400, plan.interval_batches = 100;
  plan.intervals.resamples = 40;
  return plan;
}

result<sweep_result> swept(const sweep_plan& plan, const toy_source& source = {}) {
  serial_executor here;
  return evaluation::run_sweep(plan, source, here, [](std::size_t, std::size_t) {});
}

std::string text_of(const sweep_plan& plan, const sweep_result& found) {
  return evaluation::detection_table(plan, found)->text() + evaluation::baseline_table(plan, found)->text() +
         evaluation::need_table(plan, found)->text();
}

}  // namespace

TEST_CASE("sweep: every attack, check and size that the pools allow", "[evaluation]") {
  const sweep_plan plan = toy_plan();
  std::vector<std::size_t> steps;
  serial_executor here;
  const auto found = evaluation::run_sweep(plan, toy_source{}, here, [&](std::size_t done, std::size_t all) {
    CHECK(all == 2);
    steps.push_back(done);
  });
  REQUIRE(found);
  CHECK(steps == std::vector<std::size_t>{1, 2});
  // fine: 1, 4, 16, 64 tokens and 40 / 8 = 5; 8 / 8 = 1 is there already; 100,000 is beyond a tenth of the pool.
  // coarse: units of four tokens: 4, 16, 64, and 40 bytes are 20 tokens; 8 bytes are 4.
  std::vector<std::uint32_t> fine, coarse;
  for (const auto& b : found->baselines) (b.check == 0 ? fine : coarse).push_back(b.tokens);
  CHECK(fine == std::vector<std::uint32_t>{1, 4, 5, 16, 64});
  CHECK(coarse == std::vector<std::uint32_t>{4, 16, 20, 64});
  CHECK(found->needs.size() == 6);
  CHECK(found->rows.size() == 27);
  for (const auto& r : found->rows) {
    CHECK(r.share_of_pool <= 0.1);
    CHECK(r.auc.limits.low <= r.auc.limits.high);
    CHECK(r.bytes == r.tokens * plan.checks[r.check].bytes_per_token);
    const double shift = r.attack == 0 ? 0 : r.attack == 1 ? 1 : 4;
    const double units = r.check == 0 ? r.tokens : r.tokens / 4.0;
    const double expected = stats::normal_auc(shift * (r.check == 0 ? 1 : 0.5) * std::sqrt(units));
    CHECK(r.auc.value == Approx(expected).margin(0.09));
  }
  for (const auto& b : found->baselines) CHECK(b.limits.low <= 0.02);
}

TEST_CASE("sweep: what an attack needs", "[evaluation]") {
  const auto found = swept(toy_plan());
  REQUIRE(found);
  const auto& none = found->needs[0];
  const auto& some = found->needs[1];
  const auto& much = found->needs[2];
  CHECK(!none.tokens_to_auc);
  CHECK(!none.extrapolated);
  CHECK(std::abs(none.honest_mean) < 0.1);
  CHECK(std::abs(*none.d_prime) < 0.5);
  CHECK(*some.d_prime == Approx(std::sqrt(20.0)).epsilon(0.2));  // sequences of 20 units, a shift of 1
  REQUIRE((some.tokens_to_auc && some.extrapolated && some.tokens_to_tpr));
  CHECK(*some.tokens_to_auc >= 13);
  CHECK(*some.tokens_to_auc <= 25);
  CHECK(*some.extrapolated == Approx(19.1).epsilon(0.3));
  CHECK(*much.tokens_to_auc <= 3);
  const auto& coarse = found->needs[4];  // half the shift on a quarter of the units: 306 tokens, the pools allow 200
  CHECK(!coarse.tokens_to_auc);
  REQUIRE(coarse.extrapolated);
  CHECK(*coarse.extrapolated == Approx(306).epsilon(0.5));
  REQUIRE(found->needs[5].tokens_to_auc);
  CHECK(*found->needs[5].tokens_to_auc % 4 == 0);
}

TEST_CASE("sweep: a cell does not depend on the rest of the plan, nor on threads", "[evaluation]") {
  const sweep_plan plan = toy_plan();
  const auto all = swept(plan);
  REQUIRE(all);
  thread_pool three{2};
  const auto threaded = evaluation::run_sweep(plan, toy_source{}, three, [](std::size_t, std::size_t) {});
  REQUIRE(threaded);
  CHECK(text_of(plan, *all) == text_of(plan, *threaded));
  sweep_plan less = plan;
  less.attacks.resize(2), less.checks.resize(1), less.tokens = {16}, less.byte_budgets.clear();
  const auto part = swept(less);
  REQUIRE(part);
  REQUIRE(part->rows.size() == 2);
  for (const auto& r : part->rows)
    for (const auto& other : all->rows) {
      if (other.attack != r.attack || other.check != 0 || other.tokens != 16) continue;
      CHECK(other.auc.value == r.auc.value);
      CHECK(other.detected.limits.low == r.detected.limits.low);
    }
  sweep_plan reseeded = plan;
  reseeded.from.bytes[0] = std::byte{1};
  CHECK(text_of(plan, *swept(reseeded)) != text_of(plan, *all));
}

TEST_CASE("sweep: tables have a row per observation", "[evaluation]") {
  const sweep_plan plan = toy_plan();
  const auto found = swept(plan);
  REQUIRE(found);
  CHECK(evaluation::detection_table(plan, *found)->rows() == found->rows.size());
  CHECK(evaluation::baseline_table(plan, *found)->rows() == found->baselines.size());
  CHECK(evaluation::need_table(plan, *found)->rows() == found->needs.size());
  CHECK(evaluation::need_table(plan, *found)->text().find("none,fine,k=8,8,,,,") != std::string::npos);
}

TEST_CASE("sweep: bad plans and failing sources", "[evaluation]") {
  const auto code = [](auto change) {
    sweep_plan plan = toy_plan();
    change(plan);
    return swept(plan).error().code;
  };
  CHECK(code([](sweep_plan& p) { p.attacks.clear(); }) == errc::empty);
  CHECK(code([](sweep_plan& p) { p.checks.clear(); }) == errc::empty);
  CHECK(code([](sweep_plan& p) { p.attacks[1] = "none"; }) == errc::duplicate);
  CHECK(code([](sweep_plan& p) { p.checks[1] = p.checks[0]; }) == errc::duplicate);
  CHECK(code([](sweep_plan& p) { p.checks[1].tokens_per_unit = 0; }) == errc::out_of_range);
  CHECK(code([](sweep_plan& p) { p.checks[1].bytes_per_token = std::nan(""); }) == errc::out_of_range);
  CHECK(code([](sweep_plan& p) { p.false_positive_rate = 0; }) == errc::out_of_range);
  CHECK(code([](sweep_plan& p) { p.batches = 0; }) == errc::out_of_range);
  CHECK(code([](sweep_plan& p) { p.intervals.resamples = 1; }) == errc::insufficient_data);
  CHECK(swept(toy_plan(), toy_source{true}).error().code == errc::io_failure);
}
