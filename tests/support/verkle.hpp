// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Some committed vectors with a public trapdoor, and claims about them.
#ifndef ASSAY_TESTS_SUPPORT_VERKLE_HPP
#define ASSAY_TESTS_SUPPORT_VERKLE_HPP

#include <vector>

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/polycommit/verkle.hpp>

namespace assay_tests {

template <class C>
struct verkle_case {
  using g1 = typename C::g1;
  using fr = typename C::fr;
  using claims_list = std::vector<assay::verkle_claim<C>>;

  assay::insecure_srs_for_tests<C> srs;
  assay::kzg_key<C> key;
  std::vector<std::vector<std::int16_t>> values;
  std::vector<assay::affine_point<g1>> commitments;
  assay::digest context;

  verkle_case(std::uint32_t width, std::size_t vectors, std::uint64_t seed)
      : srs{assay::insecure_srs_for_tests<C>::make(assay::grid_shape::of({width}), seed)},
        key{assay::kzg_key<C>::make_insecure_for_tests(srs).value()},
        values(vectors, std::vector<std::int16_t>(width)) {
    std::uint64_t state = seed;
    for (auto& vector : values)
      for (std::int16_t& v : vector) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        v = static_cast<std::int16_t>(state >> 40);
      }
    commit();
  }

  void commit() {
    assay::msm_workspace<g1> work;
    commitments.clear();
    for (const auto& v : values) commitments.push_back(assay::kzg_commit<C, std::int16_t>(key, v, work));
  }

  /// The truth.
  assay::verkle_claim<C> claim(std::uint32_t vector, std::uint32_t node) const {
    return {vector, node, fr::from_i64(values[vector][node])};
  }
  assay::verkle_statement<C> statement(const claims_list& claims) const { return {context, commitments, claims}; }

  assay::verkle_proof<C> open(const claims_list& claims) const {
    assay::msm_workspace<g1> work;
    std::vector<assay::value_span<fr>> views;
    for (const auto& v : values) views.push_back(std::span<const std::int16_t>{v});
    return assay::open_multiproof<C>(key, views, statement(claims), work);
  }
  assay::result<void> verify(const claims_list& claims, const assay::verkle_proof<C>& proof) const {
    assay::msm_workspace<g1> work;
    return assay::verify_multiproof<C>(key, statement(claims), proof, work);
  }
};

}  // namespace assay_tests

#endif
