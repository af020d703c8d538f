// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes: receipts and challenges parse or not; what parses has one encoding, and can be audited and challenged.
#include <assay/protocol/audit.hpp>
#include <assay/protocol/wire.hpp>

#include "support/toy_protocol.hpp"

using namespace assay;

namespace {

void use(const receipt& r) {
  static const run_description run = assay_tests::toy_run();
  static const request asked = assay_tests::toy_request();
  static const std::vector<token_id> output(8, token_id{1});
  const auto audit = assay::audit::begin({}, run, asked, output, r, 7);
  if (!audit || !audit->breached())
    __builtin_trap();  // no input is a receipt for this output: hashes would have to collide
  const challenge c{digest_of(r), asked.nonce, {8, 4}};
  const auto places = expand(c, r);
  if (!places || places->positions.empty() || places->outputs.empty()) __builtin_trap();
  if (places->positions.back() >= observed_positions(r) || places->outputs.back() >= r.output_tokens) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const byte_view bytes{reinterpret_cast<const std::byte*>(data), size};
  if (const auto r = parse_receipt(bytes)) {
    if (!equal_bytes_vartime(encode(*r), bytes)) __builtin_trap();
    use(*r);
  }
  if (const auto c = parse_challenge(bytes)) {
    if (!equal_bytes_vartime(encode(*c), bytes)) __builtin_trap();
    if (expand(*c, receipt{})) __builtin_trap();  // a receipt without tokens
  }
  return 0;
}
