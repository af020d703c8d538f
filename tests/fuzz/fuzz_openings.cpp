// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes as openings of two fixed answers, one with rows between blocks: the audit ends in a breach, unless they are the true openings to the byte.
#include <assay/protocol/audit.hpp>
#include <assay/protocol/prover.hpp>

#include <algorithm>

#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

struct fixed_case {
  bool blocks;
  run_description run = committing(blocks);
  request asked = toy_request(1, 6, 5);
  verification_policy policy = small_policy(blocks);
  toy_answer answer = must(serve(toy_engine{}, run, asked));
  audit begun = must(audit::begin(policy, run, asked, answer.output, answer.receipt));
  challenge question = must(begun.draw_challenge(seed_of(4)));
  std::vector<std::byte> good = open_encoded(answer, run, question);

  static run_description committing(bool to_blocks) {
    run_description r = toy_run();
    if (to_blocks) r.commitment.committed_rows = {layer_index{0}, layer_index{1}};
    return r;
  }
  static verification_policy small_policy(bool to_blocks) {
    verification_policy p;
    p.opened = {3, 2}, p.required = audit_level::receipt;
    if (to_blocks) p.opened.recheck = {{layer_index{0}, layer_index{1}}, 1, 2, 8};
    return p;
  }
  void check(byte_view bytes) const {
    audit a = begun;
    if (!a.check_openings(question, bytes)) __builtin_trap();  // foreign bytes are never the verifier's own trouble
    if (a.openings_verified() != equal_bytes_vartime(bytes, good) || a.openings_verified() == a.breached().has_value())
      __builtin_trap();
  }
};

// As they are, and with the digests that no mutation finds (challenge, statement of the first tree), to reach what follows them.
void try_both(const fixed_case& fixed, byte_view bytes) {
  fixed.check(bytes);
  std::vector<std::byte> labelled(bytes.begin(), bytes.end());
  const std::size_t labels[][2] = {{6, 38}, {54, 86}};
  for (const auto& [from, to] : labels)
    if (labelled.size() >= to)
      std::copy(fixed.good.begin() + static_cast<std::ptrdiff_t>(from), fixed.good.begin() + static_cast<std::ptrdiff_t>(to),
                labelled.begin() + static_cast<std::ptrdiff_t>(from));
  fixed.check(labelled);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fixed_case plain{false}, with_blocks{true};
  const byte_view bytes{reinterpret_cast<const std::byte*>(data), size};
  try_both(plain, bytes);
  try_both(with_blocks, bytes);
  return 0;
}
