// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The generation loop of the demo's providers: prefill, then sample and decode until enough tokens are there.
#ifndef ASSAY_DEMO_GENERATION_HPP
#define ASSAY_DEMO_GENERATION_HPP

#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <reference_engine/engine.hpp>

namespace demo {

/// Generates `count` tokens. choose(step, logits) -> result<token_id>; hook as in reference::session.
/// The last token is sampled but not fed back, as in any engine.
template <class Choose>
assay::result<std::vector<assay::token_id>> generate(const reference::engine& engine, const reference::numerics& how,
                                                     std::span<const assay::token_id> prompt, std::uint32_t count,
                                                     Choose&& choose, reference::hidden_hook hook = {}) {
  auto session = engine.new_session(how, static_cast<std::uint32_t>(prompt.size()) + count);
  auto prefilled = session.prefill(prompt, reference::which_logits::last, hook);
  if (!prefilled) return prefilled.error();
  std::span<const float> logits = prefilled->row(0);
  std::vector<assay::token_id> output;
  for (std::uint32_t step = 0; step < count; ++step) {
    const auto token = choose(step, logits);
    if (!token) return token.error();
    output.push_back(*token);
    if (step + 1 == count) break;
    auto decoded = session.decode(*token, hook);
    if (!decoded) return decoded.error();
    logits = *decoded;
  }
  return output;
}

}  // namespace demo

#endif
