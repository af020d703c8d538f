// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Receipts and challenges as bytes of fixed length, for hosts that want no JSON; unique encodings, strictly parsed.
#ifndef ASSAY_PROTOCOL_WIRE_HPP
#define ASSAY_PROTOCOL_WIRE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <assay/io/reader.hpp>
#include <assay/io/writer.hpp>
#include <assay/protocol/challenge.hpp>
#include <assay/protocol/receipt.hpp>

namespace assay::inline v0 {

/// Versions of the encodings below; a parser takes no other. The second one is for what the first cannot say: receipts
/// with block rows, and challenges that ask for them.
inline constexpr std::uint16_t wire_version = 0, wire_version_with_blocks = 1;
/// Magic, version, five digests, two counts, terms.
inline constexpr std::size_t receipt_wire_bytes = 4 + 2 + 32 + 32 + 4 + 4 + 32 + 32 + 32 + 1 + 8 + 32 + 8;
/// And the root of the rows between blocks.
inline constexpr std::size_t receipt_with_blocks_wire_bytes = receipt_wire_bytes + 32;
inline constexpr std::size_t challenge_wire_bytes = 4 + 2 + 32 + 32 + 4 + 4;
/// And three counts, and the number of blocks that follow, four bytes each.
inline constexpr std::size_t challenge_with_blocks_wire_bytes = challenge_wire_bytes + 4 + 4 + 4 + 4;

namespace detail {

inline constexpr std::array<std::byte, 4> receipt_magic = {std::byte{'A'}, std::byte{'S'}, std::byte{'R'}, std::byte{'C'}};
inline constexpr std::array<std::byte, 4> challenge_magic = {std::byte{'A'}, std::byte{'S'}, std::byte{'C'}, std::byte{'H'}};

/// A message and the version it says it has.
struct opened_message {
  reader in;
  std::uint16_t version;
};

/// Checks magic and version, and that the message is long enough to say more. @pre least >= 6
[[nodiscard]] inline result<opened_message> open_message(byte_view bytes, std::size_t least, byte_view magic) {
  if (bytes.size() < least) return fail(errc::truncated, "message: it ends inside a field", bytes.size());
  reader in{bytes};
  if (auto kind = in.expect(magic); !kind) return kind.error();
  const auto version = in.u16();
  if (*version != wire_version && *version != wire_version_with_blocks) return fail(errc::unsupported_version, "message: unknown version", 4);
  return opened_message{in, *version};
}

/// After this, no read of the fields can fail.
[[nodiscard]] inline result<void> require_size(byte_view bytes, std::size_t size) {
  if (bytes.size() < size) return fail(errc::truncated, "message: it ends inside a field", bytes.size());
  if (bytes.size() > size) return fail(errc::trailing_bytes, "message: bytes follow the last field", size);
  return {};
}

[[nodiscard]] inline digest read_digest(reader& in) { return digest{*in.template array<32>()}; }

}  // namespace detail

[[nodiscard]] inline std::vector<std::byte> encode(const receipt& r) {
  std::vector<std::byte> bytes;
  bytes.reserve(receipt_with_blocks_wire_bytes);
  writer out{bytes};
  out.bytes(detail::receipt_magic);
  out.u16(has_block_rows(r) ? wire_version_with_blocks : wire_version);
  out.bytes(r.run.value.bytes);
  out.bytes(r.request.value.bytes);
  out.u32(r.prompt_tokens);
  out.u32(r.output_tokens);
  out.bytes(r.output.value.bytes);
  out.bytes(r.states.value.bytes);
  out.bytes(r.final_rows.value.bytes);
  out.u8(static_cast<std::uint8_t>(r.terms.source));
  out.u64(r.terms.retention_seconds);
  out.bytes(r.terms.beacon.bytes);
  out.u64(r.terms.round);
  if (has_block_rows(r)) out.bytes(r.block_rows.value.bytes);
  return bytes;
}

/// Reads a receipt that anybody may have sent; its statements are still to be checked by an audit.
/// @errors truncated, trailing_bytes, bad_magic, unsupported_version, non_canonical (block rows of no tree), those of
///         validate(receipt)
[[nodiscard]] inline result<receipt> parse_receipt(byte_view bytes) {
  auto message = detail::open_message(bytes, receipt_wire_bytes, detail::receipt_magic);
  if (!message) return message.error();
  const bool with_blocks = message->version == wire_version_with_blocks;
  if (auto size = detail::require_size(bytes, with_blocks ? receipt_with_blocks_wire_bytes : receipt_wire_bytes); !size) return size.error();
  reader& in = message->in;
  receipt r;
  r.run.value = detail::read_digest(in);
  r.request.value = detail::read_digest(in);
  r.prompt_tokens = *in.u32();
  r.output_tokens = *in.u32();
  r.output.value = detail::read_digest(in);
  r.states.value = detail::read_digest(in);
  r.final_rows.value = detail::read_digest(in);
  r.terms.source = static_cast<challenge_source>(*in.u8());
  r.terms.retention_seconds = *in.u64();
  r.terms.beacon = detail::read_digest(in);
  r.terms.round = *in.u64();
  if (with_blocks) r.block_rows.value = detail::read_digest(in);
  if (with_blocks != has_block_rows(r)) return fail(errc::non_canonical, "receipt: a root of zeros is spelled by leaving it out", receipt_wire_bytes);
  if (auto valid = validate(r); !valid) return valid.error();
  return r;
}

[[nodiscard]] inline std::vector<std::byte> encode(const challenge& c) {
  std::vector<std::byte> bytes;
  const recheck_size& recheck = c.size.recheck;
  bytes.reserve(challenge_with_blocks_wire_bytes + 4 * recheck.among.size());
  writer out{bytes};
  out.bytes(detail::challenge_magic);
  out.u16(recheck.asks() ? wire_version_with_blocks : wire_version);
  out.bytes(c.receipt.value.bytes);
  out.bytes(c.randomness.bytes);
  out.u32(c.size.positions);
  out.u32(c.size.final_rows);
  if (!recheck.asks()) return bytes;
  out.u32(recheck.blocks);
  out.u32(recheck.positions);
  out.u32(recheck.prefix);
  out.u32(static_cast<std::uint32_t>(recheck.among.size()));
  for (layer_index block : recheck.among) out.u32(block.value);
  return bytes;
}

namespace detail {
/// The blocks of a challenge, and the end of the message.
[[nodiscard]] inline result<recheck_size> parse_recheck(reader& in, byte_view bytes) {
  if (bytes.size() < challenge_with_blocks_wire_bytes) return fail(errc::truncated, "message: it ends inside a field", bytes.size());
  recheck_size recheck;
  recheck.blocks = *in.u32();
  recheck.positions = *in.u32();
  recheck.prefix = *in.u32();
  const std::uint32_t among = *in.u32();
  if (among == 0) return fail(errc::non_canonical, "challenge: no blocks are spelled by leaving them out", challenge_wire_bytes);
  if (among > run_limits::checkpoints) return fail(errc::out_of_range, "challenge: too many blocks to draw from", among);
  if (auto size = require_size(bytes, challenge_with_blocks_wire_bytes + 4 * std::size_t{among}); !size) return size.error();
  for (std::uint32_t i = 0; i < among; ++i) recheck.among.push_back(layer_index{*in.u32()});
  return recheck;
}
}  // namespace detail

/// Reads a challenge that anybody may have sent.
/// @errors truncated, trailing_bytes, bad_magic, unsupported_version, non_canonical, those of validate(challenge_size)
[[nodiscard]] inline result<challenge> parse_challenge(byte_view bytes) {
  auto message = detail::open_message(bytes, challenge_wire_bytes, detail::challenge_magic);
  if (!message) return message.error();
  const bool with_blocks = message->version == wire_version_with_blocks;
  if (!with_blocks)
    if (auto size = detail::require_size(bytes, challenge_wire_bytes); !size) return size.error();
  reader& in = message->in;
  challenge c;
  c.receipt.value = detail::read_digest(in);
  c.randomness.bytes = *in.template array<32>();
  c.size.positions = *in.u32();
  c.size.final_rows = *in.u32();
  if (with_blocks) {
    auto recheck = detail::parse_recheck(in, bytes);
    if (!recheck) return recheck.error();
    c.size.recheck = *std::move(recheck);
  }
  if (auto valid = validate(c.size); !valid) return valid.error();
  return c;
}

}  // namespace assay::inline v0

#endif
