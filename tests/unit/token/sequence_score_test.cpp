// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/sequence_score.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

#include <nlohmann/json.hpp>

#include <assay/random/stream.hpp>
#include <assay/stats/quantile.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
const score_limits limits{0.5, 1, -20};

token_score scored(double margin, double finite = -1) {
  token_score s;
  s.margin = margin;
  s.finite_margin = finite >= 0 ? finite : margin;
  s.exact = margin == 0;
  s.filtered = std::isinf(margin);
  s.probability = 0.5;
  s.cross_entropy = 0.25;
  return s;
}

}  // namespace

TEST_CASE("sequence score: the published aggregation", "[token]") {
  sequence_score s(limits);
  sequence_score at_cap(score_limits{0.29496, 1, -20});
  std::vector<double> margins;
  for (int i = 0; i < 17; ++i) margins.push_back(0);
  for (double m : {0.02, 0.3, infinity}) margins.push_back(m);
  CHECK(*stats::margin_cap(margins) == Approx(0.29496));
  for (double m : margins) {
    s.add(scored(m, std::isinf(m) ? 0.1 : m));
    at_cap.add(scored(m, std::isinf(m) ? 0.1 : m));
  }
  CHECK(s.tokens() == 20);
  CHECK(s.exact() == 17);
  CHECK(s.mismatches() == 3);
  CHECK(s.match_rate() == Approx(0.85));
  CHECK(s.mean_capped_margin() == Approx(0.041));
  CHECK(at_cap.mean_capped_margin() == Approx(0.030496));
  CHECK(s.mean_kept_margin() == Approx(0.016842105263157894));
  CHECK(s.filtered_rate() == Approx(0.05));
  CHECK(s.mean_capped_finite_margin() == Approx((0.02 + 0.3 + 0.1) / 20));
  CHECK(s.mean_cross_entropy() == Approx(0.25));
  CHECK(s.largest_margin() == 0.3);
  const double gls = 17 * std::log(0.5) + gumbel_likelihood(0.02) + gumbel_likelihood(0.3) - 20;
  CHECK(s.mean_likelihood() == Approx(gls / 20));
}

TEST_CASE("sequence score: an empty one is all zeros", "[token]") {
  const sequence_score s(limits);
  CHECK((s.tokens() == 0 && s.match_rate() == 0 && s.mean_capped_margin() == 0 && s.mean_kept_margin() == 0 &&
         s.mean_likelihood() == 0 && s.largest_margin() == 0 && s.margins().total() == 0));
}

TEST_CASE("sequence score: merging parts in any order gives the bits of the whole", "[token]") {
  random_stream r(seed{}, "merge");
  sequence_score whole(limits);
  std::vector<sequence_score> parts(5, sequence_score(limits));
  for (int i = 0; i < 4000; ++i) {
    token_score s = scored(r.below(10) < 8 ? 0 : r.exponential() * 0.3);
    if (r.below(200) == 0) s.margin = infinity, s.filtered = true;
    s.cross_entropy = r.exponential();
    whole.add(s);
    parts[r.below(5)].add(s);
  }
  sequence_score up(limits), down(limits);
  for (std::size_t i = 0; i < 5; ++i) {
    up.merge(parts[i]);
    down.merge(parts[4 - i]);
  }
  CHECK(up == whole);
  CHECK(down == whole);
}

TEST_CASE("sequence score: margins are counted at their thresholds", "[token]") {
  CHECK(margin_counts::threshold(0) == 0x1p-10);
  CHECK(margin_counts::threshold(1) == 0x1.8p-10);
  CHECK(margin_counts::threshold(2) == 0x1p-9);
  CHECK(margin_counts::threshold(31) == 48);
  for (std::size_t j = 0; j < margin_counts::thresholds; ++j) {
    margin_counts c;
    c.add(std::nextafter(margin_counts::threshold(j), 0.0));
    CHECK(c.reaching(j) == 0);
    c.add(margin_counts::threshold(j));
    CHECK(c.reaching(j) == 1);
    if (j > 0) CHECK(c.reaching(j - 1) == 2);
  }
  margin_counts edge;
  for (double m : {0.0, -0.0, 5e-324, 1e-5}) edge.add(m);
  CHECK(edge.reaching(0) == 0);
  for (double m : {1e300, infinity}) edge.add(m);
  CHECK(edge.reaching(31) == 2);
  CHECK(edge.total() == 6);
}

TEST_CASE("sequence score: a few large margins stand out where the mean does not", "[token]") {
  random_stream r(seed{}, "tail");
  margin_counts honest;
  const auto honest_margin = [&] { return r.below(50) == 0 ? r.exponential() * 0.05 : 0.0; };
  for (int i = 0; i < 100000; ++i) honest.add(honest_margin());
  sequence_score clean(limits), cheat(limits);
  for (int i = 0; i < 1000; ++i) {
    const double m = honest_margin();
    clean.add(scored(m));
    cheat.add(scored(i % 250 == 0 ? 2.0 : m));
  }
  const auto quiet = tail_excess_of(clean.margins(), honest), loud = tail_excess_of(cheat.margins(), honest);
  CHECK(quiet->score < 3);
  CHECK(loud->score > 15);
  CHECK(loud->threshold >= 0.5);
  CHECK(tail_excess_of(clean.margins(), margin_counts{}).error().code == errc::insufficient_data);
  CHECK(tail_excess_of(margin_counts{}, honest)->score == 0);
}

TEST_CASE("sequence score: a report names the worst request beside the pool", "[token]") {
  margin_counts honest;
  for (int i = 0; i < 10000; ++i) honest.add(i % 100 == 0 ? 0.01 : 0);
  std::vector<sequence_score> requests(100, sequence_score(limits));
  for (std::size_t q = 0; q < requests.size(); ++q)
    for (int i = 0; i < 200; ++i)
      requests[q].add(
          scored(q == 37 && i < 3 ? 5.0 : (i == 7 && q == 5 ? infinity : 0.0), q == 5 && i == 7 ? 0.001 : -1));
  const auto report = report_of(requests, honest);
  REQUIRE(report);
  CHECK(report->pooled.tokens() == 20000);
  CHECK(report->pooled.match_rate() > 0.999);
  CHECK(report->margin.index == 37);
  CHECK(report->mismatch.index == 37);
  CHECK(report->tail.index == 37);
  CHECK(report->tail.value > 10);
  CHECK(report->filtered.index == 5);
  CHECK(report->filtered.value == Approx(1.0 / 200));
  CHECK(report_of({}, honest).error().code == errc::insufficient_data);
  CHECK(report_of(requests, {}).error().code == errc::insufficient_data);
}

TEST_CASE("sequence score: limits that make no sense are refused", "[token]") {
  CHECK(validate(limits));
  for (const score_limits bad : {score_limits{0, 1, -20},
                                 {infinity, 1, -20},
                                 {std::nan(""), 1, -20},
                                 {1, 0, -20},
                                 {1, 1, 0},
                                 {1, 1, -infinity},
                                 {1, std::nan(""), -20}})
    CHECK(validate(bad).error().code == errc::invalid_settings);
}
