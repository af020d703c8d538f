// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors on reference strings with a public trapdoor, and polynomials the slow way: coefficients and long division.
#ifndef ASSAY_TESTS_SUPPORT_PST_HPP
#define ASSAY_TESTS_SUPPORT_PST_HPP

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/polycommit/pst_verify.hpp>

namespace assay_tests {

template <class C>
const assay::insecure_srs_for_tests<C>& srs_of(const assay::grid_shape& shape) {
  static std::map<std::array<std::uint32_t, 8>, assay::insecure_srs_for_tests<C>> made;
  const auto at = made.find(shape.extents);
  if (at != made.end()) return at->second;
  return made.emplace(shape.extents, assay::insecure_srs_for_tests<C>::make(shape, 7)).first->second;
}

template <class C>
assay::pst_key<C> key_of(const assay::grid_shape& srs, std::vector<std::uint32_t> extents,
                         const assay::pst_options& options = {}) {
  return assay::pst_key<C>::make_insecure_for_tests(srs_of<C>(srs), extents, options).value();
}

template <class V = std::int16_t>
std::vector<V> tensor_values(std::size_t n, std::uint64_t seed = 1) {
  std::vector<V> values(n);
  for (V& v : values) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    v = static_cast<V>(seed >> 33);
  }
  return values;
}

template <class C>
assay::affine_point<typename C::g1> times_generator(const typename C::fr& k) {
  return multiply(assay::xyzz_point<typename C::g1>{C::g1::generator()}, k).to_affine();
}

template <class C, class V>
assay::affine_point<typename C::g1> committed(const assay::pst_key<C>& key, const std::vector<V>& values) {
  assay::msm_workspace<typename C::g1> work;
  return assay::commit<C, V>(key, values, work);
}

/// A polynomial of several variables by its coefficients, row-major like the grid.
template <class Fr>
struct slow_polynomial {
  std::vector<std::uint32_t> extents;
  std::vector<Fr> coefficients;

  std::size_t stride(std::size_t axis) const {
    std::size_t n = 1;
    for (std::size_t j = axis + 1; j < extents.size(); ++j) n *= extents[j];
    return n;
  }
  std::uint32_t exponent(std::size_t index, std::size_t axis) const {
    return static_cast<std::uint32_t>(index / stride(axis) % extents[axis]);
  }

  Fr at(std::span<const Fr> x) const {
    Fr sum;
    for (std::size_t i = 0; i < coefficients.size(); ++i) {
      Fr term = coefficients[i];
      for (std::size_t j = 0; j < extents.size(); ++j)
        for (std::uint32_t e = exponent(i, j); e > 0; --e) term *= x[j];
      sum += term;
    }
    return sum;
  }

  /// The quotient by X_axis - a; *this becomes the remainder.
  slow_polynomial divide(std::size_t axis, const Fr& a) {
    slow_polynomial q{extents, std::vector<Fr>(coefficients.size())};
    for (std::uint32_t e = extents[axis] - 1; e > 0; --e)
      for (std::size_t i = 0; i < coefficients.size(); ++i) {
        if (exponent(i, axis) != e) continue;
        const std::size_t below = i - stride(axis);
        q.coefficients[below] = coefficients[i];
        coefficients[below] += a * coefficients[i];
        coefficients[i] = {};
      }
    return q;
  }
};

/// Interpolation on nodes 0..n-1, axis by axis, by multiplying Lagrange polynomials out.
template <class Fr, class V>
slow_polynomial<Fr> interpolated(std::vector<std::uint32_t> extents, const std::vector<V>& values) {
  slow_polynomial<Fr> f{std::move(extents), {}};
  for (const V& v : values) f.coefficients.push_back(assay::detail::to_scalar<Fr>(v));
  for (std::size_t axis = 0; axis < f.extents.size(); ++axis) {
    const std::uint32_t n = f.extents[axis];
    std::vector<std::vector<Fr>> basis;
    for (std::uint32_t i = 0; i < n; ++i) {
      std::vector<Fr> p{Fr::one()};
      for (std::uint32_t k = 0; k < n; ++k) {
        if (k == i) continue;
        const Fr scale = (Fr::from_u64(i) - Fr::from_u64(k)).inverse();
        std::vector<Fr> q(p.size() + 1);
        for (std::size_t e = 0; e < p.size(); ++e) q[e + 1] += p[e] * scale, q[e] -= p[e] * scale * Fr::from_u64(k);
        p = q;
      }
      basis.push_back(p);
    }
    std::vector<Fr> out(f.coefficients.size());
    for (std::size_t at = 0; at < out.size(); ++at)
      for (std::uint32_t e = 0; e < n; ++e)
        out[at - f.exponent(at, axis) * f.stride(axis) + e * f.stride(axis)] +=
            f.coefficients[at] * basis[f.exponent(at, axis)][e];
    f.coefficients = out;
  }
  return f;
}

}  // namespace assay_tests

#endif
