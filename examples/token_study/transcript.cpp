// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "transcript.hpp"

#include <mutex>
#include <optional>

#include <assay/token/choice_spread.hpp>

namespace study {

pool_summary summarise(const pool& seen, const assay::sampler_settings& sampler) {
  pool_summary about;
  assay::noise_sums noise;
  for (const transcript& t : seen) {
    noise.merge(t.noise);
    about.tokens += t.tokens.size();
    about.replaced += t.replaced, about.bits_per_token += t.hidden_bits;
    for (const assay::token_score& s : t.tokens) about.mismatches += !s.exact, about.mean_margin += s.finite_margin;
  }
  for (double* sum : {&about.replaced, &about.bits_per_token, &about.mismatches, &about.mean_margin})
    *sum /= static_cast<double>(about.tokens);
  about.mean_gini = 2 * static_cast<double>(sampler.temperature) * noise.weight / static_cast<double>(noise.tokens);
  if (auto level = assay::implied_noise(noise)) about.sigma = level->sigma;
  return about;
}

assay::result<reference_rows> recompute(const reference::engine& engine, const reference::numerics& how,
                                        std::span<const assay::token_id> prompt,
                                        std::span<const assay::token_id> output) {
  std::vector<assay::token_id> text(prompt.begin(), prompt.end());
  text.insert(text.end(), output.begin(), output.end() - 1);
  const std::span<const assay::token_id> all{text};
  auto session = engine.new_session(how, static_cast<std::uint32_t>(text.size()));
  const std::size_t before = prompt.size() - 1;  // rows that predict prompt tokens need no logits
  if (before > 0)
    if (auto done = session.prefill(all.first(before), reference::which_logits::none); !done) return done.error();
  auto logits = session.prefill(all.subspan(before), reference::which_logits::all);
  if (!logits) return logits.error();
  return reference_rows{{logits->data, logits->data + std::size_t{logits->count} * logits->vocabulary},
                        logits->vocabulary};
}

assay::result<transcript> verify(const world& with, const reference::numerics& verifier, const request& asked,
                                 const answer& given) {
  auto rows = recompute(with.base, verifier, asked.prompt, given.output);
  if (!rows) return rows.error();
  transcript seen;
  seen.replaced = given.replaced;
  seen.hidden_bits = given.hidden_bits;
  assay::token_workspace work;
  for (std::uint32_t i = 0; i < given.output.size(); ++i) {
    auto score = assay::score_token(rows->row(i), with.promised, asked.noise, i, given.output[i], work);
    if (!score) return score.error();
    auto spread = assay::spread_of(rows->row(i), with.promised, work);
    if (!spread) return spread.error();
    seen.noise.add(*score, spread->gini, with.promised);
    seen.tokens.push_back(*score);
  }
  return seen;
}

assay::result<pool> collect(const world& with, const conduct& who, const arrangement& how, std::string_view purpose,
                            std::uint32_t count, assay::thread_pool& threads, demo::progress& shown) {
  pool all(count);
  std::mutex guard;
  std::optional<assay::error> failure;
  threads.for_each(count, [&](std::size_t i) {
    const auto stack = static_cast<std::uint32_t>(i % how.stacks.size());
    const request asked = make_request(with, purpose, i);
    auto given = serve(with, who, how.stacks[stack], asked, i);
    auto seen = given ? verify(with, how.verifier, asked, *given) : assay::result<transcript>{given.error()};
    const std::lock_guard lock{guard};
    if (seen) {
      all[i] = std::move(*seen);
      all[i].stack = stack;
    } else if (!failure) {
      failure = seen.error();
    }
    shown.step();
  });
  if (failure) return *failure;
  return all;
}

}  // namespace study
