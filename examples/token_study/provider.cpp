// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "provider.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

#include <assay/random/stream.hpp>
#include <assay/token/kept_set.hpp>
#include <assay/token/sample.hpp>

#include "generation.hpp"

namespace study {
namespace {

using assay::token_id;

class chooser {
 public:
  chooser(const world& with, const conduct& who, const request& asked, std::uint64_t index)
      : who_(who), noise_(asked.noise), own_(study_seed(with.chosen, who.id + "/own", index), "choices") {
    if (who.how == manner::own_noise) noise_ = assay::derive_noise_key(study_seed(with.chosen, "own-noise", index));
  }

  assay::result<token_id> operator()(std::uint32_t step, std::span<const float> logits, answer& given) {
    auto token = assay::sample_token(logits, who_.sampler, noise_, step, work_);
    if (!token) return token;
    auto chosen = token;
    if (who_.how == manner::random_of_top && own_.below(100) == 0) chosen = ranked(logits, own_.below(who_.top));
    if (who_.how == manner::near_ties) chosen = one_of_near_ties(step, logits, given);
    if (chosen) given.replaced += *chosen != *token;
    return chosen;
  }

 private:
  static token_id ranked(std::span<const float> logits, std::uint64_t rank) {
    std::vector<std::uint32_t> ids(logits.size());
    std::iota(ids.begin(), ids.end(), 0u);
    const auto at = ids.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(ids.begin(), at, ids.end(), [&](auto a, auto b) { return logits[a] > logits[b]; });
    return token_id{*at};
  }

  /// The message is uniform bits: a choice among n candidates carries log2 n of them.
  assay::result<token_id> one_of_near_ties(std::uint32_t step, std::span<const float> logits, answer& given) {
    const auto kept = assay::kept_set(logits, who_.sampler, work_);
    if (!kept) return kept.error();
    const assay::philox_noise noise;
    std::vector<double> value(kept->ids.size());
    double best = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < value.size(); ++i) {
      const double gumbel = noise.gumbel(noise_, step, token_id{kept->ids[i]});
      value[i] = static_cast<double>(kept->logits[i]) + static_cast<double>(who_.sampler.temperature) * gumbel;
      best = std::max(best, value[i]);
    }
    std::vector<std::uint32_t> near;
    for (std::size_t i = 0; i < value.size(); ++i)
      if (best - value[i] <= who_.within) near.push_back(kept->ids[i]);
    given.hidden_bits += std::log2(static_cast<double>(near.size()));
    return token_id{near[own_.below(near.size())]};
  }

  const conduct& who_;
  assay::noise_key noise_;
  assay::random_stream own_;
  assay::token_workspace work_;
};

/// Collects providers; keeps the first failure.
class roster {
 public:
  explicit roster(const world& with) : with_(with) {}

  void tampered(const char* id, const char* name, const reference::tampering& how, bool subtle) {
    auto engine = reference::engine::load(with_.chosen.models / "base", how);
    if (engine) all.push_back({id, name, std::move(*engine), with_.promised, manner::as_promised, 0, 0, subtle});
    else if (outcome) outcome = engine.error();
  }
  void sampler(std::string id, std::string name, const assay::sampler_settings& used, bool subtle) {
    all.push_back({std::move(id), std::move(name), with_.base, used, manner::as_promised, 0, 0, subtle});
  }
  void temperature(float shift, bool subtle) {
    auto used = with_.promised;
    used.temperature += shift;
    char text[32];
    std::snprintf(text, sizeof text, "temperature %+.2f", static_cast<double>(shift));
    sampler(text, text, used, subtle);
  }
  void trick(std::string id, std::string name, manner how, std::uint32_t top, double within, bool subtle) {
    all.push_back({std::move(id), std::move(name), with_.base, with_.promised, how, top, within, subtle});
  }

  std::vector<conduct> all;
  assay::result<void> outcome;

 private:
  const world& with_;
};

void add_samplers(roster& to, const assay::sampler_settings& promised) {
  for (float shift : {-0.3f, -0.1f, -0.05f, 0.05f, 0.1f, 0.3f}) to.temperature(shift, shift > -0.07f && shift < 0.07f);
  auto used = promised;
  used.top_p = 0.90f, to.sampler("top-p-0.90", "top-p 0.90 instead of 0.95", used, true);
  used.top_p = 0.85f, to.sampler("top-p-0.85", "top-p 0.85 instead of 0.95", used, false);
  used.top_p = 1.0f, to.sampler("top-p-off", "top-p not applied", used, false);
  used = promised, used.top_k = 20, to.sampler("top-k-20", "top-k 20 instead of 50", used, true);
  used.top_k = 0, to.sampler("top-k-off", "top-k not applied", used, true);
}

}  // namespace

assay::result<answer> serve(const world& with, const conduct& who, const reference::numerics& stack,
                            const request& asked, std::uint64_t index) {
  answer given;
  chooser choose{with, who, asked, index};
  auto output =
      demo::generate(who.engine, stack, asked.prompt, with.chosen.output_tokens,
                     [&](std::uint32_t step, std::span<const float> logits) { return choose(step, logits, given); });
  if (!output) return output.error();
  given.output = std::move(*output);
  return given;
}

conduct honest_provider(const world& with) {
  return {"honest", "honest", with.base, with.promised, manner::as_promised, 0, 0, false};
}

assay::result<std::vector<conduct>> dishonest_providers(const world& with) {
  using reference::kv_format;
  roster to{with};
  to.tampered("int4-weights", "int4 weights", {.weight_bits = 4}, false);
  to.trick("wrong-seed", "wrong seed", manner::own_noise, 0, 0, false);
  if (!with.chosen.quick) {
    to.tampered("int8-weights", "int8 weights", {.weight_bits = 8}, true);
    to.tampered("int4-kv", "int4 KV cache", {.kv_cache = kv_format::int4}, false);
    to.tampered("fp8-kv", "fp8 (e4m3) KV cache", {.kv_cache = kv_format::fp8_e4m3}, true);
    to.tampered("int8-kv", "int8 KV cache", {.kv_cache = kv_format::int8}, true);
    to.all.push_back(
        {"small-model", "a model of a fifth of the size", with.small, with.promised, manner::as_promised, 0, 0, false});
    add_samplers(to, with.promised);
    to.trick("bug-2", "1 % drawn from the top 2", manner::random_of_top, 2, 0, true);
    to.trick("bug-32", "1 % drawn from the top 32", manner::random_of_top, 32, 0, true);
  }
  for (double within : with.chosen.quick ? std::vector{0.3} : std::vector{0.01, 0.03, 0.1, 0.3, 1.0, 3.494}) {
    char id[32], name[64];
    std::snprintf(id, sizeof id, "near-ties-%g", within);
    std::snprintf(name, sizeof name, "substitution at margins to %g", within);
    to.trick(id, name, manner::near_ties, 0, within, within < 0.05);
  }
  if (!to.outcome) return to.outcome.error();
  return std::move(to.all);
}

}  // namespace study
