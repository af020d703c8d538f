// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Several tensors opened at the same place with one proof.
#ifndef ASSAY_POLYCOMMIT_PST_MERGE_HPP
#define ASSAY_POLYCOMMIT_PST_MERGE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/endian.hpp>
#include <assay/core/expects.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/math/msm.hpp>
#include <assay/math/point_encoding.hpp>
#include <assay/polycommit/pst_open.hpp>
#include <assay/polycommit/pst_verify.hpp>

namespace assay::inline v0 {

/// Tensors of one shape opened at the same tiles: f = sum rho_k f_k is opened instead, with rho drawn after all
/// commitments and all values are fixed, so one proof serves all.
///
/// Only for the same place. Quotients of different places must not be added up: for two coordinates a != b of one axis
/// X - a and X - b generate everything, so that any error E splits into (tau - a) P + (tau - b) Q with
/// P = E / (b - a) and Q = -P.
template <class C>
struct same_place {
  pst_grid grid;
  digest reference_id;
  std::uint32_t fixed = 0;
  std::span<const std::uint32_t> places;                      ///< as in `pst_claim`
  std::span<const affine_point<typename C::g1>> commitments;  ///< at least one
};

namespace detail {

/// rho_0 = 1, rho_k of 128 bits: everything is absorbed in canonical form, because prover and verifier must agree.
template <class C>
[[nodiscard]] std::vector<typename C::fr> merge_coefficients(const same_place<C>& place,
                                                             std::span<const std::vector<typename C::fr>> values) {
  using fr = typename C::fr;
  transcript t{domains::multiproof};
  t.text("kind", "pst same place")
      .u64("curve", static_cast<std::uint64_t>(C::id))
      .digest("reference", place.reference_id);
  t.u64("rank", place.grid.rank);
  for (std::size_t j = 0; j < place.grid.rank; ++j)
    t.u64("axis", place.grid.axes[j]).u64("extent", place.grid.extents[j]);
  t.u64("fixed", place.fixed).u64("places", place.places.size());
  for (const std::uint32_t a : place.places) t.u64("coordinate", a);
  t.u64("tensors", place.commitments.size());
  for (std::size_t k = 0; k < place.commitments.size(); ++k) {
    t.bytes("commitment", encode_compressed<typename C::g1>(place.commitments[k])).u64("values", values[k].size());
    std::vector<std::byte> bytes(values[k].size() * fr::byte_size);
    for (std::size_t i = 0; i < values[k].size(); ++i)
      values[k][i].encode_le(std::span<std::byte, fr::byte_size>{bytes.data() + i * fr::byte_size, fr::byte_size});
    t.bytes("scalars", bytes);
  }
  std::vector<fr> rho(place.commitments.size(), fr::one());
  for (std::size_t k = 1; k < rho.size(); ++k) {
    const digest d = t.challenge("rho");
    rho[k] = fr::from_limbs({load_le<std::uint64_t>(d.bytes.data()), load_le<std::uint64_t>(d.bytes.data() + 8), 0, 0});
  }
  return rho;
}

template <class Fr>
[[nodiscard]] std::vector<Fr> combined(std::span<const Fr> rho, std::span<const std::vector<Fr>> values) {
  std::vector<Fr> out(values[0].size());
  for (std::size_t k = 0; k < rho.size(); ++k)
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += rho[k] * values[k][i];
  return out;
}

}  // namespace detail

/// One proof for all tensors. `tensors[k]` are all values of tensor k. Exact.
/// @pre place.grid and reference_id are the key's; one commitment and one tensor each, of the grid's size
template <class C>
[[nodiscard]] std::vector<affine_point<typename C::g1>>
open_merged(const pst_key<C>& key, const same_place<C>& place, std::span<const std::vector<typename C::fr>> tensors) {
  using fr = typename C::fr;
  ASSAY_EXPECTS(place.grid == key.grid() && place.reference_id == key.reference_id());
  ASSAY_EXPECTS(!tensors.empty() && tensors.size() == place.commitments.size());
  const std::size_t size = key.grid().tile_size(place.fixed);
  std::vector<std::vector<fr>> shown(tensors.size());
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    ASSAY_EXPECTS(tensors[k].size() == key.grid().size());
    const std::size_t tiles = place.fixed == 0 ? 1 : place.places.size() / place.fixed;
    for (std::size_t t = 0; t < tiles; ++t) {
      std::size_t index = 0;
      for (std::size_t j = 0; j < place.fixed; ++j)
        index = index * key.grid().extents[j] + place.places[t * place.fixed + j];
      const auto from = tensors[k].begin() + static_cast<std::ptrdiff_t>(index * size);
      shown[k].insert(shown[k].end(), from, from + static_cast<std::ptrdiff_t>(size));
    }
  }
  const auto rho = detail::merge_coefficients<C>(place, shown);
  const auto f = detail::combined<fr>(rho, tensors);
  return pst_opener<C, fr>{key, f}.open(place.places, place.fixed);
}

/// Verifies that every tensor shows its values (tile by tile) at the place. @pre place.grid is the key's
/// @errors as verify_claims; empty, length_mismatch (`where`: the tensor)
template <class C>
[[nodiscard]] result<void> verify_merged(const pst_verifier_key<C>& key, const same_place<C>& place,
                                         std::span<const std::vector<typename C::fr>> values,
                                         std::span<const affine_point<typename C::g1>> proof) {
  using fr = typename C::fr;
  using g1 = typename C::g1;
  ASSAY_EXPECTS(place.grid == key.grid() && place.reference_id == key.pairing().reference_id());
  if (place.commitments.empty()) return fail(errc::empty, "pst: no tensor");
  if (values.size() != place.commitments.size())
    return fail(errc::length_mismatch, "pst: wrong number of tensors", values.size());
  for (std::size_t k = 1; k < values.size(); ++k)
    if (values[k].size() != values[0].size()) return fail(errc::length_mismatch, "pst: tensors show unequally much", k);
  const auto rho = detail::merge_coefficients<C>(place, values);
  const auto shown = detail::combined<fr>(rho, values);
  msm_workspace<g1> work;
  pst_claim<C> claim;
  claim.key = &key;
  claim.commitment = msm<g1>(place.commitments, std::span<const fr>{rho}, work).to_affine();
  claim.fixed = place.fixed, claim.places = place.places;
  claim.values = std::span<const fr>{shown}, claim.proof = proof;
  return verify_claims<C>(std::span{&claim, 1});
}

}  // namespace assay::inline v0

#endif
