// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/state_store.hpp>

#include <limits>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {
state_store fresh(std::uint32_t prompt = 3) {
  const run_description run = toy_run();
  return state_store{run, prompt, must(row_encoder::make(run, seed_of(1)))};
}
result<void> put(state_store& store, std::uint32_t layer, std::uint32_t at, std::uint32_t token = 1) {
  std::vector<float> row(toy_settings{}.width);
  const token_id history[] = {token_id{token}, token_id{at}};
  toy_engine{}.state(layer, history, row);
  return store.put(layer_index{layer}, position{at}, row);
}
std::vector<std::byte> copy(byte_view v) { return {v.begin(), v.end()}; }
}  // namespace

TEST_CASE("state store: contents do not depend on the order of arrival", "[protocol]") {
  state_store forwards = fresh(), backwards = fresh();
  for (std::uint32_t p = 0; p < 6; ++p)
    for (std::uint32_t l = 0; l < 3; ++l) must(put(forwards, l, p));
  for (std::uint32_t l = 3; l-- > 0;)
    for (std::uint32_t p = 6; p-- > 0;) must(put(backwards, l, p));
  must(forwards.require_complete(6));
  must(backwards.require_complete(6));
  CHECK(copy(forwards.states(6)) == copy(backwards.states(6)));
  CHECK(copy(forwards.final_rows(4)) == copy(backwards.final_rows(4)));
  CHECK(forwards.states(6).size() == 6 * 3 * 16);
  CHECK(forwards.final_rows(4).size() == 4 * 48);
  CHECK(copy(forwards.states(2)) == copy(forwards.states(6).first(2 * 3 * 16)));
}

TEST_CASE("state store: the first gap is named", "[protocol]") {
  state_store store = fresh();
  CHECK(store.require_complete(1).error() == fail(errc::incomplete, "", 0));
  for (std::uint32_t p = 0; p < 4; ++p)
    for (std::uint32_t l = 0; l < 3; ++l)
      if (p != 2 || l != 1) must(put(store, l, p));
  CHECK(store.require_complete(2));
  CHECK(store.require_complete(4).error() == fail(errc::incomplete, "", 2));
  must(put(store, 1, 2));
  CHECK(store.require_complete(4));
  CHECK(store.require_complete(5).error() == fail(errc::incomplete, "", 4));
}

TEST_CASE("state store: the same state twice is fine, another one conflicts and changes nothing", "[protocol]") {
  state_store store = fresh();
  for (std::uint32_t p = 0; p < 4; ++p)
    for (std::uint32_t l = 0; l < 3; ++l) must(put(store, l, p));
  must(store.require_complete(4));
  const auto states = copy(store.states(4)), rows = copy(store.final_rows(2));
  CHECK(put(store, 0, 1));
  CHECK(put(store, 2, 3));
  CHECK(put(store, 0, 1, 9).error() == fail(errc::conflicting, "", 1));
  CHECK(put(store, 2, 3, 9).error() == fail(errc::conflicting, "", 3));
  CHECK(copy(store.states(4)) == states);
  CHECK(copy(store.final_rows(2)) == rows);
}

TEST_CASE("state store: a copy made half-way goes its own way", "[protocol]") {
  // Rows are staged; a copy must know how much room its stage has, wherever it was made.
  for (std::uint32_t cut : {1u, 11u, 20u, 21u, 22u, 40u}) {
    state_store whole = fresh(), first = fresh();
    for (std::uint32_t i = 0; i < 3 * cut; ++i) must(put(first, i % 3, i / 3));
    state_store copied = first;
    for (std::uint32_t i = 3 * cut; i < 3 * 150; ++i) {
      must(put(copied, i % 3, i / 3));
      must(put(first, i % 3, i / 3));
    }
    for (std::uint32_t i = 0; i < 3 * 150; ++i) must(put(whole, i % 3, i / 3));
    for (state_store* each : {&whole, &first, &copied}) must(each->require_complete(150));
    CHECK(copy(copied.states(150)) == copy(whole.states(150)));
    CHECK(copy(first.states(150)) == copy(whole.states(150)));
    CHECK(copy(copied.final_rows(148)) == copy(whole.final_rows(148)));
  }
}

TEST_CASE("state store: rows written in place are kept as copied ones are", "[protocol]") {
  state_store copied = fresh(), in_place = fresh();
  for (std::uint32_t i = 0; i < 3 * 50; ++i) {
    must(put(copied, i % 3, i / 3));
    const token_id history[] = {token_id{1}, token_id{i / 3}};
    toy_engine{}.state(i % 3, history, in_place.next_row());
    must(in_place.put_next(layer_index{i % 3}, position{i / 3}));
  }
  must(copied.require_complete(50));
  must(in_place.require_complete(50));
  CHECK(copy(in_place.states(50)) == copy(copied.states(50)));
  CHECK(copy(in_place.final_rows(48)) == copy(copied.final_rows(48)));
}

TEST_CASE("state store: a repetition is compared whether the first row is staged or encoded", "[protocol]") {
  for (std::uint32_t between = 0; between < 70; ++between) {  // a stage holds 64 rows
    state_store store = fresh(1);
    must(put(store, 2, 0));
    for (std::uint32_t i = 0; i < between; ++i) must(put(store, i % 3, 1 + i / 3));
    CHECK(put(store, 2, 0));
    CHECK(put(store, 2, 0, 9).error() == fail(errc::conflicting, "", 0));
    CHECK(put(store, 2, 0));
  }
}

TEST_CASE("state store: the stage is small for wide rows too", "[protocol]") {
  toy_settings wide;
  wide.width = run_limits::width, wide.checkpoints = 2;
  const run_description run = toy_run(wide);
  const auto encoder = must(row_encoder::make(run, seed_of(1)));
  state_store store{run, 1, encoder};
  auto alone = encoder;
  std::vector<float> row(wide.width);
  std::vector<std::byte> states, rows, print(alone.fingerprint_bytes()), bits(alone.row_bytes());
  for (std::uint32_t p = 0; p < 3; ++p)
    for (std::uint32_t l = 0; l < 2; ++l) {
      const token_id history[] = {token_id{p}};
      toy_engine{wide}.state(l, history, row);
      must(store.put(layer_index{l}, position{p}, row));
      if (l == 0) must(alone.encode_state(layer_index{l}, row, print));
      else must(alone.encode_final(row, bits, print));
      states.insert(states.end(), print.begin(), print.end());
      if (l == 1) rows.insert(rows.end(), bits.begin(), bits.end());
    }
  must(store.require_complete(3));
  CHECK(copy(store.states(3)) == states);
  CHECK(copy(store.final_rows(3)) == rows);
}

TEST_CASE("state store: final rows are compared in full, not by fingerprint only", "[protocol]") {
  run_description run = toy_run();
  run.commitment.steps.assign(3, 1000.0f);  // so coarse that every fingerprint is zero
  state_store store{run, 1, must(row_encoder::make(run, seed_of(1)))};
  must(put(store, 2, 0, 1));
  CHECK(put(store, 2, 0, 2).error().code == errc::conflicting);
}

TEST_CASE("state store: what is not finite is refused by position", "[protocol]") {
  state_store store = fresh();
  for (std::uint32_t layer : {0u, 2u}) {
    std::vector<float> row(toy_settings{}.width, 1.0f);
    row[5] = std::numeric_limits<float>::infinity();
    CHECK(store.put(layer_index{layer}, position{4}, row).error() == fail(errc::non_finite, "", 4));
  }
  CHECK(store.require_complete(1).error().code == errc::incomplete);
  for (std::uint32_t l = 0; l < 3; ++l) must(put(store, l, 0));  // a refused row takes no place
  CHECK(store.require_complete(1));
}
