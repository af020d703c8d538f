// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Points, scalars and golden vectors for the tests of curves and pairings. Seeded: the same on every machine.
#ifndef ASSAY_TESTS_SUPPORT_MATH_POINTS_HPP
#define ASSAY_TESTS_SUPPORT_MATH_POINTS_HPP

#include <array>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <assay/core/bytes.hpp>
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>

namespace assay_tests {

inline nlohmann::json golden_vectors(const std::string& name) {
  std::ifstream file(std::string(ASSAY_TEST_DATA_DIR) + "/" + name);
  if (!file) throw std::runtime_error("no golden vectors " + name);
  return nlohmann::json::parse(file);
}

/// Bytes of hexadecimal digits in either case, with or without 0x.
inline std::vector<std::byte> bytes_of_hex(std::string hex) {
  if (hex.starts_with("0x")) hex.erase(0, 2);
  for (char& c : hex)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c + 32);
  std::vector<std::byte> out(hex.size() / 2);
  if (!assay::from_hex(hex, out)) throw std::runtime_error("not hexadecimal: " + hex);
  return out;
}

inline std::string hex_of(assay::byte_view bytes) {
  std::string out(2 * bytes.size(), '0');
  assay::to_hex(bytes, out);
  return out;
}

/// splitmix64
class number_source {
 public:
  explicit number_source(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// Any element of a prime field.
  template <class F>
  F element() {
    std::array<std::byte, F::byte_size + 16> bytes;
    for (std::byte& b : bytes) b = static_cast<std::byte>(next());
    return F::reduce_le(bytes);
  }
  template <class F>
  void fill(F& out) {
    if constexpr (requires { out.c2; }) fill(out.c0), fill(out.c1), fill(out.c2);
    else if constexpr (requires { out.c1; }) fill(out.c0), fill(out.c1);
    else out = element<F>();
  }
  /// An element of an extension.
  template <class F>
  F extension_element() {
    F out;
    fill(out);
    return out;
  }
  /// A point of G's curve, in almost no case of the subgroup where the curve has a cofactor.
  template <class G>
  assay::affine_point<G> curve_point() {
    for (;;) {
      const auto x = extension_element<typename G::coordinate>();
      if (const auto y = (x.squared() * x + G::b()).sqrt()) return {x, *y};
    }
  }
  /// A point of the group of prime order.
  template <class G>
  assay::affine_point<G> group_point() {
    return assay::multiply(assay::xyzz_point<G>{G::generator()}, element<typename G::scalar>()).to_affine();
  }

 private:
  std::uint64_t state_;
};

/// k P for a small integer.
template <class G>
assay::affine_point<G> times(const assay::affine_point<G>& p, std::uint64_t k) {
  return assay::multiply(assay::xyzz_point<G>{p}, assay::limbs<1>{k}).to_affine();
}

}  // namespace assay_tests

#endif
