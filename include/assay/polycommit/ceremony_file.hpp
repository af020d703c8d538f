// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The state of a ceremony as a file: what contributors hand on to each other, and what is published at the end.
#ifndef ASSAY_POLYCOMMIT_CEREMONY_FILE_HPP
#define ASSAY_POLYCOMMIT_CEREMONY_FILE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <assay/core/bytes.hpp>
#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/io/reader.hpp>
#include <assay/io/writer.hpp>
#include <assay/polycommit/ceremony.hpp>
#include <assay/polycommit/detail/grid_file.hpp>

namespace assay::inline v0 {

// The file, integers little-endian (normative):
//
//   magic "assayCER"  version:u32 = 1  curve:u8  rank:u8  0:u16  extents:u32 x rank  contributions:u32
//   monomial points, row-major, axis 0 slowest    [tau_j]_2
//   per contribution: previous:32  points:32  per axis ([tau_j]_2  R_j)  per axis s_j:32
//   digest: state_digest()

inline constexpr std::string_view ceremony_file_magic = "assayCER";
inline constexpr std::uint32_t max_contributions = 1u << 16;

/// Binds all of a state.
template <class C>
[[nodiscard]] digest state_digest(const ceremony_state<C>& s) {
  transcript t{domains::ceremony};
  return t.text("step", "state").digest("history", s.history()).digest("points", s.points_digest()).finish();
}

/// Curve and shape of a file, from its first bytes alone. @errors as parse_ceremony_file, for the header
[[nodiscard]] inline result<grid_file_header> inspect_ceremony_file(byte_view bytes) {
  reader in{bytes};
  return detail::parse_header(in, ceremony_file_magic);
}

/// Writes a file. @pre a state that start or contribute returned, or parse_ceremony_file
template <class C, class Progress = no_progress>
[[nodiscard]] std::vector<std::byte> encode_ceremony_file(const ceremony_state<C>& s, Progress&& progress = {}) {
  using g1 = typename C::g1;
  using g2 = typename C::g2;
  ASSAY_EXPECTS(validate(s.shape) && s.monomials.size() == s.shape.size() && s.tau_g2.size() == s.shape.rank);
  ASSAY_EXPECTS(s.contributions.size() <= max_contributions);
  std::vector<std::byte> bytes;
  writer out{bytes};
  detail::write_header(out, ceremony_file_magic, C::id, s.shape);
  out.u32(static_cast<std::uint32_t>(s.contributions.size()));
  detail::write_points<g1>(out, s.monomials, progress);
  no_progress silent;
  detail::write_points<g2>(out, s.tau_g2, silent);
  for (const contribution<C>& c : s.contributions) {
    out.bytes(c.previous.bytes).bytes(c.points.bytes);
    detail::write_points<g2>(out, c.tau_g2, silent);
    detail::write_points<g2>(out, c.nonces, silent);
    for (const auto& r : c.responses) {
      std::array<std::byte, C::fr::byte_size> scalar;
      r.encode_le(scalar);
      out.bytes(scalar);
    }
  }
  out.bytes(state_digest(s).bytes);
  return bytes;
}

namespace detail {

/// @pre a contribution's bytes are left
template <class C>
[[nodiscard]] result<contribution<C>> parse_contribution(reader& in, std::size_t rank) {
  no_progress silent;
  const auto previous = in.array<32>(), points = in.array<32>();
  if (!previous || !points) return previous ? points.error() : previous.error();
  contribution<C> c{{*previous}, {*points}, {}, {}, {}};
  for (auto* list : {&c.tau_g2, &c.nonces}) {
    auto read = parse_points<typename C::g2>(in, rank, silent);
    if (!read) return read.error();
    *list = std::move(*read);
  }
  for (std::size_t j = 0; j < rank; ++j) {
    const std::size_t at = in.offset();
    const auto bytes = in.bytes(C::fr::byte_size);
    if (!bytes) return bytes.error();
    const auto response = C::fr::parse_le(*bytes);
    if (!response) return fail(response.error().code, response.error().message, at);
    c.responses.push_back(*response);
  }
  return c;
}

}  // namespace detail

/// Reads a file that may come from anybody. The result is unchecked data: `ceremony<C>::verify` decides on it.
/// Allocates only after the length was found to be what shape and number of contributions say.
/// @errors as parse_srs_file; too_large (more than 2^16 contributions)
template <class C, class Progress = no_progress>
[[nodiscard]] result<ceremony_state<C>> parse_ceremony_file(byte_view bytes, Progress&& progress = {}) {
  using g1 = typename C::g1;
  using g2 = typename C::g2;
  reader in{bytes};
  const auto shape = detail::parse_header_for<C>(in, ceremony_file_magic);
  if (!shape) return shape.error();
  const auto count = in.count(max_contributions, 0);
  if (!count) return count.error();
  const std::uint64_t each = 64 + shape->rank * (2 * raw_point_size<g2> + std::uint64_t{C::fr::byte_size});
  const std::uint64_t wanted =
      shape->size() * raw_point_size<g1> + shape->rank * raw_point_size<g2> + *count * each + sizeof(digest);
  if (auto length = detail::expect_remaining(in, wanted); !length) return length.error();
  ceremony_state<C> s;
  s.shape = *shape;
  auto monomials = detail::parse_points<g1>(in, static_cast<std::size_t>(shape->size()), progress);
  if (!monomials) return monomials.error();
  s.monomials = std::move(*monomials);
  no_progress silent;
  auto tau = detail::parse_points<g2>(in, shape->rank, silent);
  if (!tau) return tau.error();
  s.tau_g2 = std::move(*tau);
  for (std::uint32_t i = 0; i < *count; ++i) {
    auto c = detail::parse_contribution<C>(in, shape->rank);
    if (!c) return c.error();
    s.contributions.push_back(std::move(*c));
  }
  const auto stated = in.array<sizeof(digest)>();
  if (!stated) return stated.error();
  if (digest{*stated} != state_digest(s))
    return fail(errc::untrusted_parameters, "ceremony file: its digest is another one's", in.offset() - sizeof(digest));
  return s;
}

}  // namespace assay::inline v0

#endif
