// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The four late messages as bytes: unique encodings, strictly parsed.
#ifndef ASSAY_PROTOCOL_LATE_WIRE_HPP
#define ASSAY_PROTOCOL_LATE_WIRE_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/io/reader.hpp>
#include <assay/io/writer.hpp>
#include <assay/protocol/late_sketch.hpp>

namespace assay::inline v0 {

/// Version of the encodings below; a parser takes no other.
inline constexpr std::uint16_t late_wire_version = 0;
/// Magic, version, receipt, secret, three counts, type, number of checkpoints; then eight bytes for each of these.
inline constexpr std::size_t late_reveal_wire_bytes = 4 + 2 + 32 + 32 + 4 + 4 + 4 + 1 + 4;
/// Magic, version, reveal; then the codes.
inline constexpr std::size_t late_sketches_wire_bytes = 4 + 2 + 32;
inline constexpr std::size_t late_check_wire_bytes = 4 + 2 + 32 + 32 + 4;

/// The fourth message, the provider's: the drawn rows in full, with what proves that they are the committed ones.
template <vector_commitment Scheme>
struct late_openings {
  late_check_digest answers;
  tree_opening<Scheme> block_rows{};  ///< unused if no row between blocks was drawn
  tree_opening<Scheme> final_rows{};  ///< unused if no final row was drawn

  friend bool operator==(const late_openings&, const late_openings&) = default;
};

namespace detail {

inline constexpr std::array<std::byte, 4> late_reveal_magic = {std::byte{'A'}, std::byte{'S'}, std::byte{'L'},
                                                               std::byte{'R'}};
inline constexpr std::array<std::byte, 4> late_sketches_magic = {std::byte{'A'}, std::byte{'S'}, std::byte{'L'},
                                                                 std::byte{'S'}};
inline constexpr std::array<std::byte, 4> late_check_magic = {std::byte{'A'}, std::byte{'S'}, std::byte{'L'},
                                                              std::byte{'C'}};
inline constexpr std::array<std::byte, 4> late_openings_magic = {std::byte{'A'}, std::byte{'S'}, std::byte{'L'},
                                                                 std::byte{'O'}};

/// Checks magic, version, and that at least `least` bytes are there: no read of the fixed fields fails afterwards.
[[nodiscard]] inline result<reader> open_late(byte_view bytes, std::size_t least, byte_view magic) {
  if (bytes.size() < least) return fail(errc::truncated, "late message: it ends inside a field", bytes.size());
  reader in{bytes};
  if (auto kind = in.expect(magic); !kind) return kind.error();
  if (*in.u16() != late_wire_version) return fail(errc::unsupported_version, "late message: unknown version", 4);
  return in;
}

[[nodiscard]] inline std::vector<coordinates> tree_places(std::span<const late_row> rows) {
  std::vector<coordinates> at;
  for (const late_row& each : rows) at.push_back(each.at);
  return at;
}

}  // namespace detail

[[nodiscard]] inline std::vector<std::byte> encode(const late_reveal& r) {
  std::vector<std::byte> bytes;
  bytes.reserve(late_reveal_wire_bytes + 8 * r.checkpoints.size());
  writer out{bytes};
  out.bytes(detail::late_reveal_magic).u16(late_wire_version);
  out.bytes(r.receipt.value.bytes).bytes(r.secret.bytes);
  out.u32(r.positions).u32(r.outputs).u32(r.sketch).u8(static_cast<std::uint8_t>(r.sketch_type));
  out.u32(static_cast<std::uint32_t>(r.checkpoints.size()));
  for (const late_checkpoint& each : r.checkpoints)
    out.u32(each.layer.value).u32(std::bit_cast<std::uint32_t>(each.step));
  return bytes;
}

/// Reads a reveal that anybody may have sent.
/// @errors truncated, trailing_bytes, bad_magic, unsupported_version, those of validate(late_reveal)
[[nodiscard]] inline result<late_reveal> parse_late_reveal(byte_view bytes) {
  auto in = detail::open_late(bytes, late_reveal_wire_bytes, detail::late_reveal_magic);
  if (!in) return in.error();
  late_reveal r;
  r.receipt.value = digest{*in->array<32>()};
  r.secret.bytes = *in->array<32>();
  r.positions = *in->u32();
  r.outputs = *in->u32();
  r.sketch = *in->u32();
  r.sketch_type = static_cast<dtype>(*in->u8());
  const auto count = in->count(run_limits::checkpoints, 8);
  if (!count) return count.error();
  for (std::uint32_t i = 0; i < *count; ++i) {
    const std::uint32_t layer = *in->u32();
    r.checkpoints.push_back({layer_index{layer}, std::bit_cast<float>(*in->u32())});
  }
  if (auto end = in->finish(); !end) return end.error();
  if (auto valid = validate(r); !valid) return valid.error();
  return r;
}

[[nodiscard]] inline std::vector<std::byte> encode(const late_sketches& s) {
  std::vector<std::byte> bytes;
  bytes.reserve(late_sketches_wire_bytes + s.codes.size());
  writer{bytes}.bytes(detail::late_sketches_magic).u16(late_wire_version).bytes(s.answers.value.bytes).bytes(s.codes);
  return bytes;
}

/// Reads sketches that answer `revealed`; any codes of the right number are valid.
/// @pre `places` is the expansion of `revealed`
/// @errors truncated, trailing_bytes, bad_magic, unsupported_version, wrong_statement (they answer another reveal)
[[nodiscard]] inline result<late_sketches> parse_late_sketches(byte_view bytes, const late_reveal& revealed,
                                                               const late_places& places) {
  const std::uint64_t size =
      late_sketches_wire_bytes + places.sketches() * revealed.sketch * size_of(revealed.sketch_type);
  if (bytes.size() < size) return fail(errc::truncated, "late sketches: some are missing", bytes.size());
  if (bytes.size() > size) return fail(errc::trailing_bytes, "late sketches: bytes follow the last one", size);
  auto in = detail::open_late(bytes, late_sketches_wire_bytes, detail::late_sketches_magic);
  if (!in) return in.error();
  late_sketches s;
  s.answers.value = digest{*in->array<32>()};
  if (s.answers != digest_of(revealed))
    return fail(errc::wrong_statement, "late sketches: they answer another reveal", 6);
  const byte_view codes = *in->bytes(in->remaining());
  s.codes.assign(codes.begin(), codes.end());
  return s;
}

[[nodiscard]] inline std::vector<std::byte> encode(const late_check& c) {
  std::vector<std::byte> bytes;
  bytes.reserve(late_check_wire_bytes);
  writer{bytes}
      .bytes(detail::late_check_magic)
      .u16(late_wire_version)
      .bytes(c.sketches.value.bytes)
      .bytes(c.randomness.bytes)
      .u32(c.rows);
  return bytes;
}

/// Reads a check that anybody may have sent.
/// @errors truncated, trailing_bytes, bad_magic, unsupported_version, those of validate(late_check)
[[nodiscard]] inline result<late_check> parse_late_check(byte_view bytes) {
  auto in = detail::open_late(bytes, late_check_wire_bytes, detail::late_check_magic);
  if (!in) return in.error();
  late_check c;
  c.sketches.value = digest{*in->array<32>()};
  c.randomness.bytes = *in->array<32>();
  c.rows = *in->u32();
  if (auto end = in->finish(); !end) return end.error();
  if (auto valid = validate(c); !valid) return valid.error();
  return c;
}

/// Writes magic "ASLO", version u16, the check's digest, then per tree (rows between blocks, final rows) its length u64
/// and its opening; a tree of which no row was drawn has length 0.
template <vector_commitment Scheme>
[[nodiscard]] std::vector<std::byte> encode(const late_openings<Scheme>& set, const run_description& run,
                                            const receipt& r) {
  std::vector<std::byte> bytes;
  writer out{bytes};
  out.bytes(detail::late_openings_magic).u16(late_wire_version).bytes(set.answers.value.bytes);
  const auto tree = [&](const tree_opening<Scheme>& opening, auto statement) {
    const std::vector<std::byte> encoded =
        opening.rows.empty() ? std::vector<std::byte>{} : encode(opening, statement(run, r).shape);
    out.u64(encoded.size()).bytes(encoded);
  };
  tree(set.block_rows, block_rows_statement);
  tree(set.final_rows, final_rows_statement);
  return bytes;
}

/// Reads openings of exactly the rows that a check draws; verifies nothing. The bytes may be anything.
/// @errors truncated, trailing_bytes, bad_magic, unsupported_version, wrong_statement, length_mismatch, those of
///   parse_tree_opening
template <vector_commitment Scheme>
[[nodiscard]] result<late_openings<Scheme>> parse_late_openings(const Scheme& scheme, byte_view bytes,
                                                                const run_description& run, const receipt& r,
                                                                const late_check& asked, const late_rows& rows) {
  auto in = detail::open_late(bytes, 4 + 2 + 32, detail::late_openings_magic);
  if (!in) return in.error();
  late_openings<Scheme> set;
  set.answers.value = digest{*in->template array<32>()};
  if (set.answers != digest_of(asked))
    return fail(errc::wrong_statement, "late openings: they answer another check", 6);
  const auto tree = [&](auto statement, std::span<const late_row> drawn, tree_opening<Scheme>& into) -> result<void> {
    const auto length = in->u64();
    if (!length) return length.error();
    if ((*length == 0) != drawn.empty())
      return fail(errc::length_mismatch, "late openings: a tree is missing, or was not asked for", in->offset());
    if (drawn.empty()) return {};
    const auto encoded = in->bytes(*length);
    if (!encoded) return encoded.error();
    auto opening = parse_tree_opening(scheme, statement(run, r), detail::tree_places(drawn), *encoded);
    if (!opening) return opening.error();
    into = *std::move(opening);
    return {};
  };
  if (auto read = tree(block_rows_statement, rows.block_rows, set.block_rows); !read) return read.error();
  if (auto read = tree(final_rows_statement, rows.final_rows, set.final_rows); !read) return read.error();
  if (auto end = in->finish(); !end) return end.error();
  return set;
}

}  // namespace assay::inline v0

#endif
