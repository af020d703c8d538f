// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/threshold.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <assay/random/stream.hpp>
#include <assay/stats/block.hpp>

#include "support/catch.hpp"

using namespace assay;
using stats::alarm_bound;
using stats::guarantee;

namespace {

seed seed_of(std::uint64_t n) {
  seed s;
  for (std::size_t i = 0; i < 8; ++i) s.bytes[i] = static_cast<std::byte>(n >> (8 * i));
  return s;
}

constexpr alarm_bound conformal(double alpha) { return {guarantee::conformal, alpha, 0.95}; }
constexpr alarm_bound tolerance(double alpha, double confidence) { return {guarantee::tolerance, alpha, confidence}; }

std::vector<double> uniforms(random_stream& draw, std::size_t n) {
  std::vector<double> v(n);
  for (double& x : v) x = draw.uniform();
  return v;
}

struct rates {
  double mean = 0,
         above = 0;  // of the true exceedances of fitted thresholds; share of fits whose exceedance is above alpha
};

/// Fits many thresholds to uniform values, whose exceedance is known: it is 1 - threshold.
rates fit_often(const alarm_bound& bound, std::size_t n, std::size_t fits, std::uint64_t number) {
  random_stream draw{seed_of(number), "threshold-fits"};
  rates r;
  for (std::size_t i = 0; i < fits; ++i) {
    const double exceedance = 1 - stats::fit_threshold(bound, uniforms(draw, n))->value;
    r.mean += exceedance / static_cast<double>(fits);
    r.above += (exceedance > bound.alpha ? 1.0 : 0.0) / static_cast<double>(fits);
  }
  return r;
}

}  // namespace

TEST_CASE("threshold: the fewest blocks are the textbook's", "[stats]") {
  CHECK(*stats::needed_blocks(conformal(0.05), 1) == 19);
  CHECK(*stats::needed_blocks(conformal(0.01), 1) == 99);
  CHECK(*stats::needed_blocks(conformal(0.001), 1) == 999);
  CHECK(*stats::needed_blocks(conformal(0.01), 4) == 399);
  // Wilks: 95 % of the population below the largest, second, third, fourth largest with 95 % confidence.
  const std::vector<std::uint64_t> wilks{59, 93, 124, 153};
  for (std::uint64_t r = 1; r <= wilks.size(); ++r)
    CHECK(*stats::needed_blocks(tolerance(0.05, 0.95), r) == wilks[r - 1]);
  CHECK(*stats::needed_blocks(tolerance(0.01, 0.95), 1) == 299);
  CHECK(*stats::needed_blocks(tolerance(0.01, 0.99), 1) == 459);
}

TEST_CASE("threshold: one block fewer than needed allows nothing", "[stats]") {
  for (double alpha : {0.3, 0.29, 0.1, 0.07, 0.05, 0.01, 0.003, 1e-4})
    for (const alarm_bound& bound : {conformal(alpha), tolerance(alpha, 0.9), tolerance(alpha, 0.999)})
      for (std::uint64_t cuts : {1u, 2u, 7u})
        for (std::uint64_t distrusted : {0u, 3u}) {
          const std::uint64_t n = *stats::needed_blocks(bound, cuts, distrusted);
          INFO(alpha << ' ' << static_cast<int>(bound.kind) << ' ' << cuts << ' ' << distrusted << ": " << n);
          CHECK(stats::allowed_cuts(bound, n, distrusted) >= cuts);
          CHECK(stats::allowed_cuts(bound, n - 1, distrusted) < cuts);
        }
}

TEST_CASE("threshold: conformal thresholds are the stated order statistic", "[stats]") {
  for (std::size_t n : {9u, 19u, 99u, 100u, 150u, 999u})
    for (double alpha : {0.3, 0.1, 0.05, 0.01}) {
      const auto rank = static_cast<std::uint64_t>(std::ceil(static_cast<double>(n + 1) * (1 - alpha) - 1e-9));
      if (rank > n) continue;
      std::vector<double> v(n);
      for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<double>((i * 7919) % n + 1);  // 1 to n in some order
      const auto fitted = stats::fit_threshold(conformal(alpha), v);
      REQUIRE(fitted);
      CHECK(fitted->value == static_cast<double>(rank));
      CHECK(fitted->cuts == n + 1 - rank);
      CHECK(fitted->blocks == n);
    }
}

TEST_CASE("threshold: tolerance thresholds agree with Clopper and Pearson", "[stats]") {
  for (std::uint64_t n : {59u, 93u, 300u, 1000u, 20000u})
    for (double alpha : {0.2, 0.05, 0.01})
      for (double confidence : {0.8, 0.95, 0.999}) {
        const std::uint64_t cuts = stats::allowed_cuts(tolerance(alpha, confidence), n);
        // cuts - 1 of n exceed the threshold: that refutes a rate of alpha, and one more would not.
        if (cuts > 0) CHECK(*stats::binomial_upper_bound(cuts - 1, n, confidence) <= alpha * (1 + 1e-9));
        CHECK(*stats::binomial_upper_bound(cuts, n, confidence) > alpha);
      }
}

TEST_CASE("threshold: smaller alpha or more confidence never lowers it", "[stats]") {
  random_stream draw{seed_of(1), "threshold"};
  for (std::size_t n : {500u, 1234u}) {
    const auto v = uniforms(draw, n);
    for (auto kind : {guarantee::conformal, guarantee::tolerance}) {
      double last = 2;
      for (double alpha = 0.012; alpha < 0.5; alpha *= 1.07) {
        const double now = stats::fit_threshold({kind, alpha, 0.9}, v)->value;
        CHECK(now <= last);
        last = now;
      }
    }
    double last = 0;
    for (double confidence : {0.1, 0.5, 0.9, 0.99}) {
      const double now = stats::fit_threshold(tolerance(0.05, confidence), v)->value;
      CHECK(now >= last);
      last = now;
    }
  }
}

TEST_CASE("threshold: too few blocks are refused, with the number that is missing", "[stats]") {
  random_stream draw{seed_of(2), "threshold"};
  for (const alarm_bound& bound : {conformal(0.01), tolerance(0.01, 0.95), tolerance(0.05, 0.999)}) {
    auto v = uniforms(draw, 20);
    const auto refused = stats::fit_threshold(bound, v);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::insufficient_data);
    const auto more = uniforms(draw, refused.error().where);
    v.insert(v.end(), more.begin(), more.end());
    CHECK(stats::fit_threshold(bound, v));
    v.pop_back();
    CHECK(stats::fit_threshold(bound, v).error() == fail(errc::insufficient_data, "", 1));
  }
  CHECK(stats::fit_threshold(conformal(0.5), {}).error() == fail(errc::insufficient_data, "", 1));
}

TEST_CASE("threshold: broken values and bounds are refused", "[stats]") {
  constexpr double infinite = std::numeric_limits<double>::infinity(),
                   not_a_number = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> v(100, 1.0);
  for (double bad : {infinite, -infinite, not_a_number}) {
    v[7] = bad;
    CHECK(stats::fit_threshold(conformal(0.1), v).error() == fail(errc::non_finite, "", 7));
  }
  for (double bad : {0.0, 1e-7, 1.0, -0.1, not_a_number, infinite}) {
    CHECK(stats::needed_blocks(conformal(bad), 1).error().code == errc::out_of_range);
    CHECK(stats::needed_blocks(tolerance(bad, 0.9), 1).error().code == errc::out_of_range);
  }
  for (double bad : {0.0, 1.0, not_a_number})
    CHECK(stats::needed_blocks(tolerance(0.1, bad), 1).error().code == errc::out_of_range);
  CHECK(stats::needed_blocks({static_cast<guarantee>(3), 0.1, 0.9}, 1).error().code == errc::unsupported);
  const auto all = std::numeric_limits<std::uint64_t>::max();
  CHECK(stats::needed_blocks(conformal(1e-6), all).error().code == errc::out_of_range);
  CHECK(stats::needed_blocks(conformal(0.1), 1, all).error().code == errc::out_of_range);
  CHECK(stats::allowed_cuts(conformal(0.1), all) == 0);
  CHECK(stats::allowed_cuts(conformal(0.1), 50, all) == 0);
}

TEST_CASE("threshold: fitted rates are what is promised", "[stats]") {
  // n = 150, alpha = 5 %: 7 cuts, so the mean exceedance is 7 / 151; its standard error over 1000 fits is 0.0005.
  const rates c = fit_often(conformal(0.05), 150, 1000, 11);
  CHECK(c.mean == Approx(7.0 / 151).margin(0.0025));
  CHECK(c.above > 0.2);  // and this is what "averaged over samples" means: many a fit is above alpha
  // n = 181, 5 %, 95 %: 5 cuts, for which P(exceedance > alpha) is exactly this.
  const std::uint64_t cuts = stats::allowed_cuts(tolerance(0.05, 0.95), 181);
  CHECK(cuts == 5);
  const double exact = stats::detail::binomial_cdf(cuts - 1, 181, 0.05);
  const rates t = fit_often(tolerance(0.05, 0.95), 181, 1000, 12);
  CHECK(exact <= 0.05);
  CHECK(t.above == Approx(exact).margin(4.5 * std::sqrt(exact * (1 - exact) / 1000)));
}

TEST_CASE("threshold: fitted rates are what is promised, many fits", "[stats][slow]") {
  for (double alpha : {0.01, 0.05})
    for (std::size_t n : {300u, 997u}) {
      constexpr double fits = 10000;
      const rates c = fit_often(conformal(alpha), n, 10000, 21 + n);
      const double cuts = static_cast<double>(stats::allowed_cuts(conformal(alpha), n)),
                   total = static_cast<double>(n) + 1;
      const double spread =
          std::sqrt(cuts * (total - cuts) / (total * total * (total + 1)));  // of a Beta(cuts, n + 1 - cuts)
      CHECK(cuts / total <= alpha);
      CHECK(c.mean == Approx(cuts / total).margin(4 * spread / std::sqrt(fits)));
      for (double confidence : {0.9, 0.95}) {
        const auto bound = tolerance(alpha, confidence);
        const double exact = stats::detail::binomial_cdf(stats::allowed_cuts(bound, n) - 1, n, alpha);
        const rates t = fit_often(bound, n, 10000, 31 + n);
        CHECK(exact <= 1 - confidence);
        CHECK(t.above == Approx(exact).margin(4 * std::sqrt(exact * (1 - exact) / fits)));
      }
    }
}

namespace {

constexpr std::size_t length = 200;

/// Scores of a sequence, most of them 0. Correlated: all tokens of a sequence share a level.
std::vector<double> sequence_tokens(random_stream& draw, bool correlated) {
  const double level = correlated ? std::exp(0.8 * draw.normal()) : 1;
  std::vector<double> tokens(length);
  for (double& t : tokens) t = draw.uniform() < 0.8 ? 0 : level * draw.exponential();
  return tokens;
}

double mean_of(std::span<const double> v) { return *stats::reduce({}, v); }

struct alarms {
  double token_level = 0, block_level = 0;  // false-alarm rates at alpha = 5 %
};

/// Two thresholds from the same 199 honest sequences: one shuffles all tokens into batches as if they were independent,
/// one takes a sequence as a block. Then fresh honest sequences are judged by both.
alarms judge_honest(bool correlated, std::size_t fits, std::uint64_t number) {
  random_stream draw{seed_of(number), "token-or-block"};
  alarms rate;
  for (std::size_t f = 0; f < fits; ++f) {
    std::vector<double> tokens, blocks, batches;
    for (int i = 0; i < 199; ++i) {
      const auto sequence = sequence_tokens(draw, correlated);
      blocks.push_back(mean_of(sequence));
      tokens.insert(tokens.end(), sequence.begin(), sequence.end());
    }
    for (std::size_t i = tokens.size(); i > 1; --i) std::swap(tokens[i - 1], tokens[draw.below(i)]);
    for (std::size_t i = 0; i < 199; ++i) batches.push_back(mean_of(std::span{tokens}.subspan(length * i, length)));
    const double by_token = stats::fit_threshold(conformal(0.05), batches)->value,
                 by_block = stats::fit_threshold(conformal(0.05), blocks)->value;
    for (int i = 0; i < 20; ++i) {
      const double mean = mean_of(sequence_tokens(draw, correlated));
      rate.token_level += (mean > by_token ? 1.0 : 0.0) / (20 * static_cast<double>(fits));
      rate.block_level += (mean > by_block ? 1.0 : 0.0) / (20 * static_cast<double>(fits));
    }
  }
  return rate;
}

}  // namespace

TEST_CASE("threshold: tokens of a sequence are not independent, and a threshold that counts them so is wrong",
          "[stats]") {
  const alarms alike = judge_honest(false, 60, 41), dependent = judge_honest(true, 60, 42);
  INFO(alike.token_level << ' ' << alike.block_level << ' ' << dependent.token_level << ' ' << dependent.block_level);
  CHECK(alike.token_level < 0.075);
  CHECK(alike.block_level < 0.075);
  CHECK(dependent.block_level < 0.075);
  CHECK(dependent.token_level > 0.1);  // more than twice what was asked for
}

TEST_CASE("threshold: what poisoned blocks can do is bounded", "[stats]") {
  random_stream draw{seed_of(51), "poison"};
  constexpr std::size_t n = 300, fits = 600;
  const auto bound = conformal(0.05);  // 15 cuts
  for (std::size_t poisoned : {0u, 5u, 14u, 15u, 40u}) {
    double lifted = 0, lowered = 0;
    for (std::size_t f = 0; f < fits; ++f) {
      auto v = uniforms(draw, n);
      for (double dirt : {1e9, 0.0}) {  // loosen the threshold, or tighten it to frame others
        std::fill_n(v.begin(), poisoned, dirt);
        const double exceedance = std::max(0.0, 1 - stats::fit_threshold(bound, v)->value);
        (dirt > 1 ? lifted : lowered) += exceedance / fits;
      }
    }
    const auto effect = stats::poisoning_effect(n, 15, poisoned);
    INFO(poisoned << ": " << lifted << " >= " << effect.least << ", " << lowered << " <= " << effect.most);
    CHECK(lifted == Approx(effect.least).margin(0.002));  // the bounds are attained
    CHECK(lowered == Approx(effect.most).margin(0.002));
    CHECK((effect.least > 0) == (poisoned < 15));  // as many poisoned as cuts: no power is left
  }
  // With `distrusted` the bound holds against the worst of them, at the price of a higher threshold.
  for (std::size_t poisoned : {5u, 14u}) {
    const std::uint64_t cuts = stats::allowed_cuts(bound, n, poisoned);
    CHECK(stats::poisoning_effect(n, cuts, poisoned).most <= 0.05);
    CHECK(stats::poisoning_effect(n, cuts + 1, poisoned).most > 0.05);
  }
  const auto needed = *stats::needed_blocks(bound, 15 + 1, 15);
  CHECK(stats::poisoning_effect(needed, stats::allowed_cuts(bound, needed, 15), 15).least > 0);
}

TEST_CASE("threshold: a decision as large as the pool is refused", "[stats]") {
  CHECK(stats::check_pool_share(100, 1000));
  CHECK(stats::check_pool_share(100, 999).error() == fail(errc::insufficient_data, "", 1));
  CHECK(stats::check_pool_share(500, 1000).error() == fail(errc::insufficient_data, "", 4000));
  CHECK(stats::check_pool_share(500, 1000, 0.5));
  CHECK(stats::check_pool_share(0, 0));
  CHECK(stats::check_pool_share(std::numeric_limits<std::uint64_t>::max(), 0).error().code == errc::insufficient_data);
  for (double bad : {0.0, 1.5, -1.0, std::nan("")})
    CHECK(stats::check_pool_share(1, 1000, bad).error().code == errc::out_of_range);
}
