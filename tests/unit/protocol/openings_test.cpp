// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/openings.hpp>

#include <algorithm>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {
struct opened_answer {
  run_description run = toy_run();
  request asked = toy_request(1, 6, 5);
  toy_engine engine;
  toy_answer answer = must(serve(engine, run, asked));
  challenge question;
  challenged_places places;
  std::vector<std::byte> bytes;

  explicit opened_answer(challenge_size size = {3, 2}) {
    question = {digest_of(answer.receipt), seed_of(4), size};
    places = must(expand(question, answer.receipt));
    bytes = open_encoded(answer, run, question);
  }
  result<opening_set<merkle>> parse(byte_view from) const {
    return parse_openings(merkle{}, from, run, answer.receipt, question, places);
  }
  result<opened_places> verify(const opening_set<merkle>& set) const {
    return verify_openings(merkle{}, run, answer.receipt, places, set);
  }
};
}  // namespace

TEST_CASE("openings: coordinates are the challenged positions, and those of opened rows", "[protocol]") {
  const run_description run = toy_run();
  receipt r;
  r.prompt_tokens = 6, r.output_tokens = 5;
  const opened_coordinates all = coordinates_of(run, r, {{1, 7}, {0, 2, 4}});
  CHECK(all.states == std::vector<coordinates>{{1}, {5}, {7}, {9}});  // 7 is output 2's own
  CHECK(all.final_rows == std::vector<coordinates>{{0}, {2}, {4}});
  CHECK(coordinates_of(run, r, {{}, {1}}).states == std::vector<coordinates>{{6}});
  CHECK(coordinates_of(run, r, {{0}, {}}).final_rows.empty());
}

TEST_CASE("openings: what is opened is what the engine computed", "[protocol]") {
  const opened_answer o;
  const auto opened = must(o.verify(must(o.parse(o.bytes))));
  CHECK(opened.final_rows.size() == 2);
  CHECK(opened.states.size() >= 3);
  const toy_reference reference{o.engine, o.asked.prompt, o.answer.output};
  auto encoder = must(row_encoder::make(o.run, derive_keys(o.asked.nonce, o.answer.receipt.request).projection));
  std::vector<float> row(o.run.model.width);
  std::vector<std::byte> bits(encoder.row_bytes()), print(encoder.fingerprint_bytes());
  for (const opened_state& s : opened.states) {
    std::vector<std::byte> prints;
    for (layer_index l; l.value < o.run.model.checkpoints; ++l.value) {
      must(reference(l, s.at, row));
      must(encoder.is_final(l) ? encoder.encode_final(row, bits, print) : encoder.encode_state(l, row, print));
      prints.insert(prints.end(), print.begin(), print.end());
    }
    CHECK(s.fingerprints == prints);
  }
  for (const opened_final_row& f : opened.final_rows) {
    CHECK(f.at.value == 5 + f.output);
    must(reference(layer_index{2}, f.at, row));
    must(encoder.encode_final(row, bits, print));
    CHECK(f.bits == bits);
    CHECK(f.fingerprint == print);
  }
}

TEST_CASE("openings: the encoding is the only one, and survives the wire", "[protocol]") {
  for (challenge_size size :
       {challenge_size{3, 2}, challenge_size{0, 1}, challenge_size{1, 0}, challenge_size{100, 100}}) {
    const opened_answer o{size};
    const auto set = must(o.parse(o.bytes));
    CHECK(set == must(o.answer.prover.open(o.question)));
    CHECK(encode(set, o.run, o.answer.receipt) == o.bytes);
    CHECK(o.verify(set));
    CHECK(set.final_rows.rows.empty() == (size.final_rows == 0));
  }
}

TEST_CASE("openings: malformed bytes are refused with a reason", "[protocol]") {
  const opened_answer o;
  for (std::size_t n = 0; n < o.bytes.size(); ++n)
    CHECK(o.parse(byte_view{o.bytes}.first(n)).error().code == errc::truncated);
  auto bad = o.bytes;
  bad.push_back(std::byte{0});
  CHECK(o.parse(bad).error().code == errc::trailing_bytes);
  bad = o.bytes, bad[0] = std::byte{'X'};
  CHECK(o.parse(bad).error().code == errc::bad_magic);
  bad = o.bytes, bad[4] = std::byte{1};
  CHECK(o.parse(bad).error() == fail(errc::unsupported_version, "", 4));
  bad = o.bytes, bad[6] ^= std::byte{1};
  CHECK(o.parse(bad).error() == fail(errc::wrong_statement, "", 6));
  bad = o.bytes;
  std::fill_n(bad.begin() + 38, 8, std::byte{0xff});  // a tree of 2^64 - 1 bytes
  CHECK(o.parse(bad).error().code == errc::truncated);
  std::fill_n(bad.begin() + 38, 8, std::byte{0});  // no tree where one is asked for
  CHECK(o.parse(bad).error().code == errc::length_mismatch);
}

TEST_CASE("openings: a tree that was not asked for is refused", "[protocol]") {
  const opened_answer with{challenge_size{2, 1}}, without{challenge_size{2, 0}};
  auto set = must(without.answer.prover.open(without.question));
  set.final_rows = must(with.answer.prover.open(with.question)).final_rows;
  const auto bytes = encode(set, without.run, without.answer.receipt);
  CHECK(without.parse(bytes).error().code == errc::length_mismatch);
}

TEST_CASE("openings: values that are not those committed do not verify", "[protocol]") {
  const opened_answer o;
  const auto good = must(o.parse(o.bytes));
  auto set = good;
  set.states.rows[0] ^= std::byte{1};
  CHECK(o.verify(set).error().code == errc::commitment_mismatch);
  set = good, set.final_rows.rows.back() ^= std::byte{1};
  CHECK(o.verify(set).error().code == errc::commitment_mismatch);
  set = good, std::swap(set.states, set.final_rows);
  CHECK(o.verify(set).error().code == errc::wrong_statement);
  set = good, set.states.rows.resize(set.states.rows.size() - 16);
  CHECK(o.verify(set).error().code == errc::length_mismatch);
  set = good, set.states.nodes.pop_back();
  CHECK(o.verify(set).error().code == errc::length_mismatch);
  set = good, set.final_rows = {};
  CHECK_FALSE(o.verify(set));
}
