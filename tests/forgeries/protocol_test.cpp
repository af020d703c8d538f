// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a cheating provider can send to pass: every forgery here must fail, with the documented reason.
#include <assay/protocol/audit.hpp>
#include <assay/protocol/prover.hpp>
#include <assay/protocol/wire.hpp>

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <set>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

struct case_file {
  run_description run = toy_run();
  request asked = toy_request(2, 6, 5);
  toy_engine engine;
  verification_policy policy;
  toy_answer answer;

  explicit case_file(std::uint64_t index = 2)
      : asked(toy_request(index, 6, 5)), answer(must(serve(engine, run, asked))) {
    policy.opened = {3, 2};
    policy.required = audit_level::receipt;
  }
  audit begin() const { return must(audit::begin(policy, run, asked, answer.output, answer.receipt)); }
  challenge question(std::uint64_t nonce = 1) const { return must(begin().draw_challenge(seed_of(nonce))); }
  std::vector<std::byte> openings(std::uint64_t nonce = 1) const { return open_encoded(answer, run, question(nonce)); }

  /// The breach that these openings lead to, if any. @pre the receipt is fine
  reason outcome_of(byte_view encoded, std::uint64_t nonce = 1) const {
    audit a = begin();
    REQUIRE_FALSE(a.breached());
    must(a.check_openings(question(nonce), encoded));
    REQUIRE(a.breached().has_value() != a.openings_verified());
    return a.breached() ? a.breached()->why : reason::none;
  }
};

/// A provider that commits to bytes of its own making and answers challenges honestly about them.
struct liar {
  case_file file;
  std::vector<std::byte> states, rows;

  liar() {
    const toy_reference honest{file.engine, file.asked.prompt, file.answer.output};
    auto encoder =
        must(row_encoder::make(file.run, derive_keys(file.asked.nonce, file.answer.receipt.request).projection));
    std::vector<float> row(file.run.model.width);
    std::vector<std::byte> print(encoder.fingerprint_bytes()), bits(encoder.row_bytes());
    for (std::uint32_t p = 0; p < observed_positions(file.answer.receipt); ++p)
      for (std::uint32_t l = 0; l < file.run.model.checkpoints; ++l) {
        must(honest(layer_index{l}, position{p}, row));
        if (encoder.is_final(layer_index{l})) must(encoder.encode_final(row, bits, print));
        else must(encoder.encode_state(layer_index{l}, row, print));
        states.insert(states.end(), print.begin(), print.end());
        if (encoder.is_final(layer_index{l}) && p + 1 >= file.asked.prompt.size())
          rows.insert(rows.end(), bits.begin(), bits.end());
      }
  }
  /// Commits, is challenged for everything, opens what it committed to.
  std::optional<breach> caught() {
    file.policy.opened = {1000, 200};
    receipt& r = file.answer.receipt;
    const auto trees =
        must(commit_states(merkle{}, file.run, r.request, states, rows, observed_positions(r), r.output_tokens));
    r.states = trees.states.root(), r.final_rows = trees.final_rows.root();
    audit a = file.begin();
    REQUIRE_FALSE(a.breached());
    const challenge asked = must(a.draw_challenge(seed_of(5)));
    const auto wanted = coordinates_of(file.run, r, must(expand(asked, r)));
    const opening_set<merkle> set{digest_of(asked), must(trees.states.open(wanted.states)),
                                  must(trees.final_rows.open(wanted.final_rows))};
    must(a.check_openings(asked, encode(set, file.run, r)));
    CHECK(a.openings_verified() == !a.breached());
    return a.breached();
  }
  std::byte* row_element(std::uint32_t output, std::uint32_t i) {
    return rows.data() + (std::size_t{output} * file.run.model.width + i) * 2;
  }
};

}  // namespace

TEST_CASE("forgery: a receipt with any byte changed is never accepted", "[forgeries]") {
  const case_file f;
  const auto good = encode(f.answer.receipt);
  REQUIRE(must(parse_receipt(good)) == f.answer.receipt);
  const auto openings = f.openings();
  // Which breach a flipped byte leads to; the openings are those of the true receipt.
  const auto expected = [](std::size_t i) -> std::set<reason> {
    if (i < 6) return {};
    if (i < 38) return {reason::wrong_run};
    if (i < 70) return {reason::wrong_request};
    if (i < 74) return {reason::wrong_request};  // prompt_tokens
    if (i < 110) return {reason::wrong_output};  // output_tokens, output
    if (i < 174) return {reason::wrong_openings};  // roots: the challenge is another one
    if (i < 175) return {};
    if (i < 183) return {reason::wrong_openings};  // retention: likewise
    return {};  // beacon, round: not in an interactive receipt
  };
  for (std::size_t i = 0; i < good.size(); ++i)
    for (unsigned flip : {0x01u, 0x80u, 0xffu}) {
      INFO("byte " << i << " flip " << flip);
      auto bad = good;
      bad[i] ^= static_cast<std::byte>(flip);
      const auto parsed = parse_receipt(bad);
      if (expected(i).empty()) {
        CHECK_FALSE(parsed);
        continue;
      }
      if (!parsed) {
        CHECK((i >= 70 && i < 78));
        continue;
      }  // counts may fall out of range
      audit a = must(audit::begin(f.policy, f.run, f.asked, f.answer.output, *parsed));
      if (!a.breached()) must(a.check_openings(must(a.draw_challenge(seed_of(1))), openings));
      REQUIRE(a.breached());
      CHECK(expected(i).count(a.breached()->why) == 1);
      CHECK_FALSE(a.level());
    }
}

TEST_CASE("forgery: a receipt cut short or prolonged does not parse", "[forgeries]") {
  const auto good = encode(case_file{}.answer.receipt);
  for (std::size_t n = 0; n < good.size(); ++n) CHECK_FALSE(parse_receipt(byte_view{good}.first(n)));
  auto longer = good;
  longer.push_back(std::byte{0});
  CHECK_FALSE(parse_receipt(longer));
}

TEST_CASE("forgery: openings with any byte changed, cut or prolonged are a breach", "[forgeries]") {
  const case_file f;
  const auto good = f.openings();
  REQUIRE(f.outcome_of(good) == reason::none);
  for (std::size_t i = 0; i < good.size(); ++i)
    for (unsigned flip : {0x01u, 0x80u}) {
      INFO("byte " << i << " flip " << flip);
      auto bad = good;
      bad[i] ^= static_cast<std::byte>(flip);
      const reason why = f.outcome_of(bad);
      if (i < 6) CHECK(why == reason::malformed_openings);
      else if (i < 38) CHECK(why == reason::wrong_openings);
      else if (i < 54) CHECK(why == reason::malformed_openings);  // length, inner magic, version, scheme, type
      else if (i < 86) CHECK(why == reason::wrong_openings);  // the tree's statement
      else CHECK((why == reason::bad_opening || why == reason::malformed_openings || why == reason::wrong_openings));
    }
  for (std::size_t n = 0; n < good.size(); ++n)
    CHECK(f.outcome_of(byte_view{good}.first(n)) == reason::malformed_openings);
  auto longer = good;
  longer.push_back(std::byte{0});
  CHECK(f.outcome_of(longer) == reason::malformed_openings);
}

TEST_CASE("forgery: openings of something else", "[forgeries]") {
  const case_file f;
  CHECK(f.outcome_of(f.openings(2)) == reason::wrong_openings);  // another challenge to the same receipt
  CHECK(f.outcome_of(case_file{3}.openings()) == reason::wrong_openings);  // another request's
  const auto relabel = [&](std::vector<std::byte> bytes) {  // claims to answer this challenge
    const auto answers = digest_of(f.question()).value.bytes;
    std::ranges::copy(answers, bytes.begin() + 6);
    return bytes;
  };
  const auto is_breach = [](reason why) {
    return why == reason::wrong_openings || why == reason::malformed_openings || why == reason::bad_opening;
  };
  CHECK(f.outcome_of(relabel(f.openings())) == reason::none);
  for (std::uint64_t nonce = 2; nonce < 12; ++nonce) CHECK(is_breach(f.outcome_of(relabel(f.openings(nonce)))));
  CHECK(is_breach(f.outcome_of(relabel(case_file{3}.openings()))));
  CHECK(f.outcome_of({}) == reason::malformed_openings);
}

TEST_CASE("forgery: rows and hashes exchanged inside an opening", "[forgeries]") {
  const case_file f;
  const auto set = must(f.answer.prover.open(f.question()));
  const auto outcome = [&](const opening_set<merkle>& forged) {
    return f.outcome_of(encode(forged, f.run, f.answer.receipt));
  };
  REQUIRE(outcome(set) == reason::none);
  const std::size_t fingerprints = 48, row = 48;
  for (std::size_t i = 1; i < set.states.rows.size() / fingerprints; ++i) {
    auto forged = set;
    std::swap_ranges(forged.states.rows.begin(), forged.states.rows.begin() + fingerprints,
                     forged.states.rows.begin() + static_cast<std::ptrdiff_t>(i * fingerprints));
    CHECK(outcome(forged) == reason::bad_opening);
  }
  auto layers = set;  // two checkpoints of one position
  std::swap_ranges(layers.states.rows.begin(), layers.states.rows.begin() + 16, layers.states.rows.begin() + 16);
  CHECK(outcome(layers) == reason::bad_opening);
  auto forged = set;
  std::swap_ranges(forged.final_rows.rows.begin(), forged.final_rows.rows.begin() + static_cast<std::ptrdiff_t>(row),
                   forged.final_rows.rows.begin() + static_cast<std::ptrdiff_t>(row));
  CHECK(outcome(forged) == reason::bad_opening);
  for (tree_opening<merkle> opening_set<merkle>::*tree :
       {&opening_set<merkle>::states, &opening_set<merkle>::final_rows})
    for (std::size_t n = 0; n < (set.*tree).nodes.size(); ++n)
      for (std::size_t s = 0; s < (set.*tree).nodes[n].siblings.size(); ++s) {
        forged = set;
        (forged.*tree).nodes[n].siblings[s].bytes[13] ^= std::byte{1};
        CHECK(outcome(forged) == reason::bad_opening);
        if (s == 0) continue;
        forged = set;
        std::swap((forged.*tree).nodes[n].siblings[s], (forged.*tree).nodes[n].siblings[0]);
        CHECK(outcome(forged) == reason::bad_opening);
      }
}

TEST_CASE("forgery: roots exchanged, or of another request with the same states", "[forgeries]") {
  case_file f;
  const case_file other{3};
  const auto attempt = [&] {
    audit a = f.begin();
    const challenge asked = must(a.draw_challenge(seed_of(1)));
    const auto wanted = must(expand(asked, f.answer.receipt));
    challenge own = asked;  // the provider opens its own trees and labels them as it must
    own.receipt = digest_of(other.answer.receipt);
    auto set = must(other.answer.prover.open(own));
    set.answers = digest_of(asked);
    must(a.check_openings(asked, encode(set, f.run, f.answer.receipt)));
    return a.breached() ? a.breached()->why : reason::none;
  };
  std::swap(f.answer.receipt.states, f.answer.receipt.final_rows);
  CHECK(attempt() != reason::none);
  f = case_file{};
  f.answer.receipt.states = other.answer.receipt.states;
  f.answer.receipt.final_rows = other.answer.receipt.final_rows;
  CHECK(attempt() != reason::none);
}

TEST_CASE("forgery: an honest tree of the wrong shape", "[forgeries]") {
  // Three times as many rows of one checkpoint each hold the same bytes; the statement tells them apart.
  liar l;
  receipt& r = l.file.answer.receipt;
  const auto context = detail::tree_context(r.request, "states");
  const std::uint32_t positions = observed_positions(r);
  const auto shape = row_tree_shape(positions * 3, dtype::i16, 8, l.file.run.commitment.fan_out);
  const auto flat = must(commit_tree(merkle{}, shape, context, l.states));
  CHECK(flat.root() != l.file.answer.receipt.states);
  r.states = flat.root();
  audit a = l.file.begin();
  const challenge asked = must(a.draw_challenge(seed_of(1)));
  const auto wanted = coordinates_of(l.file.run, r, must(expand(asked, r)));
  std::vector<coordinates> flattened;
  for (const auto& c : wanted.states)
    for (std::uint32_t layer = 0; layer < 3; ++layer) flattened.push_back({c[0] * 3 + layer});
  const auto rows = must(commit_tree(merkle{}, detail::final_rows_shape(l.file.run, r.output_tokens),
                                     detail::tree_context(r.request, "final-rows"), l.rows));
  const opening_set<merkle> set{digest_of(asked), must(flat.open(flattened)), must(rows.open(wanted.final_rows))};
  must(a.check_openings(asked, encode(set, l.file.run, r)));
  REQUIRE(a.breached());
  CHECK(a.breached()->why != reason::none);
}

TEST_CASE("forgery: the liar of these tests passes when it does not lie", "[forgeries]") {
  CHECK_FALSE(liar{}.caught());
}

TEST_CASE("forgery: a final row that is not the state that was fingerprinted", "[forgeries]") {
  for (std::uint32_t output = 0; output < 5; ++output) {
    liar l;
    // Doubles one element: its sign and size stay plausible.
    std::byte* element = l.row_element(output, 7);
    const float value = bf16_to_float(load_le<std::uint16_t>(element));
    store_le(element, float_to_bf16(value * 2 + 0.5f));
    const auto caught = l.caught();
    REQUIRE(caught);
    CHECK(caught->why == reason::inconsistent_row);
    CHECK(caught->place.at.value == 5 + output);
    CHECK(caught->place.layer.value == 2);
    CHECK(caught->place.where == channel::head);
  }
}

TEST_CASE("forgery: final rows of honest states in another order", "[forgeries]") {
  liar l;
  std::swap_ranges(l.rows.begin(), l.rows.begin() + 48, l.rows.begin() + 48);
  const auto caught = l.caught();
  REQUIRE(caught);
  CHECK(caught->why == reason::inconsistent_row);
}

TEST_CASE("forgery: a fingerprint off by one unit in one coordinate", "[forgeries]") {
  liar l;
  const std::size_t at = ((std::size_t{6} * 3) + 2) * 16;  // position 6, final checkpoint
  store_le(l.states.data() + at, static_cast<std::uint16_t>(load_le<std::uint16_t>(l.states.data() + at) + 1));
  const auto caught = l.caught();
  REQUIRE(caught);
  CHECK(caught->why == reason::inconsistent_row);
  CHECK(caught->place.at.value == 6);
}

TEST_CASE("forgery: committed rows that no arithmetic of the verifier survives", "[forgeries]") {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (float poison : {inf, -inf, nan, 0x1p41f, -0x1p120f}) {
    liar l;
    store_le(l.row_element(2, 11), float_to_bf16(poison));
    const auto caught = l.caught();
    REQUIRE(caught);
    CHECK(caught->why == reason::non_finite_row);
    CHECK(caught->place.at.value == 7);
  }
  liar signalling;  // every NaN code, not only the quiet one
  store_le(signalling.row_element(0, 0), std::uint16_t{0x7f81});
  CHECK(signalling.caught()->why == reason::non_finite_row);
}

TEST_CASE("forgery: fingerprints of extreme codes stay comparable", "[forgeries]") {
  liar l;
  for (std::size_t i = 0; i + 48 <= l.states.size(); i += 48)
    store_le(l.states.data() + i, std::uint16_t{0x8000});  // checkpoint 0
  REQUIRE_FALSE(l.caught());
  const auto& r = l.file.answer.receipt;
  audit a = l.file.begin();
  const challenge asked = must(a.draw_challenge(seed_of(5)));
  const auto trees =
      must(commit_states(merkle{}, l.file.run, r.request, l.states, l.rows, observed_positions(r), r.output_tokens));
  const auto wanted = coordinates_of(l.file.run, r, must(expand(asked, r)));
  const opening_set<merkle> set{digest_of(asked), must(trees.states.open(wanted.states)),
                                must(trees.final_rows.open(wanted.final_rows))};
  must(a.check_openings(asked, encode(set, l.file.run, r)));
  must(a.compare_states(toy_reference{l.file.engine, l.file.asked.prompt, l.file.answer.output}));
  for (const score_at& s : a.evidence().of(channel::states))
    CHECK((s.layer.value == 0 ? s.score > 1 && s.score < 1e3 : s.score == 0));
}

TEST_CASE("forgery: honest states of one text, sold with another", "[forgeries]") {
  // Everything is committed consistently; only the replay through the head can see it, and does.
  case_file f;
  f.policy.required = audit_level::lm_head, f.policy.opened = {3, 5};
  auto sold = must(prover::start(f.run, f.asked));
  std::vector<token_id> text = f.asked.prompt;
  const std::vector<token_id> edited{token_id{1}, token_id{2}, token_id{3}, token_id{4}, token_id{5}};
  text.insert(text.end(), edited.begin(), edited.end());
  std::vector<float> row(f.run.model.width);
  for (std::uint32_t p = 0; p + 1 < text.size(); ++p)
    for (std::uint32_t l = 0; l < 3; ++l) {
      f.engine.state(l, std::span{text}.first(p + 1), row);
      must(sold.observe(layer_index{l}, std::span<const float>{row}, row_map::contiguous({}, position{p}, 1)));
    }
  for (std::uint32_t i = 0; i < edited.size(); ++i) must(sold.sampled(position{6 + i}, edited[i]));
  const receipt r = must(sold.seal());
  audit a = must(audit::begin(f.policy, f.run, f.asked, edited, r));
  const challenge asked = must(a.draw_challenge(seed_of(1)));
  must(a.check_openings(asked, encode(must(sold.open(asked)), f.run, r)));
  replay(a, f.engine, f.asked, edited, audit_level::lm_head);
  CHECK_FALSE(a.breached());
  const auto& scores = a.evidence().of(channel::head);
  CHECK(std::ranges::count_if(scores, [](const score_at& s) { return s.score > 0.5; }) >= 4);
}

namespace {

/// Directions that a projection does not see: `row` minus its part in the span of the projection's rows.
std::vector<float> unseen_part(const hadamard_projection& projection, std::vector<double> row) {
  const std::size_t width = projection.width(), sketch = projection.sketch();
  std::vector<std::vector<double>> basis(sketch, std::vector<double>(width));
  std::vector<float> unit(width), image(sketch), scratch(projection.scratch_size());
  for (std::size_t i = 0; i < width; ++i) {
    std::ranges::fill(unit, 0.0f), unit[i] = 1;
    projection.project(unit, image, scratch);
    for (std::size_t k = 0; k < sketch; ++k) basis[k][i] = static_cast<double>(image[k]);
  }
  const auto dot = [](const auto& a, const auto& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); };
  const auto remove = [&](std::vector<double>& from, const std::vector<double>& b) {
    const double share = dot(from, b) / dot(b, b);
    for (std::size_t i = 0; i < width; ++i) from[i] -= share * b[i];
  };
  for (std::size_t k = 0; k < sketch; ++k)
    for (std::size_t j = 0; j < k; ++j) remove(basis[k], basis[j]);
  for (const auto& b : basis) remove(row, b);
  return {row.begin(), row.end()};
}

}  // namespace

TEST_CASE("forgery: final rows bent where the fingerprint does not look pass the head, not the whole model", "[forgeries]") {
  // The provider knows the request's projection, so it can give an honest state any logits it likes without changing the
  // fingerprint. The head's replay (level 1) and the fingerprints cannot see that; rows compared in full (level 3) do.
  case_file f;
  f.run.commitment.row_type = dtype::f32;
  f.policy.opened = {100, 100}, f.policy.required = audit_level::model;
  const std::vector<token_id> sold{token_id{3}, token_id{3}, token_id{3}, token_id{3}, token_id{3}};
  const toy_reference states{f.engine, f.asked.prompt, sold};
  const auto keys = derive_keys(f.asked.nonce, digest_of(digest_of(f.run), f.asked));
  const auto projection =
      must(hadamard_projection::derive(keys.projection, f.run.model.width, f.run.commitment.sketch));
  std::vector<double> wanted;  // the head's weights of token 3
  for (std::uint32_t i = 0; i < f.run.model.width; ++i) {
    std::vector<float> unit(f.run.model.width, 0.0f), logits(f.run.model.vocabulary);
    unit[i] = 1;
    f.engine.logits(unit, logits);
    wanted.push_back(static_cast<double>(logits[3]));
  }
  const auto bend = unseen_part(projection, wanted);

  auto prover = must(prover::start(f.run, f.asked));
  std::vector<float> row(f.run.model.width);
  for (std::uint32_t p = 0; p < f.asked.prompt.size() + sold.size() - 1; ++p)
    for (std::uint32_t l = 0; l < f.run.model.checkpoints; ++l) {
      must(states(layer_index{l}, position{p}, row));
      if (l == 2 && p >= f.asked.prompt.size() - 1)
        for (std::size_t i = 0; i < row.size(); ++i) row[i] += 10 * bend[i];
      must(prover.observe(layer_index{l}, std::span<const float>{row}, row_map::contiguous({}, position{p}, 1)));
    }
  for (std::uint32_t i = 0; i < sold.size(); ++i) must(prover.sampled(position{6 + i}, sold[i]));
  const receipt r = must(prover.seal());

  const auto examine = [&](audit_level level) {
    f.policy.required = level;
    audit a = must(audit::begin(f.policy, f.run, f.asked, sold, r));
    const challenge asked = must(a.draw_challenge(seed_of(1)));
    must(a.check_openings(asked, encode(must(prover.open(asked)), f.run, r)));
    replay(a, f.engine, f.asked, sold, level);
    REQUIRE_FALSE(a.breached());
    REQUIRE(a.level() == level);
    for (const score_at& s : a.evidence().of(channel::head)) CHECK(s.score == 0);
    CHECK(a.evidence().of(channel::head).size() == 5);
    return a.evidence();
  };
  // A limit that the threat model states: the head alone finds nothing.
  const request_evidence with_head = examine(audit_level::lm_head);
  for (channel other : {channel::tokens, channel::states, channel::rows}) CHECK(with_head.of(other).empty());
  const request_evidence with_model = examine(audit_level::model);
  for (const score_at& s : with_model.of(channel::states)) CHECK(s.score < 0.002);
  REQUIRE(with_model.of(channel::rows).size() == 5);
  for (const score_at& s : with_model.of(channel::rows)) CHECK(s.score > 0.5);
  CHECK(std::ranges::count_if(with_model.of(channel::tokens), [](const score_at& s) { return s.score > 1; }) >= 4);
}

TEST_CASE("forgery: a bent final row behind an honest token is seen by the rows alone", "[forgeries]") {
  // Tokens follow from the model and fingerprints are honest; what was committed is still not the model's state.
  case_file f;
  f.run.commitment.row_type = dtype::f32, f.policy.opened = {100, 100}, f.policy.required = audit_level::model;
  f.answer = must(serve(f.engine, f.run, f.asked));
  const auto keys = derive_keys(f.asked.nonce, digest_of(digest_of(f.run), f.asked));
  const auto projection =
      must(hadamard_projection::derive(keys.projection, f.run.model.width, f.run.commitment.sketch));
  std::vector<double> anything(f.run.model.width);
  for (std::size_t i = 0; i < anything.size(); ++i) anything[i] = i % 3 == 0 ? 0.3 : -0.1;
  const auto bend = unseen_part(projection, anything);

  const toy_reference states{f.engine, f.asked.prompt, f.answer.output};
  auto prover = must(prover::start(f.run, f.asked));
  std::vector<float> row(f.run.model.width);
  const auto last = static_cast<std::uint32_t>(f.asked.prompt.size() + 3);  // leads to the last output but one
  for (std::uint32_t p = 0; p < f.asked.prompt.size() + f.answer.output.size() - 1; ++p)
    for (std::uint32_t l = 0; l < f.run.model.checkpoints; ++l) {
      must(states(layer_index{l}, position{p}, row));
      if (l == 2 && p == last - 1)
        for (std::size_t i = 0; i < row.size(); ++i) row[i] += bend[i];
      must(prover.observe(layer_index{l}, std::span<const float>{row}, row_map::contiguous({}, position{p}, 1)));
    }
  for (std::uint32_t i = 0; i < f.answer.output.size(); ++i) must(prover.sampled(position{6 + i}, f.answer.output[i]));
  const receipt r = must(prover.seal());

  audit a = must(audit::begin(f.policy, f.run, f.asked, f.answer.output, r));
  const challenge asked = must(a.draw_challenge(seed_of(1)));
  must(a.check_openings(asked, encode(must(prover.open(asked)), f.run, r)));
  REQUIRE_FALSE(a.breached());
  replay(a, f.engine, f.asked, f.answer.output, audit_level::model);
  for (const score_at& s : a.evidence().of(channel::tokens)) CHECK(s.score == 0);
  for (const score_at& s : a.evidence().of(channel::states)) CHECK(s.score < 0.002);
  for (const score_at& s : a.evidence().of(channel::rows))
    CHECK((s.at.value == last - 1 ? s.score > 0.05 : s.score == 0));
}
