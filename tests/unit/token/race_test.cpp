// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/race.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include <assay/random/sglang_noise.hpp>
#include <assay/random/stream.hpp>
#include <assay/token/choice_spread.hpp>
#include <assay/token/filter_rules.hpp>
#include <assay/token/gumbel_likelihood.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

/// SGLang's sampler as it is written: sort the whole row, mask, add the noise of each column to the log-probability.
struct sorted_race {
  std::vector<std::uint32_t> order;  ///< descending, equals by id
  std::vector<double> z;             ///< of each column; -infinity if masked

  sorted_race(const std::vector<float>& row, const filter_settings& f, noise_key key, std::uint32_t step) : z(row.size()) {
    for (std::uint32_t i = 0; i < row.size(); ++i) order.push_back(i);
    const float t = f.sampler.temperature;
    const bool sorts = f.sampler.top_k != 0 || f.sampler.top_p < 1;
    if (sorts) std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return row[a] / t > row[b] / t; });
    double sum = 0, running = 0;
    for (float v : row) sum += std::exp(static_cast<double>(v / t));
    for (std::uint32_t column = 0; column < row.size(); ++column) {
      const double p = std::exp(static_cast<double>(row[order[column]] / t)) / sum;
      const bool beyond = f.sampler.top_k != 0 && column >= f.sampler.top_k;
      const bool masked = beyond || (f.sampler.top_p < 1 && running > static_cast<double>(f.sampler.top_p));
      running += p;
      z[column] = masked ? -std::numeric_limits<double>::infinity()
                         : std::log(p) + sglang_noise{}.gumbel(key, step, token_id{column});
    }
  }
  std::uint32_t winner() const { return order[static_cast<std::size_t>(std::max_element(z.begin(), z.end()) - z.begin())]; }
  /// In logits.
  double margin(std::uint32_t id, double temperature) const {
    const auto column = static_cast<std::size_t>(std::find(order.begin(), order.end(), id) - order.begin());
    return temperature * (*std::max_element(z.begin(), z.end()) - z[column]);
  }
};

filter_settings sglang(float temperature, std::uint32_t k, float p) {
  filter_settings f;
  f.rule = filter_rule::sglang;
  f.sampler = {temperature, k, p};
  return f;
}

}  // namespace

TEST_CASE("race: noise by rank is that of SGLang's sorted rows, by id without filters", "[token]") {
  random_stream r(seed{}, "ranked");
  token_workspace work;
  for (int i = 0; i < 2000; ++i) {
    const std::size_t n = 2 + r.below(i % 10 == 0 ? 2000 : 40);
    std::vector<float> row(n);
    for (float& v : row) v = static_cast<float>(2 * r.normal());
    const filter_settings choices[] = {sglang(1, 0, 1), sglang(0.7f, 8, 1), sglang(1, 0, 0.9f), sglang(1.3f, 20, 0.95f), sglang(1, 5000, 1)};
    const filter_settings& f = choices[r.below(std::size(choices))];
    const noise_key key{r.next_u32(), r.next_u32()};
    const std::uint32_t step = r.next_u32();
    const sorted_race expected(row, f, key, step);
    const auto claimed = static_cast<std::uint32_t>(r.below(n));
    const auto token = sample_token(std::span<const float>(row), f, key, step, work, sglang_noise{});
    REQUIRE(token.value().value == expected.winner());
    std::vector<token_id> ids;
    for (std::uint32_t j = 0; j < n; ++j) ids.push_back(token_id{j});
    const auto whole = score_token(std::span<const float>(row), f, key, step, token_id{claimed}, work, sglang_noise{});
    const auto sparse = score_token(sparse_logits{ids, row}, f, key, step, token_id{claimed}, work, sglang_noise{});
    for (const auto& s : {whole, sparse}) {
      REQUIRE(s);
      CHECK(s->predicted == *token);
      const double margin = expected.margin(claimed, static_cast<double>(f.sampler.temperature));
      CHECK(s->filtered == std::isinf(margin));
      if (!s->filtered) CHECK(s->margin == Approx(margin).margin(1e-4));
      CHECK(s->finite_margin >= 0);
      CHECK(std::isfinite(s->finite_margin));
    }
    CHECK(whole->finite_margin == sparse->finite_margin);
    CHECK(score_with_spread(std::span<const float>(row), f, key, step, token_id{claimed}, work, sglang_noise{})->score.margin == whole->margin);
    CHECK(choices_within(std::span<const float>(row), f, key, step, 1e-9, work, sglang_noise{}).value() >= 1);
  }
}

TEST_CASE("race: swapped neighbours swap the noise of their ranks", "[token]") {
  token_workspace work;
  const filter_settings f = sglang(1, 2, 1);
  const std::vector<float> one{1.0f, 1.001f, -5}, other{1.001f, 1.0f, -5};
  int turned = 0;
  for (std::uint32_t step = 0; step < 100; ++step) {
    const auto a = sample_token(std::span<const float>(one), f, {1, 2}, step, work, sglang_noise{});
    const auto b = sample_token(std::span<const float>(other), f, {1, 2}, step, work, sglang_noise{});
    turned += a->value != b->value;
  }
  CHECK(turned == 100);
}

TEST_CASE("race: noise by rank has no meaning under other engines' filters", "[token]") {
  token_workspace work;
  const std::vector<float> row{1, 2, 3, 4};
  const std::span<const float> whole(row);
  filter_settings f = sglang(1, 2, 1);
  for (filter_rule rule : {filter_rule::vllm_sort, filter_rule::vllm_triton, filter_rule::llama_cpp, filter_rule::descending_keep}) {
    f.rule = rule;
    CHECK(sample_token(whole, f, {}, 0, work, sglang_noise{}).error().code == errc::unsupported);
    CHECK(score_token(whole, f, {}, 0, token_id{1}, work, sglang_noise{}).error().code == errc::unsupported);
    CHECK(score_with_spread(whole, f, {}, 0, token_id{1}, work, sglang_noise{}).error().code == errc::unsupported);
    CHECK(choices_within(whole, f, {}, 0, 1, work, sglang_noise{}).error().code == errc::unsupported);
  }
  CHECK(sample_token(whole, sampler_settings{1, 2, 1}, {}, 0, work, sglang_noise{}).error().code == errc::unsupported);
  CHECK(sample_token(whole, sampler_settings{1, 0, 1}, {}, 0, work, sglang_noise{}));
  CHECK(sample_token(whole, sampler_settings{0, 2, 1}, {}, 0, work, sglang_noise{}));
}
