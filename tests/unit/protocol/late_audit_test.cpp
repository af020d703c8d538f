// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/late_audit.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <assay/protocol/verifier.hpp>

#include "support/catch.hpp"
#include "support/flat_commitment.hpp"
#include "support/toy_late.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

template <class T>
errc code(const result<T>& r) {
  return r ? errc{} : r.error().code;
}
double largest(const std::vector<score_at>& scores) {
  double most = 0;
  for (const score_at& each : scores) most = std::max(most, each.score);
  return most;
}
struct honest_case {
  toy_engine engine;
  row_author author;
  late_reveal revealed;

  explicit honest_case(double noise = 0, const run_description& run = wide_run())
      : engine(wide_toy(1, noise)), author(engine, 2, run) {
    author.commit();
    revealed = reveal_for(author.run, author.receipt, seed_of(8));
  }
  [[nodiscard]] toy_reference reference(const toy_engine& own) const {
    return {own, author.asked.prompt, author.output};
  }
};

}  // namespace

TEST_CASE("late audit: how a verifier reveals the projection late", "[protocol]") {
  // As docs/howto/reveal-the-projection-late.md shows it.
  const toy_engine engine{wide_toy()}, own_model{wide_toy()};
  const run_description run = wide_run();
  const request asked = toy_request(4);
  const toy_answer answer = must(serve(engine, run, asked));
  const assay::prover& prover = answer.prover;
  const receipt& receipt = answer.receipt;
  const toy_reference state_for{own_model, asked.prompt, answer.output};

  auto reveal = assay::reveal_for(run, receipt, seed_of(71));                            // verifier
  auto late = assay::late_audit::begin(run, receipt, reveal);
  auto sketches = assay::answer_reveal(*prover.sealed(), reveal);                        // provider
  REQUIRE(late->take_sketches(encode(*sketches)));                                       // verifier
  auto check = late->draw_check(seed_of(72), 4 /*rows per checkpoint*/);
  auto rows = assay::answer_check(*prover.sealed(), reveal, digest_of(*sketches), *check);  // provider
  REQUIRE(late->check_rows(*check, encode(*rows, run, receipt)));                        // verifier
  REQUIRE(late->compare(state_for));
  CHECK_FALSE(late->breached());
  CHECK(late->sketch_scores().size() == 2 * 12 + 8);
  CHECK(late->row_scores().size() == 3 * 4);
  CHECK(largest(late->sketch_scores()) == 0);
  CHECK(largest(late->row_scores()) == 0);
  CHECK(late->received_bytes() == encode(*sketches).size() + encode(*rows, run, receipt).size());
}

TEST_CASE("late audit: an honest prover passes whatever a verifier reveals", "[protocol]") {
  // Garbage of every kind that parses: secrets, sizes, steps from absurdly small to absurdly large.
  random_stream draw{seed_of(3), "garbage"};
  for (const dtype rows : {dtype::bf16, dtype::f16, dtype::f32}) {
    honest_case c{0, wide_run(rows)};
    for (int trial = 0; trial < 40; ++trial) {
      late_reveal garbage{digest_of(c.author.receipt),
                          {},
                          draw.next_u32() % 20 + 1,
                          draw.next_u32() % 9 + 1,
                          1 + draw.next_u32() % late_limits::sketch,
                          draw.below(2) == 0 ? dtype::i8 : dtype::i16,
                          {}};
      for (std::byte& b : garbage.secret.bytes) b = static_cast<std::byte>(trial == 0 ? 0 : draw.next_u32());
      for (std::uint32_t l = 0; l < 3; ++l)
        garbage.checkpoints.push_back({layer_index{l}, std::ldexp(1.0f, static_cast<int>(draw.below(240)) - 128)});
      auto late = exchange(c.author.sealed(), garbage, draw.next_u64(), 1 + draw.next_u32() % 8);
      CHECK_FALSE(late.breached());
      CHECK(late.rows_checked());
      must(late.compare(c.reference(c.engine)));
      CHECK(largest(late.sketch_scores()) == 0);
    }
  }
}

TEST_CASE("late audit: reveals that cannot be answered are the verifier's own error", "[protocol]") {
  const honest_case c;
  const auto begun = [&](const late_reveal& r) { return code(late_audit::begin(c.author.run, c.author.receipt, r)); };
  CHECK(begun(c.revealed) == errc{});
  late_reveal bad = c.revealed;
  bad.checkpoints.clear();
  CHECK(begun(bad) == errc::empty);
  bad = c.revealed, bad.receipt.value.bytes[5] ^= std::byte{1};
  CHECK(begun(bad) == errc::wrong_statement);
  // The provider refuses them too; that is no breach either.
  CHECK(code(answer_reveal(c.author.sealed(), bad)) == errc::wrong_statement);
  CHECK(code(answer_reveal(c.author.sealed(), c.revealed, 5)) == errc::too_large);
  run_description other = c.author.run;
  other.model.vocabulary += 1;
  CHECK(code(late_audit::begin(other, c.author.receipt, c.revealed)) == errc::wrong_statement);
  other = c.author.run, other.model.width = 0;
  CHECK(code(late_audit::begin(other, c.author.receipt, c.revealed)) == errc::out_of_range);
  receipt empty = c.author.receipt;
  empty.output_tokens = 0;
  CHECK(code(late_audit::begin(c.author.run, empty, c.revealed)) == errc::empty);
  // More sketches than provers compute by default: a long request, all of its rows.
  receipt r = c.author.receipt;
  r.prompt_tokens = 1u << 21;
  CHECK(code(late_audit::begin(c.author.run, r, reveal_for(c.author.run, r, seed_of(1)))) == errc::too_large);
}

TEST_CASE("late audit: the order of calls", "[protocol]") {
  honest_case c;
  auto late = must(late_audit::begin(c.author.run, c.author.receipt, c.revealed));
  const auto sent = must(answer_reveal(c.author.sealed(), c.revealed));
  const late_check early{digest_of(sent), seed_of(1), 2};
  CHECK(code(late.draw_check(seed_of(1), 2)) == errc::wrong_state);
  CHECK(code(late.check_rows(early, {})) == errc::wrong_state);
  CHECK(code(late.compare(c.reference(c.engine))) == errc::wrong_state);
  must(late.take_sketches(encode(sent)));
  CHECK(code(late.take_sketches(encode(sent))) == errc::wrong_state);
  CHECK(code(late.compare(c.reference(c.engine))) ==
        errc::wrong_state);  // sketches that no row was checked for bind nobody
  CHECK(code(late.draw_check(seed_of(1), 0)) == errc::out_of_range);
  CHECK(code(late.draw_check(seed_of(1), late_limits::rows + 1)) == errc::out_of_range);
  late_check foreign = early;
  foreign.sketches.value.bytes[0] ^= std::byte{1};
  CHECK(code(late.check_rows(foreign, {})) == errc::wrong_statement);  // the verifier's mix-up, not a breach
  CHECK(code(answer_check(c.author.sealed(), c.revealed, digest_of(sent), foreign)) == errc::wrong_statement);
  CHECK_FALSE(late.breached());
  const auto opened = must(answer_check(c.author.sealed(), c.revealed, digest_of(sent), early));
  must(late.check_rows(early, encode(opened, c.author.run, c.author.receipt)));
  CHECK(late.rows_checked());
  CHECK(code(late.report_withheld(1u << 30)) == errc::wrong_state);
  must(late.compare(c.reference(c.engine)));
  CHECK(late.compared());
}

TEST_CASE("late audit: answers that do not come", "[protocol]") {
  const honest_case c;
  auto late = must(late_audit::begin(c.author.run, c.author.receipt, c.revealed));
  CHECK(code(late.report_withheld(c.author.receipt.terms.retention_seconds - 1)) == errc::wrong_state);
  CHECK_FALSE(late.breached());
  must(late.report_withheld(c.author.receipt.terms.retention_seconds));
  CHECK(late.breached()->why == reason::withheld_openings);
  CHECK(code(late.draw_check(seed_of(1), 2)) == errc::wrong_state);
}

TEST_CASE("late audit: a reference that fails is never the provider's fault", "[protocol]") {
  honest_case c;
  auto late = exchange(c.author.sealed(), c.revealed);
  CHECK(code(late.compare([](layer_index, position, std::span<float>) {
          return result<void>{fail(errc::io_failure, "no weights")};
        })) == errc::io_failure);
  CHECK(code(late.compare([](layer_index, position, std::span<float> row) {
          std::fill(row.begin(), row.end(), std::numeric_limits<float>::quiet_NaN());
          return result<void>{};
        })) == errc::non_finite);
  CHECK_FALSE(late.breached());
  CHECK_FALSE(late.compared());
  CHECK(late.sketch_scores().empty());
}

TEST_CASE("late audit: scores are those of the states, under another projection", "[protocol]") {
  honest_case c{0.02};
  const toy_engine own{wide_toy(2, 0.02)};
  auto late = exchange(c.author.sealed(), c.revealed);
  must(late.compare(c.reference(own)));
  double mean = 0, rows = 0;
  for (const score_at& s : late.sketch_scores()) mean += s.score / static_cast<double>(late.sketch_scores().size());
  for (const score_at& s : late.row_scores()) rows += s.score / static_cast<double>(late.row_scores().size());
  CHECK(rows == Approx(0.02 * std::sqrt(2.0)).epsilon(0.1));  // two stacks' noise
  CHECK(mean == Approx(rows).epsilon(0.3));
  // No deeper than the reference goes.
  std::uint32_t deepest = 0;
  must(late.compare(
      [&](layer_index layer, position at, std::span<float> row) {
        deepest = std::max(deepest, layer.value);
        return c.reference(own)(layer, at, row);
      },
      2));
  CHECK(deepest == 1);
  CHECK(late.sketch_scores().size() == 2 * 12);
  CHECK(late.row_scores().size() == 4);
}

TEST_CASE("late audit: an audit takes a breach or the scores, once", "[protocol]") {
  honest_case c;
  verification_policy policy;
  policy.opened = {3, 2};
  auto begun = must(audit::begin(policy, c.author.run, c.author.asked, c.author.output, c.author.receipt));
  auto late = exchange(c.author.sealed(), c.revealed);
  CHECK(code(begun.take_late(late)) == errc::wrong_state);
  const challenge question = must(begun.draw_challenge(seed_of(4)));
  must(begun.check_openings(question, c.author.openings(question)));
  CHECK(code(begun.take_late(late)) == errc::wrong_state);  // not compared yet
  must(late.compare(c.reference(c.engine)));
  must(begun.compare_states(c.reference(c.engine)));
  const std::size_t states = begun.evidence().of(channel::states).size(),
                    rows = begun.evidence().of(channel::rows).size();
  const std::uint64_t bytes = begun.evidence().opened_bytes;
  must(begun.take_late(late));
  CHECK(code(begun.take_late(late)) == errc::wrong_state);
  CHECK(begun.evidence().of(channel::states).size() == states + late.sketch_scores().size());
  CHECK(begun.evidence().of(channel::rows).size() == rows + late.row_scores().size());
  CHECK(begun.evidence().opened_bytes == bytes + late.received_bytes());
  must(begun.compare_states(c.reference(c.engine)));  // begins anew
  CHECK(begun.evidence().of(channel::states).size() == states);
  must(begun.take_late(late));
  // Of another receipt: the verifier's mix-up.
  row_author other{c.engine, 9};
  other.commit();
  const auto foreign = exchange(other.sealed(), reveal_for(other.run, other.receipt, seed_of(8)));
  CHECK(code(begun.take_late(foreign)) == errc::wrong_statement);
  CHECK_FALSE(begun.breached());
  auto broken = must(late_audit::begin(c.author.run, c.author.receipt, c.revealed));
  must(broken.take_sketches({}));
  must(begun.take_late(broken));
  CHECK(begun.breached()->why == reason::malformed_openings);
}

TEST_CASE("late audit: a prover lends what it sealed while it promised to keep it", "[protocol]") {
  const run_description run = wide_run();
  const request asked = toy_request(4);
  const auto fresh = must(prover::start(run, asked));
  CHECK(code(fresh.sealed()) == errc::wrong_state);
  const toy_answer answer = must(serve(toy_engine{wide_toy()}, run, asked));
  CHECK(must(answer.prover.sealed(3600)).sealed->states == answer.receipt.states);
  CHECK(code(answer.prover.sealed(3601)) == errc::expired);
}

TEST_CASE("late audit: with a scheme whose trees carry commitments", "[protocol]") {
  run_description run = wide_run();
  run.commitment.scheme = flat_commitment::id, run.commitment.parameters = flat_commitment{}.parameters();
  const request asked = toy_request(4, 3, 4);
  auto seen = must(basic_prover<flat_commitment>::start(run, asked));
  std::vector<float> row(run.model.width);
  const toy_engine engine{wide_toy()};
  for (std::uint32_t p = 0; p < 6; ++p)
    for (std::uint32_t l = 0; l < 3; ++l) {
      const std::vector<token_id> history(p + 1, token_id{1});
      engine.state(l, history, row);
      must(seen.observe(layer_index{l}, matrix_view(row.data(), 1, run.model.width),
                        row_map::contiguous({}, position{p}, 1)));
    }
  for (std::uint32_t t = 0; t < 4; ++t) must(seen.sampled(position{3 + t}, token_id{t}));
  const receipt r = must(seen.seal());
  const auto sealed = must(seen.sealed());
  const late_reveal revealed = reveal_for(run, r, seed_of(3));
  for (const bool honest : {true, false}) {
    auto late = must(basic_late_audit<flat_commitment>::begin(run, r, revealed));
    const auto sent = must(answer_reveal(sealed, revealed));
    must(late.take_sketches(encode(sent)));
    const late_check check = must(late.draw_check(seed_of(5), 2));
    auto opened = must(answer_check(sealed, revealed, digest_of(sent), check));
    if (!honest) opened.final_rows.rows[9] ^= std::byte{1};
    must(late.check_rows(check, encode(opened, run, r)));
    CHECK(late.rows_checked() == honest);
    if (!honest) CHECK(late.breached()->why == reason::bad_opening);
  }
  CHECK(code(late_audit::begin(run, r, revealed)) == errc::wrong_type);  // another scheme than the run promises
}
