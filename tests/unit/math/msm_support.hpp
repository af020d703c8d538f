// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Points and sums for the tests of multi-scalar multiplication.
#ifndef ASSAY_TESTS_UNIT_MATH_MSM_SUPPORT_HPP
#define ASSAY_TESTS_UNIT_MATH_MSM_SUPPORT_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/point.hpp>

namespace msm_tests {

/// A small deterministic generator (splitmix64).
struct generator {
  std::uint64_t state;
  std::uint64_t operator()() {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
};

template <class F>
F random_element(generator& random) {
  std::byte bytes[F::byte_size + 16];
  for (std::byte& b : bytes) b = static_cast<std::byte>(random());
  return F::reduce_le(bytes);
}

template <class G>
std::vector<assay::affine_point<G>> random_points(std::size_t n, std::uint64_t seed) {
  generator random{seed};
  assay::xyzz_point<G> p = assay::multiply(assay::xyzz_point<G>{G::generator()}, assay::limbs<1>{random() | 1});
  std::vector<assay::xyzz_point<G>> points(n);
  for (auto& q : points) {
    q = p;
    p = p.doubled() + G::generator();
  }
  std::vector<assay::affine_point<G>> out(n);
  assay::to_affine(std::span<const assay::xyzz_point<G>>{points}, std::span<assay::affine_point<G>>{out});
  return out;
}

/// first, first + step, first + 2 step, ...
template <class G>
std::vector<assay::affine_point<G>> progression(std::size_t n) {
  std::vector<assay::xyzz_point<G>> points(n);
  assay::xyzz_point<G> p = G::generator();
  for (auto& q : points) {
    q = p;
    p += G::generator();
  }
  std::vector<assay::affine_point<G>> out(n);
  assay::to_affine(std::span<const assay::xyzz_point<G>>{points}, std::span<assay::affine_point<G>>{out});
  return out;
}

template <class G, std::integral Int>
assay::xyzz_point<G> integer_multiple(const assay::affine_point<G>& p, Int value) {
  const bool negative = value < 0;
  const std::uint64_t v = static_cast<std::uint64_t>(value);
  const auto r = assay::multiply(assay::xyzz_point<G>{p}, assay::limbs<1>{negative ? ~v + 1 : v});
  return negative ? -r : r;
}
template <class G>
assay::xyzz_point<G> integer_multiple(const assay::affine_point<G>& p, const assay::limbs<2>& value) {
  return assay::multiply(assay::xyzz_point<G>{p}, value);
}
template <class G>
assay::xyzz_point<G> integer_multiple(const assay::affine_point<G>& p, const typename G::scalar& value) {
  return assay::multiply(assay::xyzz_point<G>{p}, value);
}

template <class G, class Scalar>
assay::xyzz_point<G> naive_msm(std::span<const assay::affine_point<G>> bases, std::span<const Scalar> scalars) {
  assay::xyzz_point<G> sum;
  for (std::size_t i = 0; i < scalars.size(); ++i) sum += integer_multiple<G>(bases[i], scalars[i]);
  return sum;
}

}  // namespace msm_tests

#endif
