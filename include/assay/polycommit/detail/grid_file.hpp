// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What files of reference strings and of ceremonies share: their header, and long runs of points.
#ifndef ASSAY_POLYCOMMIT_DETAIL_GRID_FILE_HPP
#define ASSAY_POLYCOMMIT_DETAIL_GRID_FILE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <assay/core/bytes.hpp>
#include <assay/core/endian.hpp>
#include <assay/core/result.hpp>
#include <assay/io/reader.hpp>
#include <assay/io/writer.hpp>
#include <assay/math/curve.hpp>
#include <assay/polycommit/grid.hpp>
#include <assay/polycommit/raw_point.hpp>

namespace assay::inline v0 {

/// What the first bytes of a file say about the rest.
struct grid_file_header {
  curve_id curve{};
  grid_shape shape;

  friend bool operator==(const grid_file_header&, const grid_file_header&) = default;
};

namespace detail {

inline constexpr std::uint32_t grid_file_version = 1;

/// magic:8  version:u32  curve:u8  rank:u8  0:u16  extents:u32 x rank
inline void write_header(writer& out, std::string_view magic, curve_id curve, const grid_shape& shape) {
  out.bytes(as_bytes(magic)).u32(grid_file_version).u8(static_cast<std::uint8_t>(curve)).u8(shape.rank).u16(0);
  for (std::size_t j = 0; j < shape.rank; ++j) out.u32(shape.extents[j]);
}

/// @errors truncated, bad_magic, unsupported_version, unsupported (curve), non_canonical, and those of validate(shape)
[[nodiscard]] inline result<grid_file_header> parse_header(reader& in, std::string_view magic) {
  if (auto read = in.expect(as_bytes(magic)); !read) return read.error();
  const auto fixed = in.array<8>();
  if (!fixed) return fixed.error();
  if (load_le<std::uint32_t>(fixed->data()) != grid_file_version)
    return fail(errc::unsupported_version, "grid file: unknown version", 8);
  grid_file_header header;
  header.curve = static_cast<curve_id>((*fixed)[4]);
  if (header.curve != curve_id::bn254 && header.curve != curve_id::bls12_381)
    return fail(errc::unsupported, "grid file: unknown curve", 12);
  header.shape.rank = std::to_integer<std::uint8_t>((*fixed)[5]);
  if (load_le<std::uint16_t>(fixed->data() + 6) != 0)
    return fail(errc::non_canonical, "grid file: reserved bytes are not zero", 14);
  if (header.shape.rank > grid_limits::axes) return fail(errc::out_of_range, "grid: 1 to 8 axes", header.shape.rank);
  for (std::size_t j = 0; j < header.shape.rank; ++j) {
    const auto extent = in.u32();
    if (!extent) return extent.error();
    header.shape.extents[j] = *extent;
  }
  if (auto valid = validate(header.shape); !valid) return valid.error();
  return header;
}

/// The header of a file for curve C. @errors also wrong_type (another curve)
template <class C>
[[nodiscard]] result<grid_shape> parse_header_for(reader& in, std::string_view magic) {
  const auto header = parse_header(in, magic);
  if (!header) return header.error();
  if (header->curve != C::id) return fail(errc::wrong_type, "grid file: its points are of another curve", 12);
  return header->shape;
}

/// @errors truncated, trailing_bytes: exactly `wanted` bytes must follow
[[nodiscard]] inline result<void> expect_remaining(const reader& in, std::uint64_t wanted) {
  if (in.remaining() < wanted) return fail(errc::truncated, "grid file: shorter than its shape says", in.offset());
  if (in.remaining() > wanted)
    return fail(errc::trailing_bytes, "grid file: longer than its shape says", in.offset() + wanted);
  return {};
}

template <class G, class Progress>
void write_points(writer& out, std::span<const affine_point<G>> points, Progress& progress) {
  std::array<std::byte, raw_point_size<G>> bytes;
  for (std::size_t i = 0; i < points.size(); ++i) {
    encode_raw<G>(points[i], bytes);
    out.bytes(bytes);
    if (i % 16384 == 0) progress(static_cast<double>(i) / static_cast<double>(points.size()));
  }
}

/// @pre count points' bytes are left. @errors those of parse_raw; `where` is the point's byte offset
template <class G, class Progress>
[[nodiscard]] result<std::vector<affine_point<G>>> parse_points(reader& in, std::size_t count, Progress& progress) {
  std::vector<affine_point<G>> points(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = in.offset();
    const auto bytes = in.array<raw_point_size<G>>();
    if (!bytes) return bytes.error();
    const auto p = parse_raw<G>(*bytes);
    if (!p) return fail(p.error().code, p.error().message, at);
    points[i] = *p;
    if (i % 16384 == 0) progress(static_cast<double>(i) / static_cast<double>(count));
  }
  return points;
}

}  // namespace detail

}  // namespace assay::inline v0

#endif
