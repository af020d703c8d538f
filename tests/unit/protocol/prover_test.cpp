// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/prover.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

/// One request's text and states, [checkpoints][positions][width], for feeding provers by hand.
struct script {
  run_description run = toy_run();
  request asked = toy_request(3, 5, 6);
  std::vector<token_id> output;
  std::uint32_t positions = 0, width = 0;
  std::vector<float> states;

  script() {
    run.commitment.row_type = dtype::f32;
    const toy_engine engine;
    output = must(serve(engine, run, asked)).output;
    std::vector<token_id> history = asked.prompt;
    history.insert(history.end(), output.begin(), output.end() - 1);
    positions = static_cast<std::uint32_t>(history.size()), width = run.model.width;
    states.resize(std::size_t{run.model.checkpoints} * positions * width);
    for (std::uint32_t l = 0; l < run.model.checkpoints; ++l)
      for (std::uint32_t p = 0; p < positions; ++p)
        engine.state(l, std::span{history}.first(p + 1), {row(l, p), width});
    // Values that bf16 represents, so that every input format can carry them.
    for (float& x : states) x = bf16_to_float(float_to_bf16(x));
  }
  float* row(std::uint32_t layer, std::uint32_t at) {
    return states.data() + (std::size_t{layer} * positions + at) * width;
  }
  const float* row(std::uint32_t layer, std::uint32_t at) const { return const_cast<script*>(this)->row(layer, at); }
  tensor_view rows(std::uint32_t layer, std::uint32_t first, std::uint32_t count) const {
    return matrix_view(row(layer, first), count, width);
  }

  prover start(sequence_id sequence = {}) const { return must(prover::start(run, asked, sequence)); }
  void tell_tokens(prover& p) const {
    for (std::size_t i = 0; i < output.size(); ++i)
      must(p.sampled(position{static_cast<std::uint32_t>(asked.prompt.size() + i)}, output[i]));
  }
  receipt finish(prover& p) const {
    tell_tokens(p);
    return must(p.seal());
  }
  receipt plain() const {
    prover p = start();
    for (std::uint32_t l = 0; l < run.model.checkpoints; ++l)
      must(p.observe(layer_index{l}, rows(l, 0, positions), row_map::contiguous({}, position{0}, positions)));
    return finish(p);
  }
};

/// Rows that the CPU cannot read directly.
struct remote_rows {
  const script& from;
  std::uint32_t layer;
  dtype stored = dtype::f32;
  std::uint32_t fails_at = ~0u;

  std::uint64_t rows() const { return from.positions; }
  std::uint64_t cols() const { return from.width; }
  dtype type() const { return stored; }
  bool fetch(std::uint64_t row, mutable_byte_view out) const {
    if (row == fails_at) return false;
    for (std::uint32_t i = 0; i < from.width; ++i) {
      const float x = from.row(layer, static_cast<std::uint32_t>(row))[i];
      if (stored == dtype::bf16) store_le(out.data() + 2 * i, float_to_bf16(x));
      else if (stored == dtype::f64) store_le(out.data() + 8 * i, std::bit_cast<std::uint64_t>(static_cast<double>(x)));
      else store_le(out.data() + 4 * i, std::bit_cast<std::uint32_t>(x));
    }
    return true;
  }
};

}  // namespace

TEST_CASE("prover: a receipt states the run, the request, the output and the terms", "[protocol]") {
  const script s;
  prover p = s.start();
  for (std::uint32_t l = 0; l < 3; ++l)
    must(p.observe(layer_index{l}, s.rows(l, 0, s.positions), row_map::contiguous({}, position{0}, s.positions)));
  s.tell_tokens(p);
  challenge_terms terms;
  terms.source = challenge_source::beacon, terms.round = 12, terms.beacon.bytes[0] = std::byte{9},
  terms.retention_seconds = 60;
  const receipt r = must(p.seal(terms));
  CHECK(r.run == digest_of(s.run));
  CHECK(r.request == digest_of(r.run, s.asked));
  CHECK(r.output == digest_of(r.request, s.output));
  CHECK((r.prompt_tokens == 5 && r.output_tokens == 6));
  CHECK(r.terms == terms);
  CHECK(std::ranges::equal(p.output(), s.output));
  CHECK(p.sampling_noise() == derive_keys(s.asked.nonce, r.request).sampling);
}

TEST_CASE("prover: the roots are those of the states, computed by hand", "[protocol]") {
  const script s;
  const receipt r = s.plain();
  auto encoder = must(row_encoder::make(s.run, derive_keys(s.asked.nonce, r.request).projection));
  std::vector<std::byte> states(std::size_t{s.positions} * 3 * encoder.fingerprint_bytes()),
      rows(s.output.size() * encoder.row_bytes());
  std::vector<std::byte> bits(encoder.row_bytes());
  for (std::uint32_t p = 0; p < s.positions; ++p)
    for (std::uint32_t l = 0; l < 3; ++l) {
      std::vector<float> row(s.row(l, p), s.row(l, p) + s.width);
      const auto print = mutable_byte_view{states}.subspan((std::size_t{p} * 3 + l) * encoder.fingerprint_bytes(),
                                                           encoder.fingerprint_bytes());
      if (l < 2) {
        must(encoder.encode_state(layer_index{l}, row, print));
        continue;
      }
      must(encoder.encode_final(row, bits, print));
      if (p >= 4) std::ranges::copy(bits, rows.begin() + static_cast<std::ptrdiff_t>((p - 4) * bits.size()));
    }
  const auto trees = must(commit_states(merkle{}, s.run, r.request, states, rows, s.positions, 6));
  CHECK(trees.states.root() == r.states);
  CHECK(trees.final_rows.root() == r.final_rows);
}

TEST_CASE("prover: batches, chunks, padding and the order of layers do not matter", "[protocol]") {
  const script s;
  const receipt expected = s.plain();
  const sequence_id own{7}, other{8};

  SECTION("layers backwards, prefill in chunks of 2 from the end, then token by token") {
    prover p = s.start();
    for (std::uint32_t l = 3; l-- > 0;) {
      for (std::uint32_t at = s.positions; at-- > 6;)
        must(p.observe(layer_index{l}, s.rows(l, at, 1), row_map::contiguous({}, position{at}, 1)));
      for (std::uint32_t at : {4u, 2u, 0u})
        must(p.observe(layer_index{l}, s.rows(l, at, 2), row_map::contiguous({}, position{at}, 2)));
    }
    CHECK(s.finish(p) == expected);
  }
  SECTION("mixed with another sequence and with padding that holds NaN") {
    prover p = s.start(own);
    for (std::uint32_t l = 0; l < 3; ++l) {
      std::vector<row_location> where;
      std::vector<float> batch;
      const std::vector<float> garbage(s.width, std::numeric_limits<float>::quiet_NaN());
      for (std::uint32_t at = s.positions; at-- > 0;) {
        where.push_back({own, position{at}}), batch.insert(batch.end(), s.row(l, at), s.row(l, at) + s.width);
        where.push_back({other, position{at}}), batch.insert(batch.end(), garbage.begin(), garbage.end());
        where.push_back({ignored_row, position{~0u}}), batch.insert(batch.end(), garbage.begin(), garbage.end());
      }
      must(p.observe(layer_index{l}, matrix_view(batch.data(), static_cast<std::int64_t>(where.size()), s.width),
                     row_map::of(where)));
    }
    CHECK(s.finish(p) == expected);
  }
  SECTION("two provers share one batch") {
    prover a = s.start(own), b = s.start(other);
    for (std::uint32_t l = 0; l < 3; ++l) {
      std::vector<row_location> where;
      std::vector<float> batch;
      for (std::uint32_t at = 0; at < s.positions; ++at)
        for (sequence_id id : {own, other})
          where.push_back({id, position{at}}), batch.insert(batch.end(), s.row(l, at), s.row(l, at) + s.width);
      const auto view = matrix_view(batch.data(), static_cast<std::int64_t>(where.size()), s.width);
      must(a.observe(layer_index{l}, view, row_map::of(where)));
      must(b.observe(layer_index{l}, view, row_map::of(where)));
    }
    CHECK(s.finish(a) == expected);
    CHECK(s.finish(b) == expected);
  }
  SECTION("an engine that also feeds back the last token") {
    prover p = s.start();
    for (std::uint32_t l = 0; l < 3; ++l) {
      must(p.observe(layer_index{l}, s.rows(l, 0, s.positions), row_map::contiguous({}, position{0}, s.positions)));
      must(p.observe(layer_index{l}, s.rows(l, 0, 1), row_map::contiguous({}, position{s.positions}, 1)));
    }
    CHECK(s.finish(p) == expected);
  }
}

TEST_CASE("prover: strides and element types do not matter, only values do", "[protocol]") {
  const script s;
  const receipt expected = s.plain();
  prover p = s.start();
  const auto all = row_map::contiguous({}, position{0}, s.positions);
  const std::int64_t n = s.positions, w = s.width;

  SECTION("columns three floats apart, rows padded") {
    for (std::uint32_t l = 0; l < 3; ++l) {
      std::vector<float> spread(static_cast<std::size_t>(n * (3 * w + 5)), -1.0f);
      for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t j = 0; j < w; ++j)
          spread[static_cast<std::size_t>(i * (3 * w + 5) + 3 * j)] = s.row(l, static_cast<std::uint32_t>(i))[j];
      must(p.observe(layer_index{l}, matrix_view(spread.data(), dtype::f32, n, w, 4 * (3 * w + 5), 12), all));
    }
  }
  SECTION("rows and columns backwards in memory") {
    for (std::uint32_t l = 0; l < 3; ++l) {
      std::vector<float> reversed(s.row(l, 0), s.row(l, 0) + n * w);
      std::ranges::reverse(reversed);
      must(p.observe(layer_index{l}, matrix_view(reversed.data() + n * w - 1, dtype::f32, n, w, -4 * w, -4), all));
    }
  }
  SECTION("column-major") {
    for (std::uint32_t l = 0; l < 3; ++l) {
      std::vector<float> columns(static_cast<std::size_t>(n * w));
      for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t j = 0; j < w; ++j)
          columns[static_cast<std::size_t>(j * n + i)] = s.row(l, static_cast<std::uint32_t>(i))[j];
      must(p.observe(layer_index{l}, matrix_view(columns.data(), dtype::f32, n, w, 4, 4 * n), all));
    }
  }
  SECTION("bf16, unaligned") {
    for (std::uint32_t l = 0; l < 3; ++l) {
      std::vector<std::byte> codes(static_cast<std::size_t>(2 * n * w + 1));
      for (std::int64_t i = 0; i < n * w; ++i) store_le(codes.data() + 1 + 2 * i, float_to_bf16(s.row(l, 0)[i]));
      must(p.observe(layer_index{l}, matrix_view(codes.data() + 1, dtype::bf16, n, w), all));
    }
  }
  SECTION("f64") {
    for (std::uint32_t l = 0; l < 3; ++l) {
      const std::vector<double> wide(s.row(l, 0), s.row(l, 0) + n * w);
      must(p.observe(layer_index{l}, matrix_view(wide.data(), n, w), all));
    }
  }
  SECTION("a row_source of floats, of bf16 and of doubles") {
    must(p.observe(layer_index{0}, remote_rows{s, 0}, all));
    must(p.observe(layer_index{1}, remote_rows{s, 1, dtype::bf16}, all));
    must(p.observe(layer_index{2}, remote_rows{s, 2, dtype::f64}, all));
  }
  SECTION("one row at a time, as spans") {
    for (std::uint32_t at = 0; at < s.positions; ++at)
      for (std::uint32_t l = 0; l < 3; ++l)
        must(p.observe(layer_index{l}, std::span<const float>{s.row(l, at), s.width},
                       row_map::contiguous({}, position{at}, 1)));
  }
  CHECK(s.finish(p) == expected);
}

TEST_CASE("prover: a zero stride repeats one row, as if it were written out", "[protocol]") {
  script s;
  for (std::uint32_t l = 0; l < 3; ++l)
    for (std::uint32_t at = 1; at < s.positions; ++at) std::copy_n(s.row(l, 0), s.width, s.row(l, at));
  prover p = s.start();
  for (std::uint32_t l = 0; l < 3; ++l)
    must(p.observe(layer_index{l}, matrix_view(s.row(l, 0), dtype::f32, s.positions, s.width, 0, 4),
                   row_map::contiguous({}, position{0}, s.positions)));
  CHECK(s.finish(p) == s.plain());
}

TEST_CASE("prover: one value in one state changes the receipt", "[protocol]") {
  script s;
  const receipt before = s.plain();
  s.row(1, 3)[5] += 1;
  const receipt after = s.plain();
  CHECK(after.states != before.states);
  CHECK(after.final_rows == before.final_rows);
  s.row(2, 6)[0] += 1;
  CHECK(s.plain().final_rows != before.final_rows);
  s = script{};
  s.row(2, 3)[0] += 1;  // an LM-head input that leads to no output token: its fingerprint only
  CHECK(s.plain().final_rows == before.final_rows);
  CHECK(s.plain().states != before.states);
}

TEST_CASE("prover: a request or run that makes no sense is not started", "[protocol]") {
  const script s;
  request r = s.asked;
  r.prompt.clear();
  CHECK(prover::start(s.run, r).error().code == errc::empty);
  r = s.asked, r.prompt[1] = token_id{64};
  CHECK(prover::start(s.run, r).error().code == errc::token_out_of_range);
  run_description run = s.run;
  run.commitment.steps.clear();
  CHECK(prover::start(run, s.asked).error().code == errc::length_mismatch);
}

TEST_CASE("prover: tokens come in order, each once, from the vocabulary, no more than asked for", "[protocol]") {
  const script s;
  prover p = s.start();
  CHECK(p.sampled(position{4}, token_id{1}).error().code == errc::wrong_order);
  CHECK(p.sampled(position{6}, token_id{1}).error().code == errc::wrong_order);
  CHECK(p.sampled(position{5}, token_id{64}).error().code == errc::token_out_of_range);
  s.tell_tokens(p);
  CHECK(p.sampled(position{10}, token_id{1}).error().code == errc::wrong_order);
  CHECK(p.sampled(position{11}, token_id{1}).error().code == errc::out_of_range);
  CHECK(p.output().size() == 6);
}

TEST_CASE("prover: observing reports what is wrong, and seal repeats it", "[protocol]") {
  const script s;
  prover p = s.start();
  for (std::uint32_t l = 0; l < 3; ++l)
    must(p.observe(layer_index{l}, s.rows(l, 0, s.positions), row_map::contiguous({}, position{0}, s.positions)));
  const auto first = row_map::contiguous({}, position{0}, 1);
  const auto fails_with = [&](const result<void>& observed, errc code) {
    REQUIRE_FALSE(observed);
    CHECK(observed.error().code == code);
    s.tell_tokens(p);
    CHECK(p.seal().error() == observed.error());
    CHECK(p.open(challenge{}).error().code == errc::wrong_state);
  };
  SECTION("NaN") {
    std::vector<float> row(s.width, 1.0f);
    row[3] = std::numeric_limits<float>::quiet_NaN();
    fails_with(p.observe(layer_index{1}, matrix_view(row.data(), 1, s.width), row_map::contiguous({}, position{9}, 1)),
               errc::non_finite);
    CHECK(p.seal().error().where == 9);
  }
  SECTION("infinity in the final row") {
    std::vector<float> row(s.width, 1.0f);
    row[0] = -std::numeric_limits<float>::infinity();
    fails_with(p.observe(layer_index{2}, matrix_view(row.data(), 1, s.width), first), errc::non_finite);
  }
  SECTION("another state for the same place") {
    fails_with(p.observe(layer_index{1}, s.rows(0, 0, 1), first), errc::conflicting);
  }
  SECTION("another width") {
    fails_with(p.observe(layer_index{0}, matrix_view(s.row(0, 0), 1, s.width - 1), first), errc::shape_mismatch);
  }
  SECTION("another number of rows") {
    fails_with(p.observe(layer_index{0}, s.rows(0, 0, 2), first), errc::shape_mismatch);
  }
  SECTION("no such checkpoint") { fails_with(p.observe(layer_index{3}, s.rows(0, 0, 1), first), errc::out_of_range); }
  SECTION("a position beyond the request") {
    fails_with(p.observe(layer_index{0}, s.rows(0, 0, 1), row_map::contiguous({}, position{11}, 1)),
               errc::out_of_range);
  }
  SECTION("a host that cannot copy") {
    fails_with(
        p.observe(layer_index{0}, remote_rows{s, 0, dtype::f32, 4}, row_map::contiguous({}, position{0}, s.positions)),
        errc::host_failure);
  }
  SECTION("no memory behind a view") {
    fails_with(p.observe(layer_index{0}, matrix_view(static_cast<const float*>(nullptr), 1, s.width), first),
               errc::empty);
  }
  SECTION("the first failure is the one that is kept") {
    CHECK(p.observe(layer_index{3}, s.rows(0, 0, 1), first).error().code == errc::out_of_range);
    CHECK(p.observe(layer_index{1}, s.rows(0, 0, 1), first).error().code == errc::conflicting);
    s.tell_tokens(p);
    CHECK(p.seal().error().code == errc::out_of_range);
  }
}

TEST_CASE("prover: the same observation twice is no conflict", "[protocol]") {
  const script s;
  prover p = s.start();
  for (int twice = 0; twice < 2; ++twice)
    for (std::uint32_t l = 0; l < 3; ++l)
      must(p.observe(layer_index{l}, s.rows(l, 0, s.positions), row_map::contiguous({}, position{0}, s.positions)));
  CHECK(s.finish(p) == s.plain());
}

TEST_CASE("prover: sealing needs a token and every state, and names the first gap", "[protocol]") {
  const script s;
  prover p = s.start();
  CHECK(p.seal().error().code == errc::empty);
  s.tell_tokens(p);
  CHECK(p.seal().error() == fail(errc::incomplete, "", 0));
  for (std::uint32_t l = 0; l < 3; ++l)
    must(p.observe(layer_index{l}, s.rows(l, 0, 7), row_map::contiguous({}, position{0}, 7)));
  CHECK(p.seal().error() == fail(errc::incomplete, "", 7));
  must(p.observe(layer_index{0}, s.rows(0, 7, 3), row_map::contiguous({}, position{7}, 3)));
  must(p.observe(layer_index{2}, s.rows(2, 7, 3), row_map::contiguous({}, position{7}, 3)));
  must(p.observe(layer_index{1}, s.rows(1, 7, 2), row_map::contiguous({}, position{7}, 2)));
  CHECK(p.seal().error() == fail(errc::incomplete, "", 9));
  must(p.observe(layer_index{1}, s.rows(1, 9, 1), row_map::contiguous({}, position{9}, 1)));
  CHECK(must(p.seal()) == s.plain());
}

TEST_CASE("prover: terms that contradict themselves are not sealed, and do not spoil the prover", "[protocol]") {
  const script s;
  prover p = s.start();
  for (std::uint32_t l = 0; l < 3; ++l)
    must(p.observe(layer_index{l}, s.rows(l, 0, s.positions), row_map::contiguous({}, position{0}, s.positions)));
  s.tell_tokens(p);
  challenge_terms terms;
  terms.round = 4;
  CHECK(p.seal(terms).error().code == errc::non_canonical);
  CHECK(must(p.seal()) == s.plain());
}

TEST_CASE("prover: after seal only open is allowed, and open needs seal, time and the right receipt", "[protocol]") {
  const script s;
  prover p = s.start();
  CHECK(p.open(challenge{}).error().code == errc::wrong_state);
  for (std::uint32_t l = 0; l < 3; ++l)
    must(p.observe(layer_index{l}, s.rows(l, 0, s.positions), row_map::contiguous({}, position{0}, s.positions)));
  s.tell_tokens(p);
  challenge_terms terms;
  terms.retention_seconds = 60;
  const receipt r = must(p.seal(terms));
  CHECK(p.seal(terms).error().code == errc::wrong_state);
  CHECK(p.sampled(position{11}, token_id{0}).error().code == errc::wrong_state);
  CHECK(p.observe(layer_index{0}, s.rows(0, 0, 1), row_map::contiguous({}, position{0}, 1)).error().code ==
        errc::wrong_state);
  const challenge asked{digest_of(r), seed_of(1), {2, 2}};
  CHECK(p.open(asked));
  CHECK(p.open(asked, 60));
  CHECK(p.open(asked, 61).error().code == errc::expired);
  challenge other = asked;
  other.receipt.value.bytes[0] ^= std::byte{1};
  CHECK(p.open(other).error().code == errc::wrong_statement);
  CHECK(p.open(challenge{asked.receipt, asked.randomness, {0, 0}}).error().code == errc::out_of_range);
  CHECK(must(p.open(asked)) == must(p.open(asked)));
}

TEST_CASE("prover: a challenge that asks for more than the host allows is refused", "[protocol]") {
  const run_description run = toy_run();
  const toy_answer a = must(serve(toy_engine{}, run, toy_request(4)));
  const auto open = [&](challenge_size size, auto... most) {
    const auto opened = a.prover.open(challenge{digest_of(a.receipt), seed_of(1), size}, 0, most...);
    return opened ? errc{} : opened.error().code;
  };
  CHECK(open({1024, 256}) == errc{});
  CHECK(open({1025, 1}) == errc::too_large);
  CHECK(open({1, 257}) == errc::too_large);
  CHECK(open({2, 3}, challenge_size{2, 3}) == errc{});
  CHECK(open({3, 3}, challenge_size{2, 3}) == errc::too_large);
  CHECK(open({2, 4}, challenge_size{2, 3}) == errc::too_large);
  CHECK(open({~0u, ~0u}, challenge_size{~0u, ~0u}) == errc{});  // all there is
}
