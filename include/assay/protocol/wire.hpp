// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Receipts and challenges as bytes of fixed length, for hosts that want no JSON; unique encodings, strictly parsed.
#ifndef ASSAY_PROTOCOL_WIRE_HPP
#define ASSAY_PROTOCOL_WIRE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <assay/io/reader.hpp>
#include <assay/io/writer.hpp>
#include <assay/protocol/challenge.hpp>
#include <assay/protocol/receipt.hpp>

namespace assay::inline v0 {

/// Version of the encodings below; a parser takes no other.
inline constexpr std::uint16_t wire_version = 0;
/// Magic, version, five digests, two counts, terms.
inline constexpr std::size_t receipt_wire_bytes = 4 + 2 + 32 + 32 + 4 + 4 + 32 + 32 + 32 + 1 + 8 + 32 + 8;
inline constexpr std::size_t challenge_wire_bytes = 4 + 2 + 32 + 32 + 4 + 4;

namespace detail {

inline constexpr std::array<std::byte, 4> receipt_magic = {std::byte{'A'}, std::byte{'S'}, std::byte{'R'}, std::byte{'C'}};
inline constexpr std::array<std::byte, 4> challenge_magic = {std::byte{'A'}, std::byte{'S'}, std::byte{'C'}, std::byte{'H'}};

/// Checks the length first: after that no read of a fixed-size message can fail.
[[nodiscard]] inline result<reader> open_message(byte_view bytes, std::size_t size, byte_view magic) {
  if (bytes.size() < size) return fail(errc::truncated, "message: it ends inside a field", bytes.size());
  if (bytes.size() > size) return fail(errc::trailing_bytes, "message: bytes follow the last field", size);
  reader in{bytes};
  if (auto kind = in.expect(magic); !kind) return kind.error();
  if (const auto version = in.u16(); *version != wire_version) return fail(errc::unsupported_version, "message: unknown version", 4);
  return in;
}

[[nodiscard]] inline digest read_digest(reader& in) { return digest{*in.template array<32>()}; }

}  // namespace detail

[[nodiscard]] inline std::vector<std::byte> encode(const receipt& r) {
  std::vector<std::byte> bytes;
  bytes.reserve(receipt_wire_bytes);
  writer out{bytes};
  out.bytes(detail::receipt_magic);
  out.u16(wire_version);
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
  return bytes;
}

/// Reads a receipt that anybody may have sent; its statements are still to be checked by an audit.
/// @errors truncated, trailing_bytes, bad_magic, unsupported_version, those of validate(receipt)
[[nodiscard]] inline result<receipt> parse_receipt(byte_view bytes) {
  auto message = detail::open_message(bytes, receipt_wire_bytes, detail::receipt_magic);
  if (!message) return message.error();
  reader& in = *message;
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
  if (auto valid = validate(r); !valid) return valid.error();
  return r;
}

[[nodiscard]] inline std::vector<std::byte> encode(const challenge& c) {
  std::vector<std::byte> bytes;
  bytes.reserve(challenge_wire_bytes);
  writer out{bytes};
  out.bytes(detail::challenge_magic);
  out.u16(wire_version);
  out.bytes(c.receipt.value.bytes);
  out.bytes(c.randomness.bytes);
  out.u32(c.size.positions);
  out.u32(c.size.final_rows);
  return bytes;
}

/// Reads a challenge that anybody may have sent. @errors truncated, trailing_bytes, bad_magic, unsupported_version, out_of_range
[[nodiscard]] inline result<challenge> parse_challenge(byte_view bytes) {
  auto message = detail::open_message(bytes, challenge_wire_bytes, detail::challenge_magic);
  if (!message) return message.error();
  reader& in = *message;
  challenge c;
  c.receipt.value = detail::read_digest(in);
  c.randomness.bytes = *in.template array<32>();
  c.size.positions = *in.u32();
  c.size.final_rows = *in.u32();
  if (c.size.positions == 0 && c.size.final_rows == 0) return fail(errc::out_of_range, "challenge: it asks for nothing");
  return c;
}

}  // namespace assay::inline v0

#endif
