// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Laws of sampling and scoring over random rows and settings.
#include <assay/token.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <assay/random.hpp>
#include <assay/token/filter_reference.hpp>
#include <assay/token/filter_rules.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

struct trial {
  std::vector<float> row;
  sampler_settings settings;
  noise_key key;
  std::uint32_t step;
};

trial draw_trial(random_stream& r) {
  trial t;
  const std::size_t sizes[] = {1, 2, 7, 33, 100, 1000, 5000};
  t.row.resize(sizes[r.below(7)]);
  const double spread = r.below(2) == 0 ? 1.0 : 5.0;
  const bool coarse = r.below(3) == 0;  // many ties
  for (float& v : t.row) {
    const double x = r.normal() * spread;
    v = static_cast<float>(coarse ? std::round(x * 2) / 2 : x);
  }
  const float temperatures[] = {0.3f, 0.7f, 1.0f, 1.5f, 3.0f};
  const std::uint32_t ks[] = {0, 1, 5, 50, 400};
  const float ps[] = {1, 0.95f, 0.5f, 0.05f, 0.999f};
  t.settings = {temperatures[r.below(5)], ks[r.below(5)], ps[r.below(5)]};
  t.key = {r.next_u32(), r.next_u32()};
  t.step = r.next_u32();
  return t;
}

bool same(const token_score& a, const token_score& b) {
  return a.margin == b.margin && a.finite_margin == b.finite_margin && a.exact == b.exact && a.filtered == b.filtered &&
         a.predicted == b.predicted && a.logit_rank == b.logit_rank && a.gumbel_rank == b.gumbel_rank &&
         a.probability == b.probability && a.cross_entropy == b.cross_entropy;
}

}  // namespace

TEST_CASE("token law: the fast paths equal the reference, bit for bit", "[token]") {
  random_stream r(seed{}, "law reference");
  token_workspace work;
  for (int i = 0; i < 1500; ++i) {
    const trial t = draw_trial(r);
    INFO("trial " << i << " V " << t.row.size() << " T " << t.settings.temperature << " k " << t.settings.top_k << " p "
                  << t.settings.top_p);
    const token_id want = sample_token_ref(t.row, t.settings, t.key, t.step);
    const auto sampled = sample_token(t.row, t.settings, t.key, t.step, work);
    REQUIRE(sampled);
    REQUIRE(*sampled == want);
    const std::vector<bool> kept = keep_ref(t.row, t.settings);
    const auto ids = kept_tokens(t.row, t.settings, work);
    REQUIRE(ids->size() == static_cast<std::size_t>(std::count(kept.begin(), kept.end(), true)));
    for (token_id id : *ids) REQUIRE(kept[id.value]);
    for (token_id claimed : {want, token_id{static_cast<std::uint32_t>(r.below(t.row.size()))}}) {
      const auto score = score_token(t.row, t.settings, t.key, t.step, claimed, work);
      REQUIRE(score);
      REQUIRE(same(*score, score_token_ref(t.row, t.settings, t.key, t.step, claimed)));
    }
  }
}

namespace {

/// Rows made to be awkward: equal logits, impossible ones, quotients that merge, probabilities that underflow.
std::vector<float> awkward_row(random_stream& r, std::size_t n) {
  std::vector<float> row(n);
  const double spread = std::vector<double>{0, 0.01, 1, 4, 30, 1e4}[r.below(6)];
  const std::uint64_t kind = r.below(4);
  for (float& v : row) {
    const double x = r.normal() * spread;
    v = static_cast<float>(kind == 0 ? std::round(x) : x);
    if (kind == 1 && r.below(3) == 0) v = -std::numeric_limits<float>::infinity();
    if (kind == 2 && r.below(5) == 0) v = static_cast<float>(x * 1e-41);
  }
  row[r.below(n)] = static_cast<float>(spread);
  if (kind == 3)
    for (int i = 0; i < 20; ++i) row[r.below(n)] = static_cast<float>(3 * spread + 10 * r.uniform());
  return row;
}

filter_settings draw_filter(random_stream& r, std::size_t n) {
  filter_settings f;
  f.rule = static_cast<filter_rule>(1 + r.below(5));
  const float temperatures[] = {0.3f, 0.7f, 1.0f, 1.5f, 20.0f};
  const std::uint32_t ks[] = {0, 0, 1, 5, 50, static_cast<std::uint32_t>(n), 0xffffffffu};
  const float ps[] = {1, 0.95f, 0.5f, 0.05f, 0.999f, 1e-6f};
  const float mins[] = {0, 0, 0.05f, 0.3f, 1e-7f, 1};
  f.sampler = {temperatures[r.below(5)], ks[r.below(7)], ps[r.below(6)]};
  if (f.rule != filter_rule::descending_keep) f.min_p = mins[r.below(6)];
  if (f.rule != filter_rule::llama_cpp) return f;
  const float typical[] = {1, 1, 0.9f, 0.2f};
  const std::uint32_t keeps[] = {0, 0, 1, 3, 300, 0xffffffffu};
  f.typical_p = typical[r.below(4)];
  f.min_keep = keeps[r.below(6)];
  f.temperature_first = r.below(2) == 0;
  return f;
}

}  // namespace

TEST_CASE("token law: the filters of every engine equal the reference, bit for bit", "[token]") {
  random_stream r(seed{}, "law rules");
  token_workspace work;
  const std::size_t sizes[] = {1, 2, 9, 40, 300, 1000, 3000};
  for (int i = 0; i < 4000; ++i) {
    const std::vector<float> row = awkward_row(r, sizes[r.below(7)]);
    const filter_settings f = draw_filter(r, row.size());
    INFO("trial " << i << " V " << row.size() << " rule " << static_cast<int>(f.rule) << " T " << f.sampler.temperature
                  << " k " << f.sampler.top_k << " p " << f.sampler.top_p << " min_p " << f.min_p << " typical "
                  << f.typical_p << " keep " << f.min_keep << " first " << f.temperature_first);
    const std::vector<bool> kept = keep_ref(row, f);
    const auto ids = kept_tokens(row, f, work);
    REQUIRE(ids);
    REQUIRE(ids->size() == static_cast<std::size_t>(std::count(kept.begin(), kept.end(), true)));
    for (token_id id : *ids) REQUIRE(kept[id.value]);
    const noise_key key{r.next_u32(), r.next_u32()};
    const token_id want = race_ref(row, kept, f.sampler, key, 7, philox_noise{});
    REQUIRE(*sample_token(row, f, key, 7, work) == want);
    std::vector<token_id> listed;
    for (std::uint32_t id = 0; id < row.size(); ++id) listed.push_back(token_id{id});
    std::reverse(listed.begin(), listed.end());
    const std::vector<float> values(row.rbegin(), row.rend());
    const sparse_logits sparse{listed, values};
    REQUIRE(*kept_tokens(sparse, f, work) == *ids);
    for (token_id claimed : {want, token_id{static_cast<std::uint32_t>(r.below(row.size()))}}) {
      if (!(row[claimed.value] > -std::numeric_limits<float>::infinity())) continue;
      const token_score reference = score_kept_ref(row, kept, f.sampler, key, 7, claimed, philox_noise{});
      REQUIRE(same(*score_token(row, f, key, 7, claimed, work), reference));
      REQUIRE(same(*score_token(sparse, f, key, 7, claimed, work), reference));
    }
  }
}

TEST_CASE("token law: long rows without top-k equal the reference, bit for bit", "[token]") {
  random_stream r(seed{}, "law long");
  token_workspace work;
  for (int i = 0; i < 60; ++i) {
    const std::vector<float> row = awkward_row(r, 20000 + r.below(40000));
    const float temperatures[] = {1, 0.6f, 2};
    const float ps[] = {1, 0.95f, 0.9f, 0.999f, 0.3f, 0.99999f};
    const sampler_settings settings{temperatures[r.below(3)], 0, ps[r.below(6)]};
    INFO("trial " << i << " V " << row.size() << " T " << settings.temperature << " p " << settings.top_p);
    const std::vector<bool> kept = keep_ref(row, settings);
    const auto ids = kept_tokens(row, settings, work);
    REQUIRE(ids);
    REQUIRE(ids->size() == static_cast<std::size_t>(std::count(kept.begin(), kept.end(), true)));
    for (token_id id : *ids) REQUIRE(kept[id.value]);
    const noise_key key{r.next_u32(), r.next_u32()};
    const token_id want = sample_token_ref(row, settings, key, 9);
    REQUIRE(*sample_token(row, settings, key, 9, work) == want);
    REQUIRE(same(*score_token(row, settings, key, 9, want, work), score_token_ref(row, settings, key, 9, want)));
    const token_id other{static_cast<std::uint32_t>(r.below(row.size()))};
    if (!(row[other.value] > -std::numeric_limits<float>::infinity())) continue;
    const token_score reference = score_token_ref(row, settings, key, 9, other);
    REQUIRE(same(*score_token(row, settings, key, 9, other, work), reference));
    const auto quick = score_token(row, settings, key, 9, other, work, philox_noise{}, {false});
    REQUIRE(quick->margin == reference.margin);
    REQUIRE(quick->gumbel_rank == reference.gumbel_rank);
    REQUIRE((quick->probability == 0 && quick->cross_entropy == 0));
  }
}

TEST_CASE("token law: what sampling yields, scoring finds exact", "[token]") {
  random_stream r(seed{}, "law exact");
  token_workspace work;
  for (int i = 0; i < 1000; ++i) {
    const trial t = draw_trial(r);
    const auto sampled = sample_token(t.row, t.settings, t.key, t.step, work);
    const auto score = score_token(t.row, t.settings, t.key, t.step, *sampled, work);
    REQUIRE(score->exact);
    REQUIRE(score->margin == 0);
    REQUIRE(score->gumbel_rank == 0);
    REQUIRE(score->probability > 0);
  }
}

TEST_CASE("token law: with top-k on, the recorded largest logits suffice, in any order", "[token]") {
  random_stream r(seed{}, "law sparse");
  token_workspace work;
  for (int i = 0; i < 1000; ++i) {
    trial t = draw_trial(r);
    t.settings.top_k = static_cast<std::uint32_t>(1 + r.below(60));
    recorded_logits top = *top_logits(t.row, t.settings.top_k + static_cast<std::uint32_t>(r.below(20)));
    for (std::size_t j = top.ids.size(); i % 2 == 1 && j > 1; --j) {
      const std::size_t other = r.below(j);
      std::swap(top.ids[j - 1], top.ids[other]);
      std::swap(top.values[j - 1], top.values[other]);
    }
    REQUIRE(*sample_token(top.view(), t.settings, t.key, t.step, work) ==
            *sample_token(t.row, t.settings, t.key, t.step, work));
    const token_id claimed = top.ids[r.below(top.ids.size())];
    const auto dense = score_token(t.row, t.settings, t.key, t.step, claimed, work);
    const auto sparse = score_token(top.view(), t.settings, t.key, t.step, claimed, work);
    REQUIRE(same(*dense, *sparse));
  }
}

TEST_CASE("token law: adding a constant to every logit changes no margin beyond rounding", "[token]") {
  random_stream r(seed{}, "law shift");
  token_workspace work;
  for (int i = 0; i < 300; ++i) {
    trial t = draw_trial(r);
    t.settings.top_p = 1;  // the nucleus may change by a rounding
    t.settings.temperature = 1;
    for (float& v : t.row) v = std::round(v * 64) / 64;  // so that the shift is exact
    std::vector<float> shifted = t.row;
    for (float& v : shifted) v += 8;
    const token_id claimed{static_cast<std::uint32_t>(r.below(t.row.size()))};
    const auto a = score_token(t.row, t.settings, t.key, t.step, claimed, work);
    const auto b = score_token(shifted, t.settings, t.key, t.step, claimed, work);
    REQUIRE(a->predicted == b->predicted);
    REQUIRE(a->filtered == b->filtered);
    if (!a->filtered) REQUIRE(a->margin == Approx(b->margin).margin(1e-12));
    REQUIRE(a->probability == Approx(b->probability).epsilon(1e-6));
  }
}

TEST_CASE("token law: entries of -infinity outside the kept set change nothing", "[token]") {
  random_stream r(seed{}, "law padding");
  token_workspace work;
  for (int i = 0; i < 300; ++i) {
    trial t = draw_trial(r);
    std::vector<float> padded = t.row;
    padded.resize(padded.size() + 300, -std::numeric_limits<float>::infinity());
    REQUIRE(*sample_token(padded, t.settings, t.key, t.step, work) ==
            *sample_token(t.row, t.settings, t.key, t.step, work));
  }
}

TEST_CASE("token law: the mean margin of a noisy provider is E[Gini] sigma^2 / 2T", "[token]") {
  random_stream r(seed{}, "law margin");
  token_workspace work;
  const sampler_settings settings{1, 0, 1};
  constexpr double sigma = 0.1;
  double margins = 0, gini = 0;
  constexpr int n = 60000;
  std::vector<float> row(50), noisy(50);
  for (int i = 0; i < n; ++i) {
    double sum = 0, squares = 0;
    for (std::size_t j = 0; j < row.size(); ++j) {
      row[j] = static_cast<float>(r.normal() * 2);
      noisy[j] = row[j] + static_cast<float>(r.normal() * sigma);
      const double e = std::exp(static_cast<double>(row[j]));
      sum += e;
      squares += e * e;
    }
    const auto claimed = sample_token(noisy, settings, {5, 6}, static_cast<std::uint32_t>(i), work);
    margins += score_token(row, settings, {5, 6}, static_cast<std::uint32_t>(i), *claimed, work)->margin;
    gini += 1 - squares / (sum * sum);
  }
  CHECK(margins / n == Approx(gini / n * sigma * sigma / 2).epsilon(0.08));  // standard error about 2 %
}
