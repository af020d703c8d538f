// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lies about the rows between blocks: they are caught exactly, and an honest provider cannot be blamed by lies of a
// verifier.
#include <algorithm>
#include <limits>

#include <assay/protocol/audit.hpp>
#include <assay/protocol/prover.hpp>
#include <assay/protocol/wire.hpp>

#include "support/catch.hpp"
#include "support/toy_blocks.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

struct case_file {
  run_description run = toy_blocks_run();
  request asked = toy_request(21, 6, 8);
  toy_blocks model;
  toy_answer answer = must(serve(model, run, asked));
  verification_policy policy = toy_blocks_policy({0, 1, 2}, 3);

  audit begin() const { return must(audit::begin(policy, run, asked, answer.output, answer.receipt)); }
  challenge question(std::uint64_t nonce = 5) const { return {digest_of(answer.receipt), seed_of(nonce), policy.opened}; }
  /// Why these openings are rejected; none if they are not.
  reason judge(byte_view openings, std::uint64_t nonce = 5) const {
    audit a = begin();
    REQUIRE_FALSE(a.breached());
    must(a.check_openings(question(nonce), openings));
    REQUIRE(a.breached().has_value() != a.openings_verified());
    return a.breached() ? a.breached()->why : reason::none;
  }
  std::vector<score_at> scores(byte_view openings) const {
    audit a = begin();
    must(a.check_openings(question(), openings));
    must(a.recheck_blocks(toy_block_reference{{model}}));
    return a.evidence().of(channel::blocks);
  }
};

/// A provider that commits to rows of its own making and answers challenges honestly about them.
struct liar {
  case_file file;
  std::vector<std::byte> states, final_rows, block_rows;
  bool true_fingerprints = true;  ///< those of the rows it commits to

  float* element(std::uint32_t at, std::uint32_t layer, std::uint32_t i) { return &rows[(at * toy_blocks::checkpoints + layer) * toy_blocks::width + i]; }
  liar() : rows(std::size_t{observed_positions(file.answer.receipt)} * toy_blocks::checkpoints * toy_blocks::width) {
    std::vector<token_id> history = file.asked.prompt;
    history.insert(history.end(), file.answer.output.begin(), file.answer.output.end());
    for (std::uint32_t p = 0; p < observed_positions(file.answer.receipt); ++p)
      for (std::uint32_t l = 0; l < toy_blocks::checkpoints; ++l)
        file.model.state(l, std::span{history}.first(p + 1), {element(p, l, 0), toy_blocks::width});
    truth = rows;
  }
  /// Commits, is challenged, opens what it committed to.
  audit answer_for() {
    encode_rows();
    receipt& r = file.answer.receipt;
    const auto trees = must(commit_states(merkle{}, file.run, r.request, states, final_rows, observed_positions(r), r.output_tokens, block_rows));
    r.states = trees.states.root(), r.final_rows = trees.final_rows.root(), r.block_rows = trees.block_rows->root();
    audit a = file.begin();
    REQUIRE_FALSE(a.breached());
    const challenge asked = must(a.draw_challenge(seed_of(5)));
    places = must(expand(asked, r));
    const auto wanted = coordinates_of(file.run, r, places);
    const opening_set<merkle> set{digest_of(asked), must(trees.states.open(wanted.states)), must(trees.final_rows.open(wanted.final_rows)),
                                  must(trees.block_rows->open(wanted.block_rows))};
    must(a.check_openings(asked, encode(set, file.run, r)));
    return a;
  }

  std::vector<float> rows, truth;
  challenged_places places;

 private:
  void encode_rows() {
    auto encoder = must(row_encoder::make(file.run, derive_keys(file.asked.nonce, file.answer.receipt.request).projection));
    std::vector<std::byte> print(encoder.fingerprint_bytes()), bits(encoder.row_bytes());
    states.clear(), final_rows.clear(), block_rows.clear();
    for (std::uint32_t p = 0; p < observed_positions(file.answer.receipt); ++p)
      for (std::uint32_t l = 0; l < toy_blocks::checkpoints; ++l) {
        const std::size_t at = (p * toy_blocks::checkpoints + l) * toy_blocks::width;
        std::vector<float> shown(rows.begin() + static_cast<std::ptrdiff_t>(at), rows.begin() + static_cast<std::ptrdiff_t>(at + toy_blocks::width));
        std::vector<float> real(truth.begin() + static_cast<std::ptrdiff_t>(at), truth.begin() + static_cast<std::ptrdiff_t>(at + toy_blocks::width));
        std::vector<std::byte> unused(bits.size());
        must(encoder.encode(layer_index{l}, real, unused, print));
        if (true_fingerprints && encoder.encode(layer_index{l}, shown, bits, print)) {
        } else {
          for (std::size_t i = 0; i < shown.size(); ++i) store_le(bits.data() + 2 * i, float_to_bf16(shown[i]));
        }
        states.insert(states.end(), print.begin(), print.end());
        if (l + 1 < toy_blocks::checkpoints) block_rows.insert(block_rows.end(), bits.begin(), bits.end());
        else if (p + 1 >= file.asked.prompt.size()) final_rows.insert(final_rows.end(), bits.begin(), bits.end());
      }
  }
};

}  // namespace

TEST_CASE("forgery: rows between blocks that were not committed", "[forgeries]") {
  const case_file f;
  const auto good = open_encoded(f.answer, f.run, f.question());
  REQUIRE(f.judge(good) == reason::none);
  // The third tree begins after the first two; every byte of it counts.
  std::size_t at = 38;
  for (int tree = 0; tree < 2; ++tree) at += 8 + static_cast<std::size_t>(load_le<std::uint64_t>(good.data() + at));
  std::size_t tried = 0;
  for (std::size_t i = at; i < good.size(); i += i < at + 60 ? 1 : 37, ++tried) {
    auto bad = good;
    bad[i] ^= std::byte{0x40};
    const reason why = f.judge(bad);
    INFO("byte " << i - at);
    CHECK((why == reason::bad_opening || why == reason::wrong_openings || why == reason::malformed_openings));
  }
  CHECK(tried > 100);
}

TEST_CASE("forgery: the third tree left out, empty, or given twice", "[forgeries]") {
  const case_file f;
  const auto good = open_encoded(f.answer, f.run, f.question());
  std::size_t at = 38;
  for (int tree = 0; tree < 2; ++tree) at += 8 + static_cast<std::size_t>(load_le<std::uint64_t>(good.data() + at));
  CHECK(f.judge(byte_view{good}.first(at)) == reason::malformed_openings);
  auto empty = std::vector<std::byte>(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at + 8));
  std::fill(empty.end() - 8, empty.end(), std::byte{0});
  CHECK(f.judge(empty) == reason::malformed_openings);
  auto twice = good;
  twice.insert(twice.end(), good.begin() + static_cast<std::ptrdiff_t>(at), good.end());
  CHECK(f.judge(twice) == reason::malformed_openings);
}

TEST_CASE("forgery: block rows of another request, or opened for other places", "[forgeries]") {
  const case_file f;
  case_file other;
  other.asked = toy_request(22, 6, 8);
  other.answer = must(serve(other.model, other.run, other.asked));
  auto set = must(f.answer.prover.open(f.question()));
  set.block_rows = must(other.answer.prover.open(other.question())).block_rows;
  CHECK(f.judge(encode(set, f.run, f.answer.receipt)) != reason::none);
  // Openings of the places of another challenge, under this challenge's name.
  set = must(f.answer.prover.open(f.question(6)));
  set.answers = digest_of(f.question(5));
  CHECK(f.judge(encode(set, f.run, f.answer.receipt)) != reason::none);
  CHECK(f.judge(open_encoded(f.answer, f.run, f.question(6))) == reason::wrong_openings);
}

TEST_CASE("forgery: a receipt that leaves block rows out, or has them without a promise", "[forgeries]") {
  case_file f;
  f.answer.receipt.block_rows = {};
  CHECK(f.begin().breached()->why == reason::malformed_receipt);
  case_file plain;
  plain.run.commitment.committed_rows.clear();
  plain.policy.opened.recheck = {}, plain.policy.required = audit_level::lm_head;
  plain.answer = must(serve(plain.model, plain.run, plain.asked));
  CHECK_FALSE(plain.begin().breached());
  plain.answer.receipt.block_rows.value.bytes[0] = std::byte{1};
  CHECK(plain.begin().breached()->why == reason::malformed_receipt);
}

TEST_CASE("forgery: committed rows with another fingerprint than the one committed for them", "[forgeries]") {
  {
    liar honest;
    const audit a = honest.answer_for();
    CHECK_FALSE(a.breached());
  }
  // Fingerprints of the true states, rows of something else: at every checked position it is an exact breach.
  for (std::uint32_t layer = 0; layer < toy_blocks::blocks; ++layer) {
    liar l;
    l.true_fingerprints = false;
    for (std::uint32_t p = 0; p < 13; ++p) *l.element(p, layer, 3) += 0.5f;
    const audit a = l.answer_for();
    REQUIRE(a.breached());
    CHECK(a.breached()->why == reason::inconsistent_row);
    CHECK(a.breached()->place.layer == layer_index{layer});
    CHECK(a.breached()->place.where == channel::blocks);
  }
}

TEST_CASE("forgery: rows going in that hold NaN, infinity or absurd values", "[forgeries]") {
  for (const float poison : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -0x1p100f}) {
    liar l;
    *l.element(0, 1, 7) = poison;  // position 0 enters block 2 whatever is drawn
    audit a = l.answer_for();
    REQUIRE(a.breached());
    CHECK(a.breached()->why == reason::non_finite_row);
    CHECK(a.breached()->place.at == position{0});
    CHECK(a.breached()->place.layer == layer_index{1});
    must(a.recheck_blocks(toy_block_reference{{l.file.model}}));  // does nothing: no arithmetic on poison
    CHECK(a.evidence().of(channel::blocks).empty());
  }
}

TEST_CASE("forgery: inputs changed together with their fingerprints do not lead to the outputs", "[forgeries]") {
  liar l;  // commits to other rows going into block 2, consistently; what comes out is of the true ones
  for (std::uint32_t p = 0; p < 13; ++p)
    for (std::uint32_t i = 0; i < toy_blocks::width; ++i) *l.element(p, 1, i) *= i % 2 == 0 ? 1.2f : 0.8f;
  audit a = l.answer_for();
  CHECK_FALSE(a.breached());
  must(a.recheck_blocks(toy_block_reference{{l.file.model}}));
  double into = 0, outof = 0;
  for (const score_at& s : a.evidence().of(channel::blocks)) {
    if (s.layer.value == 1) into = std::max(into, s.score);
    if (s.layer.value == 2) outof = std::max(outof, s.score);
  }
  CHECK(into > 0.3);   // block 1 does not produce them
  CHECK(outof > 0.3);  // block 2 does not turn them into what is committed
}

TEST_CASE("forgery: a verifier cannot blame an honest provider with inputs of its own", "[forgeries]") {
  const case_file f;
  const auto good = open_encoded(f.answer, f.run, f.question());
  // Who repeats the audit from receipt, challenge and openings gets the same scores to the bit, and they are honest ones.
  const auto first = f.scores(good), second = f.scores(good);
  REQUIRE(first.size() == second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    CHECK(first[i].score == second[i].score);
    CHECK(first[i].score < 0.1);
  }
  // Any other input is not what the receipt's root opens to: no score can be made of it.
  auto set = must(f.answer.prover.open(f.question()));
  for (std::size_t i = 1; i < set.block_rows.rows.size(); i += 101) {
    auto forged = set;
    forged.block_rows.rows[i] ^= std::byte{0x80};
    audit a = f.begin();
    must(a.check_openings(f.question(), encode(forged, f.run, f.answer.receipt)));
    CHECK_FALSE(a.openings_verified());
    must(a.recheck_blocks(toy_block_reference{{f.model}}));
    CHECK(a.evidence().of(channel::blocks).empty());
  }
  // Nor can it claim to have asked for other blocks or positions than it did.
  challenge shifted = f.question();
  shifted.size.recheck.among = {layer_index{1}, layer_index{2}};
  CHECK(digest_of(shifted) != digest_of(f.question()));
  auto other = f.policy;
  other.opened = shifted.size;
  audit a = must(audit::begin(other, f.run, f.asked, f.answer.output, f.answer.receipt));
  must(a.check_openings(shifted, good));
  CHECK(a.breached()->why == reason::wrong_openings);
}
