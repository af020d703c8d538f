// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/math/tree_sum.hpp>

#include <vector>

#include "msm_support.hpp"
#include "support/catch.hpp"

namespace {

using msm_tests::random_points;

template <class G>
void check_sums(const std::vector<assay::affine_point<G>>& points, const std::vector<std::uint32_t>& entries,
                const std::vector<std::uint32_t>& offsets, assay::tree_sum_workspace<G>& work) {
  std::vector<assay::affine_point<G>> sums(offsets.size() - 1);
  assay::tree_sums<G>(points.data(), entries.data(), offsets, sums, work);
  bool equal = true;
  for (std::size_t s = 0; s < sums.size(); ++s) {
    assay::xyzz_point<G> expected;
    for (std::uint32_t i = offsets[s]; i < offsets[s + 1]; ++i) {
      const auto& p = points[entries[i] >> 1];
      expected += (entries[i] & 1) != 0 ? -p : p;
    }
    equal = equal && expected.to_affine() == sums[s] && sums[s].is_on_curve();
  }
  CHECK(equal);
}

template <class G>
void check_group() {
  auto points = random_points<G>(100, 1);
  points[3] = points[5] = assay::affine_point<G>::infinity();
  points[8] = points[7], points[9] = -points[7];
  assay::tree_sum_workspace<G> work;
  msm_tests::generator random{7};

  SECTION("segments of many sizes, also empty") {
    std::vector<std::uint32_t> entries, offsets{0};
    for (std::size_t s = 0; s < 120; ++s) {
      const std::size_t size = s % 11 == 3 ? 0 : s % 7 == 1 ? 70 : s % 20;
      for (std::size_t i = 0; i < size; ++i) entries.push_back(static_cast<std::uint32_t>(random() % 200));
      offsets.push_back(static_cast<std::uint32_t>(entries.size()));
    }
    check_sums(points, entries, offsets, work);
  }
  SECTION("one point over and over, and sums that vanish at every level") {
    std::vector<std::uint32_t> entries, offsets{0};
    for (std::uint32_t size : {1u, 2u, 3u, 64u, 100u, 257u}) {
      for (std::uint32_t i = 0; i < size; ++i) entries.push_back(14);
      offsets.push_back(static_cast<std::uint32_t>(entries.size()));
      for (std::uint32_t i = 0; i < size; ++i) entries.push_back(14 | (i & 1));
      offsets.push_back(static_cast<std::uint32_t>(entries.size()));
      for (std::uint32_t i = 0; i < size; ++i) entries.push_back(14 | (i >> 1 & 1));
      offsets.push_back(static_cast<std::uint32_t>(entries.size()));
      for (std::uint32_t i = 0; i < size; ++i) entries.push_back(6);
      offsets.push_back(static_cast<std::uint32_t>(entries.size()));
    }
    check_sums(points, entries, offsets, work);
  }
  SECTION("no segments, and only empty ones") {
    check_sums(points, {}, {0}, work);
    check_sums(points, {}, {0, 0, 0, 0}, work);
  }
}

}  // namespace

TEST_CASE("tree_sum: G1 of BN254", "[math]") { check_group<assay::bn254::g1>(); }
TEST_CASE("tree_sum: G1 of BLS12-381", "[math]") { check_group<assay::bls12_381::g1>(); }
TEST_CASE("tree_sum: G2 of BN254", "[math]") { check_group<assay::bn254::g2>(); }

TEST_CASE("tree_sum: segments longer than a block and many short ones", "[math]") {
  using G = assay::bn254::g1;
  const auto points = random_points<G>(64, 2);
  assay::tree_sum_workspace<G> work;
  msm_tests::generator random{9};
  constexpr auto block = static_cast<std::uint32_t>(assay::tree_sum_workspace<G>::block);
  std::vector<std::uint32_t> entries, offsets{0};
  for (const std::uint32_t size : {3u, 2 * block + 5, 1u, block, block + 1, 0u, block - 1}) {
    for (std::uint32_t i = 0; i < size; ++i) entries.push_back(static_cast<std::uint32_t>(random() % 128));
    offsets.push_back(static_cast<std::uint32_t>(entries.size()));
  }
  for (std::uint32_t i = 0; i < block + 100; ++i) {
    if (i % 3 != 0) entries.push_back(static_cast<std::uint32_t>(random() % 128));
    offsets.push_back(static_cast<std::uint32_t>(entries.size()));
  }
  check_sums(points, entries, offsets, work);
}
