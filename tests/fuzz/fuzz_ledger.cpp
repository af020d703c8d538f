// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any text: a ledger is read or refused, replayed or refused; what is replayed makes sound statements and reads back the same.
#include <cmath>
#include <string_view>

#include <assay/codec/ledger.hpp>
#include <assay/protocol/ledger.hpp>

using namespace assay;

namespace {

/// Gives a record the head that its entries lead to, so that mutations get past the chain.
void mend(ledger_record& kept) {
  kept.head = digest_of(kept.terms);
  for (const ledger_entry& each : kept.entries) kept.head = digest_after(kept.head, each);
}

void check_statements(const ledger& held) {
  double spent = 0;
  for (const provider_statement& s : held.statements()) {
    spent += s.alpha;
    const bool rejected = s.decision == outcome::reject;
    if (rejected != (s.decided_after != 0) || rejected != (s.why != reason::none)) __builtin_trap();
    if (s.log_e_value != s.log_e_value || s.requests == 0 || s.decided_after > s.requests) __builtin_trap();
    if (!(s.to_reject.low <= s.to_reject.high) || !(s.to_accept.low <= s.to_accept.high)) __builtin_trap();
    if (const auto bound = held.score_bound(s.provider, 0); bound && !(*bound >= 0 && *bound <= 1)) __builtin_trap();
  }
  if (spent > held.terms().alpha * (1 + 1e-9)) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto read = codec::parse_json_text<ledger_record>({reinterpret_cast<const char*>(data), size});
  if (!read) {
    if (name(read.error().code) == std::string_view{"unknown"}) __builtin_trap();
    return 0;
  }
  const auto as_sent = ledger::replay(*read);
  mend(*read);
  const auto held = ledger::replay(*read);
  if (as_sent && !held) __builtin_trap();
  if (!held) return 0;
  check_statements(*held);
  const auto again = codec::parse_cbor<ledger_record>(codec::to_cbor(held->record()));
  if (!again || !(*again == held->record())) __builtin_trap();
  return 0;
}
