// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cheats.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

#include <reference_engine/engine.hpp>
#include <reference_engine/tokenizer.hpp>

namespace layer_plan {

namespace {

using assay::result;
using token_span = std::span<const assay::token_id>;

double log_sum_exp(std::span<const float> logits) {
  const double top = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  double sum = 0;
  for (const float x : logits) sum += std::exp(static_cast<double>(x) - top);
  return top + std::log(sum);
}

/// Sum of the losses of all tokens but the first.
result<double> window_loss(const reference::engine& model, token_span tokens) {
  auto session = model.new_session({}, static_cast<std::uint32_t>(tokens.size()));
  const auto logits = session.prefill(tokens, reference::which_logits::all);
  if (!logits) return logits.error();
  double loss = 0;
  for (std::uint32_t i = 0; i + 1 < tokens.size(); ++i)
    loss += log_sum_exp(logits->row(i)) - static_cast<double>(logits->row(i)[tokens[i + 1].value]);
  return loss;
}

result<double> mean_loss(const reference::model_weights& weights, const reference::tampering& how, token_span tokens) {
  constexpr std::size_t window = 256;
  const auto model = reference::engine::assemble(weights, how);
  if (!model) return model.error();
  double loss = 0;
  std::size_t scored = 0;
  for (std::size_t at = 0; at + 1 < tokens.size(); at += window) {
    const std::size_t n = std::min(window, tokens.size() - at);
    if (n < 2) break;
    const auto one = window_loss(*model, tokens.subspan(at, n));
    if (!one) return one.error();
    loss += *one, scored += n - 1;
  }
  return loss / static_cast<double>(scored);
}

reference::model_weights with_four_bits(reference::model_weights weights, std::uint32_t block) {
  const std::size_t width = weights.config.width, inner = weights.config.inner_width;
  const std::size_t heads = std::size_t{weights.config.heads} * weights.config.head_width;
  reference::block_weights& b = weights.blocks[block];
  for (auto* m : {&b.q, &b.k, &b.v, &b.gate, &b.up}) reference::quantise_groups(*m, width, 4, 32);
  reference::quantise_groups(b.o, heads, 4, 32);
  reference::quantise_groups(b.down, inner, 4, 32);
  return weights;
}

}  // namespace

result<cheat_losses> measure_cheats(const reference::model_weights& weights, const std::filesystem::path& tokenizer,
                                    const std::filesystem::path& text, std::uint32_t tokens) {
  const auto words = reference::tokenizer::load(tokenizer);
  if (!words) return words.error();
  const auto bytes = reference::read_file(text);
  if (!bytes) return bytes.error();
  auto ids = words->encode({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (ids.size() < tokens || tokens < 2)
    return assay::fail(assay::errc::insufficient_data, "the text is too short", ids.size());
  const auto wanted = token_span{ids}.first(tokens);
  cheat_losses out;
  const auto honest = mean_loss(weights, {}, wanted);
  if (!honest) return honest.error();
  out.honest = *honest;
  for (std::uint32_t i = 0; i < weights.blocks.size(); ++i) {
    reference::tampering skip;
    skip.skipped_block = i;
    const auto skipped = mean_loss(weights, skip, wanted), rounded = mean_loss(with_four_bits(weights, i), {}, wanted);
    if (!skipped) return skipped.error();
    if (!rounded) return rounded.error();
    out.skipped.push_back(*skipped), out.four_bits.push_back(*rounded);
  }
  return out;
}

}  // namespace layer_plan
