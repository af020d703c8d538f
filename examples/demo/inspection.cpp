// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "inspection.hpp"

#include <algorithm>
#include <vector>

#include "stopwatch.hpp"

namespace demo {
namespace {

/// One prefill of the reference model over prompt and answer: all states and the logits of every output token.
class reference_run {
 public:
  static assay::result<reference_run> over(const setting& with, const assay::request& asked, const std::vector<assay::token_id>& output) {
    reference_run run;
    run.width_ = with.run.model.width;
    std::vector<assay::token_id> text = asked.prompt;
    text.insert(text.end(), output.begin(), output.end() - 1);
    run.positions_ = static_cast<std::uint32_t>(text.size());
    run.states_.resize(std::size_t{with.run.model.checkpoints} * text.size() * run.width_);
    const auto keep = [&](assay::layer_index layer, const assay::tensor_view& rows, assay::position first, std::uint32_t count) {
      for (std::uint32_t i = 0; i < count; ++i)
        (void)assay::read_row(rows, i, run.state(layer, assay::position{first.value + i}));
    };
    auto session = with.honest.new_session(with.verifier_numerics, run.positions_);
    const std::span<const assay::token_id> all{text};
    const auto before = asked.prompt.size() - 1;  // rows that predict prompt tokens need no logits
    if (before > 0)
      if (auto done = session.prefill(all.first(before), reference::which_logits::none, keep); !done) return done.error();
    auto logits = session.prefill(all.subspan(before), reference::which_logits::all, keep);
    if (!logits) return logits.error();
    run.logits_.assign(logits->data, logits->data + std::size_t{logits->count} * logits->vocabulary);
    run.vocabulary_ = logits->vocabulary;
    return run;
  }

  [[nodiscard]] std::span<float> state(assay::layer_index layer, assay::position at) {
    return {states_.data() + (std::size_t{layer.value} * positions_ + at.value) * width_, width_};
  }
  [[nodiscard]] std::span<const float> logits(std::uint32_t output) const {
    return {logits_.data() + std::size_t{output} * vocabulary_, vocabulary_};
  }

 private:
  std::uint32_t positions_ = 0, width_ = 0, vocabulary_ = 0;
  std::vector<float> states_, logits_;
};

assay::result<void> audit_with_head(const setting& with, assay::audit& audit, verifier_times& times) {
  const stopwatch watch;
  auto replayed = audit.replay_head([&](std::span<const float> row, std::span<float> logits) {
    with.head.logits(row, logits);
    return assay::result<void>{};
  });
  times.head = watch.microseconds();
  return replayed;
}

assay::result<void> audit_with_model(const setting& with, const assay::request& asked, const answer& given, assay::audit& audit, verifier_times& times) {
  if (audit.breached()) return {};
  const stopwatch prefill;
  auto reference = reference_run::over(with, asked, given.output);
  if (!reference) return reference.error();
  times.prefill = prefill.microseconds();
  const stopwatch tokens;
  auto replayed = audit.replay_tokens([&](std::uint32_t output, std::span<float> logits) {
    std::ranges::copy(reference->logits(output), logits.begin());
    return assay::result<void>{};
  });
  if (!replayed) return replayed;
  times.tokens = tokens.microseconds();
  const stopwatch states;
  auto compared = audit.compare_states([&](assay::layer_index layer, assay::position at, std::span<float> row) {
    std::ranges::copy(reference->state(layer, at), row.begin());
    return assay::result<void>{};
  });
  times.states = states.microseconds();
  return compared;
}

}  // namespace

assay::result<inspection> inspect(const setting& with, const conduct& who, std::string_view purpose, std::uint64_t index) {
  const assay::request asked = make_request(with, purpose, index);
  auto given = serve(with, who, asked, index);
  if (!given) return given.error();

  verifier_times times;
  const stopwatch binding;
  auto audit = assay::audit::begin(with.policy, with.run, asked, given->output, given->receipt);
  if (!audit) return audit.error();
  times.openings = binding.microseconds();
  if (!audit->breached()) {
    const std::string drawn = std::string(purpose) + "/challenge";
    auto challenge = audit->draw_challenge(demo_seed(with, drawn, index));
    if (!challenge) return challenge.error();
    auto openings = open(with, who, *given, *challenge);
    if (!openings) return openings.error();
    const stopwatch checking;
    if (auto checked = audit->check_openings(*challenge, *openings); !checked) return checked.error();
    times.openings += checking.microseconds();
  }
  inspection done{*audit, *audit, {}, times, given->output.size()};
  if (auto audited = audit_with_head(with, done.with_head, done.verifier); !audited) return audited.error();
  if (auto audited = audit_with_model(with, asked, *given, done.with_model, done.verifier); !audited) return audited.error();
  done.provider = given->times;
  return done;
}

}  // namespace demo
