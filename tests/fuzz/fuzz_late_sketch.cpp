// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes as each of the four late messages of one fixed request: parsers refuse them or take the one encoding, an
// honest provider has an answer or an error, and a verifier ends in a breach unless the bytes are the true ones.
#include <assay/protocol/late_audit.hpp>

#include <algorithm>

#include "support/toy_late.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

run_description small_run() {
  run_description run = wide_run();
  run.model.width = 24, run.commitment.sketch = 8;
  return run;
}

struct fixed_case {
  row_author author;
  late_reveal revealed;
  late_sketches sent;
  late_check asked;
  std::vector<std::byte> openings;

  fixed_case() : author(toy_engine{}, 2, small_run()) {
    author.commit();
    revealed = reveal_for(author.run, author.receipt, seed_of(1), 4);
    sent = must(answer_reveal(author.sealed(), revealed));
    asked = {digest_of(sent), seed_of(2), 2};
    openings =
        encode(must(answer_check(author.sealed(), revealed, digest_of(sent), asked)), author.run, author.receipt);
  }

  // Foreign reveals and checks: the provider's view.
  void serve(byte_view bytes) const {
    if (const auto r = parse_late_reveal(bytes)) {
      if (!equal_bytes_vartime(encode(*r), bytes)) __builtin_trap();
      late_reveal own = *r;
      own.receipt = digest_of(author.receipt);  // no mutation finds it
      const auto answer = answer_reveal(author.sealed(), own);
      auto late = late_audit::begin(author.run, author.receipt, own);
      if (answer.has_value() != late.has_value()) __builtin_trap();
      if (answer) {
        if (!late->take_sketches(encode(*answer)) || late->breached()) __builtin_trap();
      }
    }
    if (const auto c = parse_late_check(bytes)) {
      if (!equal_bytes_vartime(encode(*c), bytes)) __builtin_trap();
      late_check own = *c;
      own.sketches = digest_of(sent);
      if (!answer_check(author.sealed(), revealed, digest_of(sent), own)) __builtin_trap();
    }
  }
  // Foreign sketches and openings: the verifier's view. Nothing is its own trouble.
  void judge(byte_view sketches, byte_view opened) const {
    auto late = must(late_audit::begin(author.run, author.receipt, revealed));
    if (!late.take_sketches(sketches)) __builtin_trap();
    const bool true_sketches = equal_bytes_vartime(sketches, encode(sent));
    if (true_sketches && late.breached()) __builtin_trap();
    if (late.breached()) return;
    const auto question = late.draw_check(asked.randomness, asked.rows);
    if (!question || !late.check_rows(*question, opened)) __builtin_trap();
    if (late.rows_checked() == late.breached().has_value()) __builtin_trap();
    if (late.rows_checked() && !equal_bytes_vartime(opened, openings)) __builtin_trap();
    if (true_sketches && equal_bytes_vartime(opened, openings) && !late.rows_checked()) __builtin_trap();
  }
};

std::vector<std::byte> labelled(byte_view bytes, byte_view good, std::size_t from, std::size_t to) {
  std::vector<std::byte> own(bytes.begin(), bytes.end());
  if (own.size() >= to)
    std::copy(good.begin() + static_cast<std::ptrdiff_t>(from), good.begin() + static_cast<std::ptrdiff_t>(to),
              own.begin() + static_cast<std::ptrdiff_t>(from));
  return own;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fixed_case fixed;
  const byte_view bytes{reinterpret_cast<const std::byte*>(data), size};
  fixed.serve(bytes);
  const auto good = encode(fixed.sent);
  fixed.judge(bytes, fixed.openings);
  fixed.judge(labelled(bytes, good, 6, 38), fixed.openings);  // with the digest that no mutation finds
  fixed.judge(good, bytes);
  fixed.judge(good, labelled(bytes, fixed.openings, 6, 38));
  return 0;
}
