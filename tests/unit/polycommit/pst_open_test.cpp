// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/polycommit/pst_open.hpp>

#include <assay/polycommit/pst_point.hpp>

#include "support/catch.hpp"
#include "support/pst.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

// [q_j(tau)]_1 by long division of the coefficients, one variable after the other.
template <class C, class V>
std::vector<affine_point<typename C::g1>> divided(const std::vector<std::uint32_t>& extents,
                                                  const std::vector<V>& values, const std::vector<std::uint32_t>& at,
                                                  std::span<const typename C::fr> tau) {
  using fr = typename C::fr;
  auto f = interpolated<fr>(extents, values);
  std::vector<affine_point<typename C::g1>> proof;
  for (std::size_t j = 0; j < at.size(); ++j)
    proof.push_back(times_generator<C>(f.divide(j, fr::from_u64(at[j])).at(tau)));
  return proof;
}

template <class C>
void check_division() {
  using fr = typename C::fr;
  const std::vector<std::uint32_t> extents = {3, 4, 5};
  const auto tau = srs_of<C>(grid_shape::of({3, 4, 5})).trapdoor_insecure_for_tests();
  const auto with_tables = key_of<C>(grid_shape::of({3, 4, 5}), extents);
  const auto without = key_of<C>(grid_shape::of({3, 4, 5}), extents, {0});
  const auto values = tensor_values(60);
  const std::vector<std::int64_t> wide(values.begin(), values.end());
  std::vector<fr> scalars;
  for (auto v : values) scalars.push_back(fr::from_i64(v));
  for (const std::vector<std::uint32_t>& at : {std::vector<std::uint32_t>{0, 0, 0}, {2, 3, 4}, {1, 2, 0}}) {
    const auto expected = divided<C>(extents, values, at, tau);
    pst_opener<C, std::int16_t> a{with_tables, values}, b{without, values};
    pst_opener<C, std::int64_t> c{with_tables, wide};
    pst_opener<C, fr> d{with_tables, scalars};
    CHECK(a.open(at, 3) == expected);
    CHECK(b.open(at, 3) == expected);
    CHECK(c.open(at, 3) == expected);
    CHECK(d.open(at, 3) == expected);
    CHECK(a.terms() == 59);  // N - 1
    std::vector<fr> point;
    for (auto coordinate : at) point.push_back(fr::from_u64(coordinate));
    const auto off_grid = open_at<C, std::int16_t>(without, values, point);  // a node is a point like any other
    CHECK(off_grid.proof == expected);
    CHECK(off_grid.value == scalars[at[0] * 20 + at[1] * 5 + at[2]]);
    CHECK(a.open(std::span{at}.first(2), 2) == std::vector(expected.begin(), expected.begin() + 2));
    CHECK(a.terms() == 59);  // known by now
  }
}

// Every way to a quotient on larger grids: tables that are divided at once, tables that are not, slices, scalars.
template <class C>
void check_ways(const grid_shape& shape, const std::vector<std::uint32_t>& extents,
                const std::vector<std::uint32_t>& at) {
  using fr = typename C::fr;
  const auto with_tables = key_of<C>(shape, extents);
  const auto without = key_of<C>(shape, extents, {0});
  const std::size_t n = with_tables.grid().size();
  const auto values = tensor_values(n, 5);
  const auto small = tensor_values<std::int8_t>(n, 6);
  const auto large = tensor_values<std::int32_t>(n, 7);
  const auto check = [&](const auto& v) {
    using V = typename std::remove_cvref_t<decltype(v)>::value_type;
    std::vector<fr> scalars;
    for (auto x : v) scalars.push_back(fr::from_i64(x));
    pst_opener<C, V> a{with_tables, v}, b{without, v};
    pst_opener<C, fr> c{without, scalars};
    const auto proof = a.open(at, at.size());
    CHECK(proof == b.open(at, at.size()));
    CHECK(proof == c.open(at, at.size()));
    CHECK(committed(with_tables, v) == committed(without, scalars));
  };
  check(values), check(small), check(large);
}

template <class C>
void check_shared_prefixes() {
  const auto key = key_of<C>(grid_shape::of({3, 4, 5}), {3, 4, 5});
  const auto values = tensor_values(60);
  const std::vector<std::uint32_t> at = {0, 1, 2, /**/ 0, 1, 4, /**/ 0, 2, 0, /**/ 2, 1, 2};
  CHECK(count_quotients(at, 3) == 3 + 1 + 2 + 3);
  pst_opener<C, std::int16_t> together{key, values};
  const auto proof = together.open(at, 3);
  REQUIRE(proof.size() == 9);
  const std::vector<std::vector<std::size_t>> uses = {{0, 1, 2}, {0, 1, 3}, {0, 4, 5}, {6, 7, 8}};
  for (std::size_t t = 0; t < 4; ++t) {
    pst_opener<C, std::int16_t> alone{key, values};
    const auto own = alone.open(std::span{at}.subspan(3 * t, 3), 3);
    for (std::size_t j = 0; j < 3; ++j) CHECK(own[j] == proof[uses[t][j]]);
  }
  CHECK(together.open({}, 0).empty());
}

}  // namespace

TEST_CASE("pst_open: quotients from differences are those of long division, with N - 1 terms", "[polycommit]") {
  check_division<bn254>();
  check_division<bls12_381>();
}

TEST_CASE("pst_open: all ways to a quotient agree", "[polycommit]") {
  check_ways<bn254>(grid_shape::of({8, 8}), {8, 8}, {3, 7});  // 504 points
  check_ways<bn254>(grid_shape::of({8, 60}), {8, 60}, {5, 0});  // 3,360: not divided; then a long axis
  check_ways<bn254>(grid_shape::of({17, 40}), {17, 40}, {16, 39});  // no table on axis 0: slices
  check_ways<bn254>(grid_shape::of({16, 5}), {16, 5}, {15, 4});  // the longest axis with a table
  check_ways<bn254>(grid_shape::of({9, 40, 3}), {4, 40, 2}, {1, 20, 1});  // short extents
  check_ways<bn254>(grid_shape::of({20, 40}), {4, 33}, {3, 32});  // short extents without tables
  check_ways<bn254>(grid_shape::of({9, 40, 3}), {1, 40}, {0, 0});  // an axis of one value
  check_ways<bls12_381>(grid_shape::of({8, 8}), {8, 8}, {3, 7});
  check_ways<bls12_381>(grid_shape::of({17, 40}), {9, 40}, {8, 39});
}

TEST_CASE("pst_open: tiles share the quotients of common prefixes", "[polycommit]") {
  check_shared_prefixes<bn254>();
  check_shared_prefixes<bls12_381>();
}

TEST_CASE("pst_open: what is constant along an axis has the quotient infinity", "[polycommit]") {
  const auto key = key_of<bn254>(grid_shape::of({8, 8}), {8, 8});
  std::vector<std::int16_t> values(64);
  for (std::size_t i = 0; i < 64; ++i) values[i] = static_cast<std::int16_t>(i % 8);
  pst_opener<bn254, std::int16_t> opener{key, values};
  const auto proof = opener.open(std::vector<std::uint32_t>{4, 2}, 2);
  CHECK(proof[0].is_infinity());
  CHECK_FALSE(proof[1].is_infinity());
}

TEST_CASE("pst_open: evaluation off the grid is that of the coefficients", "[polycommit]") {
  using fr = bn254::fr;
  const auto values = tensor_values(60);
  const std::vector<std::uint32_t> extents = {3, 4, 5};
  const auto g = key_of<bn254>(grid_shape::of({3, 4, 5}), extents).grid();
  const std::vector<fr> z = {-fr::from_u64(2), fr::from_u64(5).inverse(), fr::from_u64(1)};
  const fr value = evaluate<fr, std::int16_t>(g, values, z);
  CHECK(value == interpolated<fr>(extents, values).at(z));
  CHECK(open_at<bn254, std::int16_t>(key_of<bn254>(grid_shape::of({3, 4, 5}), extents), values, z).value == value);
}
