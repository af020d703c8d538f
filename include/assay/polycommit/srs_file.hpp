// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reference strings as files. Points are uncompressed: a file is read at the speed of a few products per point.
#ifndef ASSAY_POLYCOMMIT_SRS_FILE_HPP
#define ASSAY_POLYCOMMIT_SRS_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <assay/core/bytes.hpp>
#include <assay/core/result.hpp>
#include <assay/io/reader.hpp>
#include <assay/io/writer.hpp>
#include <assay/polycommit/detail/grid_file.hpp>
#include <assay/polycommit/reference_string.hpp>

namespace assay::inline v0 {

// The file, integers little-endian (normative):
//
//   magic "assaySRS"  version:u32 = 1  curve:u8  rank:u8  0:u16  extents:u32 x rank
//   lagrange points: x || y each, row-major, axis 0 slowest    [tau_j]_2: x.c0 || x.c1 || y.c0 || y.c1 each
//   digest: the string's id()
//
// One string has one spelling: coordinates are canonical, and no byte may follow.

inline constexpr std::string_view srs_file_magic = "assaySRS";

/// Curve and shape of a file, from its first bytes alone; more may follow. @errors as parse_srs_file, for the header
[[nodiscard]] inline result<grid_file_header> inspect_srs_file(byte_view bytes) {
  reader in{bytes};
  return detail::parse_header(in, srs_file_magic);
}

/// Bytes of a file. @pre validate(shape)
template <class C>
[[nodiscard]] constexpr std::uint64_t srs_file_size(const grid_shape& shape) noexcept {
  return 16 + 4u * shape.rank + shape.size() * raw_point_size<typename C::g1> +
         shape.rank * raw_point_size<typename C::g2> + sizeof(digest);
}

/// Writes a file. @pre validate(srs.shape), and as many points as it says, none of them infinity
template <class C, class Progress = no_progress>
[[nodiscard]] std::vector<std::byte> encode_srs_file(const structured_reference_string<C>& srs,
                                                     Progress&& progress = {}) {
  ASSAY_EXPECTS(validate(srs.shape) && srs.lagrange.size() == srs.shape.size() && srs.tau_g2.size() == srs.shape.rank);
  std::vector<std::byte> bytes;
  bytes.reserve(static_cast<std::size_t>(srs_file_size<C>(srs.shape)));
  writer out{bytes};
  detail::write_header(out, srs_file_magic, C::id, srs.shape);
  detail::write_points<typename C::g1>(out, srs.lagrange, progress);
  detail::write_points<typename C::g2>(out, srs.tau_g2, progress);
  out.bytes(srs.id().bytes);
  return bytes;
}

/// Reads a file that may come from anybody. The result is still unchecked data: `verified_srs` decides on it.
/// Allocates only after the length was found to be the shape's. `progress` is called with the share done.
/// @errors truncated, trailing_bytes, bad_magic, unsupported_version, unsupported (curve), wrong_type (the file is for
///   another curve), those of validate(shape); non_canonical, not_on_curve, identity_point (`where`: byte offset of the
///   point); untrusted_parameters (the digest at the end is another string's)
template <class C, class Progress = no_progress>
[[nodiscard]] result<structured_reference_string<C>> parse_srs_file(byte_view bytes, Progress&& progress = {}) {
  reader in{bytes};
  const auto shape = detail::parse_header_for<C>(in, srs_file_magic);
  if (!shape) return shape.error();
  if (auto length = detail::expect_remaining(in, srs_file_size<C>(*shape) - in.offset()); !length)
    return length.error();
  structured_reference_string<C> srs;
  srs.shape = *shape;
  auto lagrange = detail::parse_points<typename C::g1>(in, static_cast<std::size_t>(shape->size()), progress);
  if (!lagrange) return lagrange.error();
  srs.lagrange = std::move(*lagrange);
  auto tau = detail::parse_points<typename C::g2>(in, shape->rank, progress);
  if (!tau) return tau.error();
  srs.tau_g2 = std::move(*tau);
  const auto stated = in.array<sizeof(digest)>();
  if (!stated) return stated.error();
  if (digest{*stated} != srs.id())
    return fail(errc::untrusted_parameters, "reference string file: its digest is another one's",
                in.offset() - sizeof(digest));
  return srs;
}

}  // namespace assay::inline v0

#endif
