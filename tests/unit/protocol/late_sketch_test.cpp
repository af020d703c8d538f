// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/late_sketch.hpp>

#include <cmath>
#include <set>

#include "support/catch.hpp"
#include "support/toy_late.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

receipt with_tokens(std::uint32_t prompt, std::uint32_t output) {
  receipt r;
  r.prompt_tokens = prompt, r.output_tokens = output;
  return r;
}
bool ascends_below(std::span<const std::uint32_t> v, std::uint32_t end) {
  for (std::size_t i = 0; i < v.size(); ++i)
    if (v[i] >= end || (i > 0 && v[i] <= v[i - 1])) return false;
  return true;
}
template <class T>
errc code(const result<T>& r) {
  return r ? errc{} : r.error().code;
}

}  // namespace

TEST_CASE("late sketch: a reveal for a run asks for all that is committed in full", "[protocol]") {
  const run_description run = wide_run();
  const receipt r = with_tokens(30, 11);
  const late_reveal all = reveal_for(run, r, seed_of(1));
  CHECK(all.checkpoints ==
        std::vector<late_checkpoint>{{layer_index{0}, 0.002f}, {layer_index{1}, 0.002f}, {layer_index{2}, 0.002f}});
  CHECK(all.sketch == run.commitment.sketch);
  const late_places places = must(expand(all, run, r));
  CHECK(places.positions.size() == 40);
  CHECK(places.outputs.size() == 11);
  CHECK(places.sketches() == 2 * 40 + 11);
  // A quarter of the coordinates, each twice as large: so is the step.
  CHECK(reveal_for(run, r, seed_of(1), 4).checkpoints[0].step == 0.004f);
  run_description plain = run;
  plain.commitment.committed_rows.clear();
  const late_reveal finals = reveal_for(plain, r, seed_of(1));
  CHECK(finals.positions == 0);
  CHECK(must(expand(finals, plain, r)).sketches() == 11);
}

TEST_CASE("late sketch: places ascend, exist, and follow from the reveal", "[protocol]") {
  const run_description run = wide_run();
  const receipt r = with_tokens(30, 11);
  std::set<std::vector<std::uint32_t>> seen;
  for (std::uint64_t n = 0; n < 50; ++n) {
    late_reveal some = reveal_for(run, r, seed_of(n));
    some.positions = 7, some.outputs = 3;
    const late_places places = must(expand(some, run, r));
    CHECK(places.positions.size() == 7);
    CHECK(places.outputs.size() == 3);
    CHECK(ascends_below(places.positions, 40));
    CHECK(ascends_below(places.outputs, 11));
    CHECK(must(expand(some, run, r)).positions == places.positions);
    seen.insert(places.positions);
  }
  CHECK(seen.size() > 45);
}

TEST_CASE("late sketch: reveals that ask for what is not there are refused", "[protocol]") {
  const run_description run = wide_run();
  const receipt r = with_tokens(30, 11);
  const late_reveal good = reveal_for(run, r, seed_of(1));
  const auto refused = [&](auto&& change, errc expected) {
    late_reveal bad = good;
    change(bad);
    CHECK(code(expand(bad, run, r)) == expected);
  };
  refused([](late_reveal& b) { b.checkpoints.clear(); }, errc::empty);
  refused([](late_reveal& b) { b.sketch = 0; }, errc::out_of_range);
  refused([](late_reveal& b) { b.sketch = late_limits::sketch + 1; }, errc::out_of_range);
  refused([](late_reveal& b) { b.sketch_type = dtype::f32; }, errc::unsupported);
  refused([](late_reveal& b) { b.positions = b.outputs = 0; }, errc::out_of_range);
  refused([](late_reveal& b) { b.positions = 0; }, errc::non_canonical);
  refused([](late_reveal& b) { b.outputs = 0; }, errc::non_canonical);
  refused([](late_reveal& b) { b.checkpoints.pop_back(); }, errc::non_canonical);
  refused([](late_reveal& b) { b.checkpoints.erase(b.checkpoints.begin(), b.checkpoints.begin() + 2); },
          errc::non_canonical);
  refused([](late_reveal& b) { std::swap(b.checkpoints[0], b.checkpoints[1]); }, errc::wrong_order);
  refused([](late_reveal& b) { b.checkpoints[1] = b.checkpoints[0]; }, errc::wrong_order);
  refused([](late_reveal& b) { b.checkpoints[0].step = 0; }, errc::out_of_range);
  refused([](late_reveal& b) { b.checkpoints[0].step = std::nanf(""); }, errc::out_of_range);
  refused([](late_reveal& b) { b.checkpoints[2].layer = layer_index{3}; }, errc::out_of_range);  // no such checkpoint
  refused([](late_reveal& b) { b.receipt.value.bytes[0] ^= std::byte{1}; }, errc::wrong_statement);
  refused([](late_reveal& b) { b.checkpoints.assign(run_limits::checkpoints + 1, {}); }, errc::out_of_range);
  run_description partly = run;
  partly.commitment.committed_rows = {layer_index{1}};
  CHECK(code(expand(good, partly, r)) == errc::out_of_range);
  run_description narrow = run;
  narrow.model.width = 9;
  late_reveal wide = good;
  wide.sketch = 17;
  CHECK(code(expand(wide, narrow, r)) == errc::out_of_range);
}

TEST_CASE("late sketch: a check draws so many rows of every checkpoint", "[protocol]") {
  const run_description run = wide_run();
  const receipt r = with_tokens(30, 11);
  late_reveal some = reveal_for(run, r, seed_of(3));
  some.positions = 20, some.outputs = 5;
  const late_places places = must(expand(some, run, r));
  std::vector<int> hits(places.sketches());
  for (std::uint64_t n = 0; n < 400; ++n) {
    const late_check asked{{}, seed_of(n), 4};
    const late_rows rows = must(expand(asked, some, places, run));
    CHECK(rows.block_rows.size() == 8);
    CHECK(rows.final_rows.size() == 4);
    for (std::size_t i = 0; i < rows.block_rows.size(); ++i) {
      const late_row& row = rows.block_rows[i];
      if (i > 0) CHECK(rows.block_rows[i - 1].at < row.at);
      CHECK(row.at[1] == row.checkpoint);
      CHECK(places.positions[row.sketch - 20 * row.checkpoint] == row.at[0]);
      ++hits[row.sketch];
    }
    for (const late_row& row : rows.final_rows) {
      CHECK(places.outputs[row.sketch - 40] == row.at[0]);
      ++hits[row.sketch];
    }
  }
  for (std::size_t i = 0; i < hits.size(); ++i)
    CHECK(std::abs(hits[i] - (i < 40 ? 80 : 320)) < 45);  // 5 standard deviations
  const late_rows most = must(expand(late_check{{}, seed_of(1), late_limits::rows}, some, places, run));
  CHECK(most.block_rows.size() + most.final_rows.size() == places.sketches());
  CHECK(code(expand(late_check{{}, seed_of(1), 0}, some, places, run)) == errc::out_of_range);
  CHECK(code(expand(late_check{{}, seed_of(1), late_limits::rows + 1}, some, places, run)) == errc::out_of_range);
}

TEST_CASE("late sketch: digests cover every field", "[protocol]") {
  const run_description run = wide_run();
  const late_reveal good = reveal_for(run, with_tokens(30, 11), seed_of(3));
  std::set<late_reveal_digest> reveals{digest_of(good)};
  const auto changed = [&](auto&& change) {
    late_reveal other = good;
    change(other);
    CHECK(reveals.insert(digest_of(other)).second);
  };
  changed([](late_reveal& o) { o.receipt.value.bytes[31] ^= std::byte{1}; });
  changed([](late_reveal& o) { o.secret.bytes[31] ^= std::byte{1}; });
  changed([](late_reveal& o) { ++o.positions; });
  changed([](late_reveal& o) { ++o.outputs; });
  changed([](late_reveal& o) { ++o.sketch; });
  changed([](late_reveal& o) { o.sketch_type = dtype::i8; });
  changed([](late_reveal& o) { o.checkpoints[1].step *= 2; });
  changed([](late_reveal& o) { ++o.checkpoints[2].layer.value; });
  changed([](late_reveal& o) { o.checkpoints.pop_back(); });
  const late_sketches sent{digest_of(good), {std::byte{1}, std::byte{2}}};
  late_sketches other = sent;
  other.codes[1] = std::byte{3};
  CHECK(digest_of(other) != digest_of(sent));
  other = sent, other.answers.value.bytes[0] ^= std::byte{1};
  CHECK(digest_of(other) != digest_of(sent));
  const late_check asked{digest_of(sent), seed_of(1), 3};
  std::set<late_check_digest> checks{digest_of(asked), digest_of(late_check{digest_of(other), seed_of(1), 3}),
                                     digest_of(late_check{digest_of(sent), seed_of(2), 3}),
                                     digest_of(late_check{digest_of(sent), seed_of(1), 4})};
  CHECK(checks.size() == 4);
}

TEST_CASE("late sketch: the projection is the receipt's own, and never the early one", "[protocol]") {
  const run_description run = wide_run();
  const late_reveal one = reveal_for(run, with_tokens(30, 11), seed_of(3)),
                    two = reveal_for(run, with_tokens(31, 10), seed_of(3));
  CHECK_FALSE(projection_of(one) == projection_of(two));
  // Even a verifier that reuses the client's nonce as its secret gets another projection; a known one, so it must not.
  const request asked = toy_request(1);
  const request_digest digest = digest_of(digest_of(run), asked);
  late_reveal reused = one;
  reused.secret = asked.nonce, reused.receipt.value = digest.value;
  CHECK_FALSE(projection_of(reused) == derive_keys(asked.nonce, digest).projection);
}

TEST_CASE("late sketch: a promise binds the secret", "[protocol]") {
  const late_reveal revealed = reveal_for(wide_run(), with_tokens(30, 11), seed_of(3));
  CHECK(check_promise(revealed, promise_of(seed_of(3))));
  CHECK(check_promise(revealed, promise_of(seed_of(4))).error().code == errc::commitment_mismatch);
}

TEST_CASE("late sketch: what a provider risks whose sketches are not those of its rows", "[protocol]") {
  CHECK(late_escape(100, 0, 50) == 1);
  CHECK(late_escape(100, 1, 100) == 0);
  CHECK(late_escape(100, 51, 50) == 0);  // only 49 rows are right
  CHECK(late_escape(100, 50, 1) == 0.5);
  CHECK(late_escape(4, 2, 2) == Approx(1.0 / 6));
  CHECK(late_escape(1000, 10, 0) == 1);
  for (const std::uint64_t wrong : {1u, 10u, 100u, 500u})
    for (const std::uint64_t opened : {1u, 4u, 32u}) {
      CHECK(late_escape(1000, wrong, opened) <= std::pow(1 - static_cast<double>(wrong) / 1000, opened) * (1 + 1e-12));
      // By drawing: `wrong` rows at the front, the draws of many checks.
      random_stream stream{seed_of(wrong * 100 + opened), "late-escape"};
      int escaped = 0;
      for (int trial = 0; trial < 4000; ++trial)
        escaped += sample_without_replacement(stream, 1000, opened).front() >= wrong ? 1 : 0;
      CHECK(escaped / 4000.0 == Approx(late_escape(1000, wrong, opened)).margin(0.035));
    }
  for (const std::uint64_t wrong : {1u, 3u, 10u, 100u, 999u, 1000u})
    for (const double target : {0.01, 0.5, 0.9, 0.999}) {
      const std::uint64_t n = late_rows_needed(1000, wrong, target);
      CHECK(late_escape(1000, wrong, n) <= (1 - target) * (1 + 1e-9));
      CHECK(late_escape(1000, wrong, n - 1) > (1 - target) * (1 - 1e-9));
    }
  // Drawing 3 of each of 4 checkpoints: however the wrong rows are spread, no more escape than (1 - share)^12.
  random_stream stream{seed_of(5), "strata"};
  for (int trial = 0; trial < 200; ++trial) {
    double stratified = 1;
    std::uint64_t wrong = 0;
    for (int c = 0; c < 4; ++c) {
      const std::uint64_t here = stream.below(60);
      wrong += here, stratified *= late_escape(60, here, 3);
    }
    CHECK(stratified <= std::pow(1 - static_cast<double>(wrong) / 240, 12) * (1 + 1e-12));
  }
}
