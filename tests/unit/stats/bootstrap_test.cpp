// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/bootstrap.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace assay;
using stats::bootstrap_kind;
using stats::bootstrap_settings;
using stats::score_blocks;

namespace {

seed numbered(unsigned n) {
  seed s;
  s.bytes[0] = static_cast<std::byte>(n);
  s.bytes[1] = static_cast<std::byte>(n >> 8);
  return s;
}

/// Sequences whose scores share a normal shift: `own` is the standard deviation of a token, `shared` of a sequence.
score_blocks sequences(random_stream& stream, std::size_t count, std::size_t length, double mean, double own,
                       double shared) {
  score_blocks blocks;
  std::vector<double> scores(length);
  for (std::size_t i = 0; i < count; ++i) {
    const double shift = mean + shared * stream.normal();
    for (double& s : scores) s = shift + own * stream.normal();
    REQUIRE(blocks.add(scores));
  }
  return blocks;
}

/// How often the 95 % interval of a mean holds the true one. skewed: exponential scores of single tokens.
double coverage(bootstrap_kind kind, bool as_tokens, bool skewed) {
  int held = 0;
  constexpr int trials = 400;
  for (int t = 0; t < trials; ++t) {
    random_stream stream{numbered(static_cast<unsigned>(t)), "coverage"};
    score_blocks blocks;
    if (skewed) {
      for (int i = 0; i < 25; ++i) {
        const double one[]{stream.exponential()};
        REQUIRE(blocks.add(one));
      }
    } else {
      blocks = sequences(stream, 30, 8, 1, 1, 1);
    }
    score_blocks tokens;
    for (double v : blocks.values()) REQUIRE(tokens.add(std::span{&v, 1}));
    const score_blocks* samples[]{as_tokens ? &tokens : &blocks};
    const auto found = stats::block_bootstrap(
        samples, {.resamples = 400, .confidence = 0.95, .kind = kind}, numbered(static_cast<unsigned>(t)),
        [](std::span<const std::vector<double>> s) { return stats::mean(s[0]); });
    REQUIRE(found);
    held += found->limits.low <= 1 && 1 <= found->limits.high;
  }
  return static_cast<double>(held) / trials;
}

}  // namespace

TEST_CASE("bootstrap: intervals of whole sequences cover, those of single tokens do not", "[stats]") {
  // 400 trials: the standard error of a coverage of .95 is .011; 30 sequences leave percentile intervals a little short.
  CHECK(coverage(bootstrap_kind::percentile, false, false) > 0.90);
  CHECK(coverage(bootstrap_kind::bca, false, false) > 0.90);
  CHECK(coverage(bootstrap_kind::percentile, true, false) < 0.75);
}

TEST_CASE("bootstrap: BCa shifts the interval of a skewed sample the right way", "[stats]") {
  const double plain = coverage(bootstrap_kind::percentile, false, true);
  const double corrected = coverage(bootstrap_kind::bca, false, true);
  CHECK(corrected > plain);
  CHECK(corrected > 0.90);
}

TEST_CASE("bootstrap: levels of BCa", "[stats]") {
  // Without bias and skewness they are the percentile's; with a = .1 and no bias, Phi(z / (1 - .1 z)).
  std::vector<double> replicates;
  for (int i = -500; i <= 500; ++i) replicates.push_back(i);
  const auto plain = stats::detail::bca_levels(replicates, 0, 0, 0.9);
  CHECK(plain.low == Approx(0.05).epsilon(1e-9));
  CHECK(plain.high == Approx(0.95).epsilon(1e-9));
  const auto skewed = stats::detail::bca_levels(replicates, 0, 0.1, 0.9);
  CHECK(skewed.low == Approx(0.5 * std::erfc(1.6448536269514722 / 1.16448536269514722 / std::sqrt(2.0))));
  CHECK(skewed.high == Approx(1 - 0.5 * std::erfc(1.6448536269514722 / 0.83551463730485278 / std::sqrt(2.0))));
  CHECK(stats::detail::normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-12));
}

TEST_CASE("bootstrap: the jackknife's acceleration of a mean is a sixth of its skewness over root n", "[stats]") {
  const std::vector<double> values{1, 1, 2, 3, 5, 8, 13, 21};
  score_blocks blocks;
  for (const double& v : values) REQUIRE(blocks.add(std::span{&v, 1}));
  const score_blocks* samples[]{&blocks};
  auto statistic = [](std::span<const std::vector<double>> s) { return stats::mean(s[0]); };
  stats::detail::block_resampler resampler{samples, statistic};
  double squares = 0, cubes = 0;
  for (double v : values) squares += std::pow(v - 6.75, 2), cubes += std::pow(v - 6.75, 3);
  CHECK(*resampler.acceleration() == Approx(cubes / (6 * std::pow(squares, 1.5))));
}

TEST_CASE("bootstrap: the same seed gives the same interval, another seed another", "[stats]") {
  random_stream stream{numbered(1), "same"};
  const score_blocks honest = sequences(stream, 40, 16, 0, 1, 0.5), cheat = sequences(stream, 40, 16, 0.8, 1, 0.5);
  const bootstrap_settings how{.resamples = 200};
  const auto once = stats::auc_interval(honest, cheat, how, numbered(2));
  const auto again = stats::auc_interval(honest, cheat, how, numbered(2));
  const auto other = stats::auc_interval(honest, cheat, how, numbered(3));
  REQUIRE((once && again && other));
  CHECK(once->limits.low == again->limits.low);
  CHECK(once->limits.high == again->limits.high);
  CHECK(once->limits.low != other->limits.low);
  CHECK(once->value == *stats::auc(honest.values(), cheat.values()));
  CHECK(once->limits.low < once->value);
  CHECK(once->value < once->limits.high);
}

TEST_CASE("bootstrap: power and partial AUC have intervals too", "[stats]") {
  random_stream stream{numbered(4), "power"};
  const score_blocks honest = sequences(stream, 60, 16, 0, 1, 0.3), cheat = sequences(stream, 60, 16, 2, 1, 0.3);
  const bootstrap_settings how{.resamples = 200, .confidence = 0.95, .kind = bootstrap_kind::bca};
  const auto power = stats::tpr_at_fpr_interval(honest, cheat, 0.01, how, numbered(5));
  const auto area = stats::partial_auc_interval(honest, cheat, 0.05, how, numbered(5));
  REQUIRE((power && area));
  CHECK(power->value == stats::tpr_at_fpr(honest.values(), cheat.values(), 0.01)->true_positive_rate);
  CHECK(area->value == *stats::partial_auc(honest.values(), cheat.values(), 0.05));
  for (const auto& e : {*power, *area}) {
    CHECK(e.limits.low < e.value);
    CHECK(e.value < e.limits.high);
    CHECK(e.limits.high - e.limits.low < 0.3);
  }
}

TEST_CASE("bootstrap: separated samples give [1, 1]", "[stats]") {
  score_blocks low, high;
  for (double v : {0.0, 0.1, 0.2}) {
    REQUIRE(low.add(std::span<const double>{&v, 1}));
    const double above = v + 5;
    REQUIRE(high.add(std::span<const double>{&above, 1}));
  }
  for (bootstrap_kind kind : {bootstrap_kind::percentile, bootstrap_kind::bca}) {
    const auto found = stats::auc_interval(low, high, {.resamples = 50, .confidence = 0.95, .kind = kind}, numbered(6));
    REQUIRE(found);
    CHECK(found->limits.low == 1);
    CHECK(found->limits.high == 1);
  }
}

TEST_CASE("bootstrap: errors", "[stats]") {
  score_blocks none, one;
  const double values[]{1, 2}, bad[]{1, std::numeric_limits<double>::infinity()};
  CHECK(one.add({}).error().code == errc::empty);
  CHECK(one.add(bad).error().code == errc::non_finite);
  CHECK(one.size() == 0);
  REQUIRE(one.add(values));
  CHECK(one.block(0).size() == 2);
  CHECK(stats::auc_interval(one, none, {}, seed{}).error().code == errc::insufficient_data);
  CHECK(stats::auc_interval(one, one, {.resamples = 3}, seed{}).error().code == errc::insufficient_data);
  CHECK(stats::auc_interval(one, one, {.resamples = 100, .confidence = 1}, seed{}).error().code == errc::out_of_range);
  CHECK(stats::auc_interval(one, one, {.resamples = 100, .confidence = 0.9, .kind = bootstrap_kind::bca}, seed{})
            .error()
            .code == errc::insufficient_data);  // a jackknife of one block
  CHECK(stats::block_bootstrap({}, {}, seed{}, [](auto) -> result<double> { return 0.0; }).error().code == errc::empty);
  CHECK(stats::replicate_interval({.resamples = 30}, [] { return result<double>{fail(errc::wrong_state, "no")}; })
            .error()
            .code == errc::wrong_state);
}
