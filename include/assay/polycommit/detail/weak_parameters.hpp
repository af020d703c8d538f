// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reference strings of the right structure that are worthless all the same, as far as that can be seen from outside.
#ifndef ASSAY_POLYCOMMIT_DETAIL_WEAK_PARAMETERS_HPP
#define ASSAY_POLYCOMMIT_DETAIL_WEAK_PARAMETERS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/result.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/msm.hpp>
#include <assay/math/pairing.hpp>
#include <assay/math/point.hpp>
#include <assay/polycommit/grid.hpp>
#include <assay/polycommit/reference_string.hpp>

namespace assay::inline v0::detail {

/// Trapdoors that a public implementation drew from a generator with a fixed seed (arkworks' `test_rng`: ChaCha12; its
/// 256-bit words below r are Montgomery representations), in the order in which it draws them.
inline constexpr std::array<bn254::fr, 8> published_trapdoors = {
    bn254::fr::from_hex("02f01189eb498b10cf6d1069ea03ff3c04e53984ebf57f9a7d1faf1a18c7788f"),
    bn254::fr::from_hex("0d004a3ec16148a06e4327024d35da4596668851b471e9e85623ab712940117e"),
    bn254::fr::from_hex("2dcf45f84ea32723c456a183c827db2be4fbf1e26c526ffecb3dc598161280e5"),
    bn254::fr::from_hex("02b5742e6e1ca506423d9ed75b2a374358316d9292c0df08d1a855f9a95e7bf5"),
    bn254::fr::from_hex("2db08fdc306f51674053b3611448dbe6ccbf014a591b89e513d0efc65c2544db"),
    bn254::fr::from_hex("06fb035e42a2b3cddbab10afbd6e840a3f43462643551acde9cb102368495dee"),
    bn254::fr::from_hex("08748d41a19046ef57bd8e9480486f9a574fe71f4fa9e2cf68f87fbd4f7862e5"),
    bn254::fr::from_hex("089fa387d65b21bb9577169bf51ca5902dcf6a4a13e0644f04043a452ecee5d5"),
};

/// [tau_j^d]_1 from the Lagrange points: sum over the grid of i_j^d G_i. @pre d < n_j: then it interpolates exactly
template <class C>
[[nodiscard]] affine_point<typename C::g1> axis_power(const structured_reference_string<C>& srs, std::size_t axis,
                                                      std::uint64_t d, msm_workspace<typename C::g1>& work) {
  using scalar = typename C::fr;
  const std::size_t n = srs.shape.extents[axis], stride = static_cast<std::size_t>(srs.shape.stride(axis));
  std::vector<affine_point<typename C::g1>> slice, sums(n);
  for (std::size_t i = 0; i < n; ++i) {
    slice.clear();
    for (std::size_t first = i * stride; first < srs.lagrange.size(); first += n * stride)
      slice.insert(slice.end(), srs.lagrange.begin() + static_cast<std::ptrdiff_t>(first),
                   srs.lagrange.begin() + static_cast<std::ptrdiff_t>(first + stride));
    const std::vector<std::uint8_t> ones(slice.size(), 1);
    sums[i] = msm<typename C::g1>(slice, std::span<const std::uint8_t>{ones}, work).to_affine();
  }
  std::vector<scalar> powers(n);
  for (std::size_t i = 0; i < n; ++i) powers[i] = scalar::from_u64(i).pow(limbs<1>{d});
  return msm<typename C::g1>(sums, std::span<const scalar>{powers}, work).to_affine();
}

/// Refuses trapdoors that are in print, variables that are equal, and tau_k = tau_j^{n_j}, which is what a string made
/// from univariate powers by Kronecker substitution has. No more than a net for mistakes: whoever wants to hide a
/// trapdoor or a correlation can. Only the ceremony excludes them.
/// @pre the string's structure was checked. @errors untrusted_parameters (`where`: axis)
template <class C>
[[nodiscard]] result<void> check_not_obviously_weak(const structured_reference_string<C>& srs,
                                                    msm_workspace<typename C::g1>& work) {
  using g2 = typename C::g2;
  for (std::size_t j = 0; j < srs.shape.rank; ++j) {
    for (std::size_t k = 0; k < j; ++k)
      if (srs.tau_g2[j] == srs.tau_g2[k])
        return fail(errc::untrusted_parameters, "reference string: two variables are equal", j);
    if constexpr (C::id == curve_id::bn254)
      for (const auto& known : published_trapdoors)
        if (multiply(xyzz_point<g2>{g2::generator()}, known).to_affine() == srs.tau_g2[j])
          return fail(errc::untrusted_parameters, "reference string: the trapdoor of a variable is in print", j);
  }
  if (srs.shape.rank == 1) return {};
  std::vector<affine_point<typename C::g1>> tau(srs.shape.rank);
  for (std::size_t j = 0; j < srs.shape.rank; ++j) tau[j] = axis_power<C>(srs, j, 1, work);
  const prepared_g2<C> one{g2::generator()};
  for (std::size_t j = 0; j < srs.shape.rank; ++j) {  // e([tau_j^{n_j - 1}]_1, [tau_j]_2) = e([tau_k]_1, [1]_2)?
    const prepared_g2<C> variable{srs.tau_g2[j]};
    const affine_point<typename C::g1> power = axis_power<C>(srs, j, srs.shape.extents[j] - 1u, work);
    for (std::size_t k = 0; k < srs.shape.rank; ++k) {
      const std::array<pairing_term<C>, 2> terms = {pairing_term<C>{power, &variable}, pairing_term<C>{-tau[k], &one}};
      if (k != j && pairing_product_is_one<C>(terms))
        return fail(errc::untrusted_parameters, "reference string: a variable is a power of another", k);
    }
  }
  return {};
}

}  // namespace assay::inline v0::detail

#endif
