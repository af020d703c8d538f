// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Laws of the scores beyond the margin, over random rows and by simulation. Measured figures: run with -s.
#include <assay/token.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

#include <assay/random.hpp>
#include <assay/stats.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

std::size_t allocations = 0;

using row_view = std::span<const float>;

std::vector<float> draw_row(random_stream& r, std::size_t n, double spread) {
  std::vector<float> row(n);
  for (float& l : row) l = static_cast<float>(spread * r.normal());
  return row;
}

/// A provider whose logits differ from the verifier's by Gaussian noise, one sequence at a time.
struct noisy_provider {
  double sigma;
  sampler_settings settings;
  token_workspace work{};

  /// Sequences differ in how peaked their distributions are, so that tokens of one are alike.
  noise_sums sequence(random_stream& r, std::uint32_t tokens) {
    noise_sums sums;
    const double spread = 1 + 2 * r.uniform();
    const noise_key key{r.next_u32(), r.next_u32()};
    for (std::uint32_t step = 0; step < tokens; ++step) {
      const auto row = draw_row(r, 50, spread);
      auto served = row;
      for (float& l : served) l += static_cast<float>(sigma * r.normal());
      const auto claimed = sample_token(served, settings, key, step, work);
      sums.add(*score_with_spread(row_view(row), settings, key, step, *claimed, work), settings);
    }
    return sums;
  }
};

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t n) {
  ++allocations;
  if (void* p = std::malloc(n == 0 ? 1 : n)) return p;
  throw std::bad_alloc();
}
// The standard library's temporary buffers come from here and go back through the plain delete below.
[[gnu::noinline]] void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(n == 0 ? 1 : n);
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

TEST_CASE("scores law: no token allocates once the workspace is warm", "[token]") {
  random_stream r(seed{}, "law allocations");
  token_workspace work;
  constexpr noise_key key{1, 2};
  sequence_score sequence(score_limits{.margin_cap = 0.5});
  noise_sums noise;
  filter_settings llama;
  llama.rule = filter_rule::llama_cpp;
  llama.sampler = {0.8f, 40, 0.95f};
  std::vector<std::vector<float>> rows;
  std::vector<recorded_logits> tops;
  for (int i = 0; i < 6; ++i) {
    rows.push_back(draw_row(r, 4000, 2));
    tops.push_back(*top_logits(rows.back(), 50));
  }
  const auto audit = [&](const auto& row, token_id claimed, std::uint32_t step) {
    for (const sampler_settings settings : {sampler_settings{1, 50, 0.95f}, {0.7f, 0, 1}, {0, 0, 1}}) {
      const auto choice = score_with_spread(row, settings, key, step, claimed, work);
      sequence.add(choice->score);
      noise.add(choice->score, choice->spread.gini, settings);
      (void)surprisal(choice->score, settings, 0.1);
      (void)classify(choice->score);
      (void)choices_within(row, settings, key, step, 1, work);
      (void)spread_of(row, settings, work);
    }
    (void)score_llama_dist(row, llama, 0.3, claimed, work);
    (void)score_inverse_cdf(row, 0.3, claimed, work);
  };
  for (std::uint32_t pass = 0; pass < 2; ++pass) {
    const std::size_t before = allocations;
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      audit(row_view(rows[i]), tops[i].ids[3], i);
      audit(tops[i].view(), tops[i].ids[3], i);
    }
    if (pass == 1) CHECK(allocations == before);
  }
}

TEST_CASE("scores law: GLS falls with the margin and rises with sigma", "[token]") {
  random_stream r(seed{}, "law gls");
  for (int i = 0; i < 3000; ++i) {
    const double margin = std::exp(12 * r.uniform() - 8), sigma = std::exp(8 * r.uniform() - 5);
    REQUIRE(gumbel_likelihood(margin * 1.01, sigma) < gumbel_likelihood(margin, sigma));
    REQUIRE(gumbel_likelihood(margin, sigma * 1.01) > gumbel_likelihood(margin, sigma));
    REQUIRE(gumbel_likelihood(margin * 4, sigma * 4) == gumbel_likelihood(margin, sigma));
  }
}

TEST_CASE("scores law: an inverse-CDF sampler's choice scores exact, at no distance, in its own interval", "[token]") {
  random_stream r(seed{}, "law inverse cdf");
  token_workspace work;
  for (int i = 0; i < 2000; ++i) {
    const auto row = draw_row(r, 1 + r.below(300), 2);
    const double u = r.uniform();
    const auto token = sample_inverse_cdf(row, u, work);
    const auto own = score_inverse_cdf(row_view(row), u, *token, work);
    REQUIRE(own->exact);
    REQUIRE(own->distance == 0);
    REQUIRE(own->low <= u + 1e-12);
    REQUIRE(u <= own->high + 1e-12);
    const token_id other{static_cast<std::uint32_t>(r.below(row.size()))};
    const auto score = score_inverse_cdf(row_view(row), u, other, work);
    REQUIRE(score->predicted == *token);
    REQUIRE(score->exact == (other == *token));
    std::vector<token_id> ids;
    for (std::uint32_t id = 0; id < row.size(); ++id) ids.push_back(token_id{id});
    const auto sparse = score_inverse_cdf(sparse_logits{ids, row}, u, other, work);
    REQUIRE(sparse->low == score->low);
    REQUIRE(sparse->high == score->high);
    REQUIRE(sparse->predicted == score->predicted);
  }
}

TEST_CASE("scores law: the shifted draw falls somewhere: CGS of all tokens sums to one but for what leaves [0, 1]",
          "[token]") {
  random_stream r(seed{}, "law cgs");
  token_workspace work;
  for (int i = 0; i < 200; ++i) {
    const auto row = draw_row(r, 40, 2);
    const double u = 0.1 + 0.8 * r.uniform();
    double sum = 0;
    for (std::uint32_t id = 0; id < 40; ++id)
      sum += std::exp(cdf_likelihood(*score_inverse_cdf(row_view(row), u, token_id{id}, work), u));
    REQUIRE(sum == Approx(1).epsilon(1e-9));
  }
}

TEST_CASE("scores law: inverse-CDF samplers draw from the softmax", "[token]") {
  random_stream r(seed{}, "law frequencies");
  token_workspace work;
  const auto row = draw_row(r, 12, 1.5);
  std::vector<double> counts(12), p(12);
  double sum = 0;
  for (std::size_t i = 0; i < 12; ++i) sum += p[i] = std::exp(static_cast<double>(row[i]));
  constexpr int n = 40000;
  auto dist = *llama_dist::make(77);
  for (int i = 0; i < n; ++i) ++counts[sample_inverse_cdf(row, dist.next(), work)->value];
  double chi = 0;
  for (std::size_t i = 0; i < 12; ++i)
    chi += (counts[i] - n * p[i] / sum) * (counts[i] - n * p[i] / sum) / (n * p[i] / sum);
  CHECK(chi < 31.3);  // 11 degrees of freedom: 0.1 %
}

TEST_CASE("scores law: random seeds fit a token as often as its surprisal says, also with a tolerance", "[token]") {
  random_stream r(seed{}, "law grinding");
  token_workspace work;
  const sampler_settings settings{0.8f, 20, 0.98f};
  for (double tolerance : {0.0, 0.1, 1.0})
    for (int i = 0; i < 4; ++i) {
      const auto row = draw_row(r, 60, 1.2);
      const token_id claimed = *sample_token(row, settings, {1, 2}, static_cast<std::uint32_t>(i), work);
      const auto score = score_token(row, settings, {1, 2}, 0, claimed, work);
      const double want = std::exp(-surprisal(*score, settings, tolerance));
      constexpr int n = 20000;
      int fits = 0;
      for (int s = 0; s < n; ++s)
        fits += score_token(row, settings, {r.next_u32(), r.next_u32()}, 0, claimed, work)->margin <= tolerance;
      INFO("tolerance " << tolerance << " p " << score->probability);
      CHECK(std::abs(static_cast<double>(fits) / n - want) < 4.5 * std::sqrt(want * (1 - want) / n) + 1e-6);
    }
}

TEST_CASE("scores law: near ties, and with them the room for substitutions, are G epsilon / T of the tokens",
          "[token]") {
  random_stream r(seed{}, "law near ties");
  token_workspace work;
  const sampler_settings settings{0.7f, 0, 1};
  constexpr double epsilon = 0.02;
  double ties = 0, want = 0;
  constexpr int n = 30000;
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto row = draw_row(r, 30, 2);
    ties += *choices_within(row_view(row), settings, {3, 4}, i, epsilon, work) - 1;
    want += spread_of(row_view(row), settings, work)->gini * epsilon / 0.7;
  }
  CHECK(ties / n == Approx(want / n).epsilon(0.12));  // about 500 ties: a standard error of 4.5 %
}

TEST_CASE("scores law: independent honest tokens exceed a tail score of x at most e^-x of the time", "[token]") {
  random_stream r(seed{}, "law tail");
  const auto margin = [&] { return r.below(60) == 0 ? 0.05 * r.exponential() : 0.0; };
  margin_counts honest;
  for (int i = 0; i < 300000; ++i) honest.add(margin());
  constexpr int n = 3000;
  int above_1 = 0, above_3 = 0;
  for (int i = 0; i < n; ++i) {
    margin_counts sequence;
    for (int t = 0; t < 300; ++t) sequence.add(margin());
    const double score = tail_excess_of(sequence, honest)->score;
    above_1 += score >= 1;
    above_3 += score >= 3;
  }
  CHECK(above_1 <= n * std::exp(-1.0));
  CHECK(above_3 <= n * std::exp(-3.0));
}

TEST_CASE("scores law: implied noise follows the truth over its whole range", "[token]") {
  random_stream r(seed{}, "law sigma");
  // The last three with filters, whose borders move with the noise too.
  using setting = std::pair<double, sampler_settings>;
  for (const auto& [sigma, settings] :
       {setting{0.03, {1, 0, 1}}, {0.1, {1, 0, 1}}, {0.2, {0.5f, 0, 1}}, {0.2, {1.5f, 0, 1}}, {0.1, {1, 40, 0.95f}}, {0.2, {1, 20, 1}}, {0.1, {1, 0, 0.9f}}}) {
    noisy_provider provider{sigma, settings};
    noise_sums sums;
    for (int q = 0; q < 60; ++q) sums.merge(provider.sequence(r, 400));
    const auto level = implied_noise(sums);
    INFO("sigma " << sigma << " T " << settings.temperature << " k " << settings.top_k << " p " << settings.top_p);
    CHECK(level->sigma == Approx(sigma).epsilon(0.13));  // 24,000 tokens: standard errors from 2 to 5 %
    CHECK(level->mismatch_ratio == Approx(1).epsilon(0.2));
  }
}

TEST_CASE("scores law: implied noise is within 5 % of the truth at 10,000 tokens, and its limits cover",
          "[token][slow]") {
  random_stream r(seed{}, "law sigma slow");
  for (double sigma : {0.05, 0.1, 0.2}) {
    noisy_provider provider{sigma, {1, 0, 1}};
    double sum = 0, squares = 0, mismatch_sum = 0;
    int covered = 0, within = 0;
    constexpr int runs = 200;
    for (int run = 0; run < runs; ++run) {
      std::vector<noise_sums> sequences;
      for (int q = 0; q < 50; ++q) sequences.push_back(provider.sequence(r, 200));
      const auto level = implied_noise(sequences, 0.95);
      const double error = level->sigma / sigma - 1;
      sum += error;
      squares += error * error;
      mismatch_sum += level->sigma_of_mismatches / sigma;
      within += std::abs(error) < 0.05;
      covered += level->low <= sigma && sigma <= level->high;
    }
    const double bias = sum / runs, rms = std::sqrt(squares / runs), by_mismatch = mismatch_sum / runs;
    const double coverage = static_cast<double>(covered) / runs, share_within = static_cast<double>(within) / runs;
    INFO("sigma " << sigma);
    CHECK(std::abs(bias) < 0.03);
    CHECK(rms < 0.07);
    CHECK(share_within > 0.5);
    CHECK(by_mismatch == Approx(1).epsilon(0.04));
    CHECK(coverage > 0.88);
  }
}

TEST_CASE("scores law: limits from few sequences cover, too", "[token][slow]") {
  random_stream r(seed{}, "law sigma few");
  noisy_provider provider{0.1, {1, 0, 1}};
  for (int count : {3, 10}) {
    int covered = 0;
    constexpr int runs = 400;
    for (int run = 0; run < runs; ++run) {
      std::vector<noise_sums> sequences;
      for (int q = 0; q < count; ++q) sequences.push_back(provider.sequence(r, 200));
      const auto level = implied_noise(sequences, 0.95);
      covered += level->low <= 0.1 && 0.1 <= level->high;
    }
    const double coverage = static_cast<double>(covered) / runs;
    INFO(count << " sequences");
    CHECK(coverage > 0.88);
  }
}
