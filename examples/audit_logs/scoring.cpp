// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "scoring.hpp"

#include <algorithm>
#include <assay/random/noise.hpp>
#include <assay/random/sglang_noise.hpp>
#include <assay/random/torch_cpu_noise.hpp>
#include <assay/random/torch_cuda_noise.hpp>
#include <assay/random/vllm_noise.hpp>
#include <assay/token/choice_spread.hpp>
#include <assay/token/filter_rules.hpp>
#include <assay/token/gumbel_likelihood.hpp>
#include <assay/token/inverse_cdf.hpp>
#include <assay/token/llama_dist.hpp>
#include <cmath>
#include <limits>
#include <utility>

namespace audit_logs {

using namespace assay;

namespace {

/// The settings that hold for one claim: what the command line says, else what the log says.
struct resolved {
  filter_settings filters;
  noise_key key;
  std::uint64_t seed = 0;
};

filter_rule rule_of(sampler profile) {
  if (profile == sampler::llama_dist) return filter_rule::llama_cpp;
  return profile == sampler::sglang ? filter_rule::sglang : filter_rule::vllm_sort;
}

result<resolved> resolve(std::size_t number, const claim& c, const sampling_options& o) {
  resolved out;
  sampler_settings& s = out.filters.sampler;
  out.filters.rule = o.filters.value_or(rule_of(o.profile));
  if (o.profile == sampler::greedy) {
    s.temperature = 0;
    s.top_k = o.top_k.value_or(0);
    s.top_p = o.top_p.value_or(1.0f);
    return out;
  }
  const auto temperature = o.temperature ? o.temperature : c.settings.temperature;
  if (!temperature) return fail(errc::invalid_settings, "the temperature is neither given nor logged");
  s.temperature = *temperature;
  s.top_k = o.top_k ? *o.top_k : c.settings.top_k.value_or(0);
  s.top_p = o.top_p ? *o.top_p : c.settings.top_p.value_or(1.0f);
  out.filters.min_p = o.min_p ? *o.min_p : c.settings.min_p.value_or(0.0f);
  if (s.greedy()) return out;
  if (o.profile == sampler::sglang && out.filters.min_p != 0) return fail(errc::unsupported, "with a seed SGLang takes no min-p");
  const auto seed = o.seeds == seed_rule::logged ? c.settings.seed : o.seed;
  if (!seed) return fail(errc::invalid_settings, "the seed is neither given nor logged");
  out.seed = *seed + c.choice + (o.seeds == seed_rule::per_request ? number : 0);
  out.key = {static_cast<std::uint32_t>(out.seed), static_cast<std::uint32_t>(out.seed >> 32)};
  return out;
}

result<void> check_row(const sparse_logits& row, token_id claimed, std::uint32_t vocabulary) {
  if (row.ids.size() < 2)
    return fail(errc::insufficient_data, "a row of the reference has fewer than two candidates: ask for more log-probabilities");
  if (vocabulary == 0) return {};
  const auto outside = [&](token_id id) { return id.value >= vocabulary; };
  if (outside(claimed) || std::any_of(row.ids.begin(), row.ids.end(), outside))
    return fail(errc::token_out_of_range, "a token id is not below --vocabulary");
  return {};
}

/// Runs `score(j, row, token)` over the rows of a claim.
template <class Score>
result<scored_request> score_rows(const claim& c, const aligned_rows& rows, const sampling_options& o,
                                  const filter_settings& filters, Score&& score) {
  scored_request out;
  out.name = c.name;
  out.line = c.line;
  out.incomparable = rows.incomparable;
  out.is_logprob = rows.rows->is_logprob();
  out.tokens.reserve(rows.count);
  for (std::size_t j = 0; j < rows.count; ++j) {
    const sparse_logits row = (*rows.rows)[rows.first + j].row;
    if (auto ok = check_row(row, c.output[j], o.vocabulary); !ok) return fail(ok.error().code, ok.error().message, j);
    out.short_rows += !filters.greedy() && (filters.sampler.top_k == 0 || row.ids.size() < filters.sampler.top_k);
    if (auto done = score(out, j, row, c.output[j]); !done) return fail(done.error().code, done.error().message, j);
  }
  return out;
}

/// @param seek is called with each step before the noise is asked for it
template <class Noise, class Seek>
result<scored_request> score_race(const claim& c, const aligned_rows& rows, const sampling_options& o, const resolved& how,
                                  const Noise& noise, std::uint32_t first_step, Seek&& seek) {
  token_workspace work;
  return score_rows(c, rows, o, how.filters, [&](scored_request& out, std::size_t j, const sparse_logits& row, token_id token) -> result<void> {
    const std::uint32_t step = first_step + static_cast<std::uint32_t>(j);
    seek(step);
    const auto choice = score_with_spread(row, how.filters, how.key, step, token, work, noise);
    if (!choice) return choice.error();
    const token_score& s = choice->score;
    out.tokens.push_back({static_cast<float>(s.margin), static_cast<float>(s.cross_entropy),
                          static_cast<float>(std::max(gumbel_likelihood(s.margin), -20.0)), s.exact, s.filtered});
    // Under SGLang a swap of two ranks swaps their noise: margins do not imply a sigma then.
    if (o.profile != sampler::sglang) out.noise.add(*choice, how.filters.sampler);
    return {};
  });
}

/// llama.cpp's `dist`: after top-k, top-p or min-p the candidates stand in descending order.
result<scored_request> score_dist(const claim& c, const aligned_rows& rows, const sampling_options& o, const resolved& how) {
  if (how.seed > 0xffffffffu) return fail(errc::out_of_range, "llama.cpp's seeds have 32 bits");
  auto draws = llama_dist::make(static_cast<std::uint32_t>(how.seed));
  if (!draws) return draws.error();
  if (how.filters.sampler.top_k == 0)
    return fail(errc::unsupported, "without top-k, llama.cpp draws in the order of the whole vocabulary, which a log does not have");
  token_workspace work;
  std::vector<std::pair<float, token_id>> order;  // equals by id: llama.cpp leaves their order open
  std::vector<token_id> ids;
  std::vector<float> scaled;
  return score_rows(c, rows, o, how.filters, [&](scored_request& out, std::size_t j, const sparse_logits& row, token_id token) -> result<void> {
    const auto kept = kept_set(row, how.filters, work);
    if (!kept) return kept.error();
    order.clear();
    for (std::size_t i = 0; i < kept->ids.size(); ++i) order.emplace_back(-kept->scaled[i], token_id{kept->ids[i]});
    std::sort(order.begin(), order.end());
    ids.clear();
    scaled.clear();
    for (const auto& [minus, id] : order) {
      ids.push_back(id);
      scaled.push_back(-minus);
    }
    const double u = draws->at(static_cast<std::uint32_t>(j));
    const auto s = score_inverse_cdf(sparse_logits{ids, scaled}, u, token, work);
    if (!s) return s.error();
    out.tokens.push_back({s->excluded ? std::numeric_limits<float>::infinity() : static_cast<float>(s->distance),
                          static_cast<float>(s->cross_entropy), static_cast<float>(cdf_likelihood(*s, u)), s->exact, s->excluded});
    return {};
  });
}

/// Profiles that count positions from the prompt's start: they are called with that of the last token the model has read.
template <class Noise>
result<scored_request> score_positions(const claim& c, const aligned_rows& rows, const sampling_options& o, const resolved& how,
                                       const Noise& noise) {
  if (!c.prompt_tokens || *c.prompt_tokens == 0 || *c.prompt_tokens > 0x7fffffffu)
    return fail(errc::invalid_settings, "this profile counts positions from the prompt's start, and the claim does not say how long it is");
  return score_race(c, rows, o, how, noise, static_cast<std::uint32_t>(*c.prompt_tokens - 1), [](std::uint32_t) {});
}

template <class Noise>
result<scored_request> score_cuda(const claim& c, const aligned_rows& rows, const sampling_options& o, const resolved& how) {
  const auto noise = Noise::make({o.vocabulary, o.grid});
  if (!noise) return noise.error();
  return score_race(c, rows, o, how, *noise, 0, [](std::uint32_t) {});
}

}  // namespace

result<void> check(const sampling_options& o) {
  const bool cuda = o.profile == sampler::torch_cuda || o.profile == sampler::torch_cuda_double;
  if ((cuda || o.profile == sampler::torch_cpu) && o.vocabulary == 0)
    return fail(errc::invalid_settings, "PyTorch's noise needs --vocabulary, the length of the model's rows of logits");
  if (cuda && o.grid == 0) return fail(errc::invalid_settings, "CUDA noise needs --gpu-grid");
  if (o.profile != sampler::greedy && o.seeds != seed_rule::logged && !o.seed)
    return fail(errc::invalid_settings, "this profile needs --seed, or --seed-rule logged");
  return {};
}

result<scored_request> score_request(std::size_t number, const claim& c, const aligned_rows& rows, const sampling_options& o) {
  const auto how = resolve(number, c, o);
  if (!how) return how.error();
  if (auto valid = validate(how->filters); !valid) return valid.error();
  const auto still = [](std::uint32_t) {};
  if (how->filters.greedy()) return score_race(c, rows, o, *how, philox_noise{}, 0, still);
  switch (o.profile) {
    case sampler::torch_cuda: return score_cuda<torch_cuda_float_noise>(c, rows, o, *how);
    case sampler::torch_cuda_double: return score_cuda<torch_cuda_double_noise>(c, rows, o, *how);
    case sampler::torch_cpu: {
      auto noise = torch_cpu_noise::make(how->seed, o.vocabulary);
      if (!noise) return noise.error();
      return score_race(c, rows, o, *how, *noise, 0, [&](std::uint32_t step) { noise->seek(step); });
    }
    case sampler::vllm_triton:
    case sampler::vllm_triton_log:
      return score_positions(c, rows, o, *how, vllm_triton_noise{o.profile == sampler::vllm_triton});
    case sampler::sglang: return score_positions(c, rows, o, *how, sglang_noise{});
    case sampler::llama_dist: return score_dist(c, rows, o, *how);
    case sampler::greedy:
    case sampler::assay: break;
  }
  return score_race(c, rows, o, *how, philox_noise{}, 0, still);
}

}  // namespace audit_logs
