// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the cases that tests/oracle/generate.mjs computed with another implementation of the curves: those in
// tests/vectors, or a fresh file named by the environment variable ASSAY_ORACLE_FILE.
#ifndef ASSAY_TESTS_SUPPORT_ORACLE_HPP
#define ASSAY_TESTS_SUPPORT_ORACLE_HPP

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>

namespace assay_tests {

template <class T>
T must(assay::result<T> r) {
  if (!r) throw std::runtime_error(std::string("oracle: ") + r.error().message);
  return *std::move(r);
}

/// All cases of one curve.
template <class C>
const nlohmann::json& oracle_cases() {
  static const nlohmann::json all = [] {
    const char* fresh = std::getenv("ASSAY_ORACLE_FILE");
    std::ifstream file(fresh != nullptr ? std::string(fresh) : std::string(ASSAY_TEST_DATA_DIR) + "/oracle.json");
    if (!file) throw std::runtime_error("oracle: the file of cases cannot be read");
    return nlohmann::json::parse(file);
  }();
  for (const nlohmann::json& c : all.at("curves"))
    if (c.at("curve") == C::name) return c;
  throw std::runtime_error("oracle: no cases for this curve");
}

inline std::vector<std::byte> oracle_bytes(const nlohmann::json& hex) {
  const auto text = hex.get<std::string>();
  std::vector<std::byte> bytes(text.size() / 2);
  if (!assay::from_hex(text, bytes)) throw std::runtime_error("oracle: not hexadecimal");
  return bytes;
}

template <class F>
F oracle_number(const nlohmann::json& hex) {
  return must(F::parse_be(oracle_bytes(hex)));
}

/// A point of G; says nothing of curve and subgroup.
template <class G>
assay::affine_point<G> oracle_point(const nlohmann::json& j) {
  using fp = typename G::curve::fp;
  if (j.is_null()) return {};
  if constexpr (std::is_same_v<G, typename G::curve::g1>)
    return {oracle_number<fp>(j.at(0)), oracle_number<fp>(j.at(1))};
  else
    return {{oracle_number<fp>(j.at(0)), oracle_number<fp>(j.at(1))},
            {oracle_number<fp>(j.at(2)), oracle_number<fp>(j.at(3))}};
}

template <class G>
std::vector<assay::affine_point<G>> oracle_points(const nlohmann::json& list) {
  std::vector<assay::affine_point<G>> points;
  for (const nlohmann::json& j : list) points.push_back(oracle_point<G>(j));
  return points;
}

}  // namespace assay_tests

#endif
