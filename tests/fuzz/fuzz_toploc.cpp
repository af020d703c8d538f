// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes as a TOPLOC proof: the first byte chooses top_k (bits 0-1) and bytes or text (bit 2). What is parsed has
// one encoding, can be verified, and gives numbers that fit together.
#include <string_view>
#include <vector>

#include <assay/fingerprint/toploc_verify.hpp>

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

void check(const assay::toploc::proof& p, std::uint32_t top_k) {
  using namespace assay;
  require(toploc::validate(p, top_k).has_value());
  require(toploc::parse_proof(toploc::encode(p), top_k).value() == p);
  require(toploc::parse_proof_base64(toploc::encode_base64(p), top_k).value() == p);

  std::vector<std::uint16_t> chunk(300);
  for (std::size_t i = 0; i < chunk.size(); ++i) chunk[i] = static_cast<std::uint16_t>(i * 40503u & 0xbfff);
  toploc::workspace work;
  const toploc::settings how{.top_k = top_k};
  const auto c = toploc::verify_chunk(chunk, p, how, work).value();
  std::uint32_t counted = 0;
  for (const std::uint32_t n : c.mantissa_errors) counted += n;
  require(c.entries == top_k && counted == toploc::matched(c) && c.sign_mismatches <= counted);
  const double mean = toploc::mantissa_mean(c);
  for (const auto rule : {toploc::median_policy::upper, toploc::median_policy::average}) {
    const double median = toploc::mantissa_median(c, rule);
    require(counted == 0 ? mean == toploc::no_match && median == mean : mean <= 127 && median <= 127 && mean >= 0);
  }
  static_cast<void>(judge(c, toploc::thresholds{}));
  for (std::uint32_t position : {0u, 1u, 65496u, 65497u, 0x7fffffffu})
    require(toploc::claimed_code(p, position) < toploc::prime);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::uint32_t sizes[] = {1, 4, 33, 128};
  const std::uint32_t top_k = sizes[data[0] & 3];
  const auto* rest = reinterpret_cast<const char*>(data) + 1;
  const auto bytes = assay::as_bytes({rest, size - 1});
  if (data[0] & 4) {
    const auto p = assay::toploc::parse_proof_base64({rest, size - 1}, top_k);
    if (p) check(*p, top_k);
    return 0;
  }
  if (const auto p = assay::toploc::parse_proof(bytes, top_k)) check(*p, top_k);
  if (const auto all = assay::toploc::parse_proofs(bytes, top_k))
    for (const auto& p : *all) check(p, top_k);
  return 0;
}
