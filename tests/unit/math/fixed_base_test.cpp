// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/math/fixed_base.hpp>

#include <limits>
#include <vector>

#include <assay/core/thread_pool.hpp>

#include "msm_support.hpp"
#include "support/catch.hpp"

namespace {

using msm_tests::generator;
using msm_tests::random_points;

/// Nodes of many sizes, as the caller's memory and as views of it.
template <class V>
struct nodes_of {
  std::vector<std::vector<V>> values;
  std::vector<std::vector<std::uint32_t>> bases;
  std::vector<assay::node_values<V>> views;

  void add(std::vector<V> v, std::vector<std::uint32_t> b = {}) {
    values.push_back(std::move(v));
    bases.push_back(std::move(b));
  }
  std::span<const assay::node_values<V>> view() {
    views.clear();
    for (std::size_t k = 0; k < values.size(); ++k) views.push_back({values[k], bases[k]});
    return views;
  }
};

template <class V, class G>
V random_value(generator& random) {
  if constexpr (std::is_same_v<V, typename G::scalar>) {
    const std::uint64_t kind = random() % 4;
    return kind == 0   ? -V::from_u64(random() % 3)
           : kind == 1 ? V::from_i64(-128)
                       : msm_tests::random_element<V>(random);
  } else {
    const V edges[] = {std::numeric_limits<V>::min(), std::numeric_limits<V>::max(), V{0}, V{1}, static_cast<V>(-1)};
    return random() % 3 == 0 ? edges[random() % 5] : static_cast<V>(random());
  }
}

template <class G, class V>
void check_sums(const assay::fixed_base_table<G>& table, const std::vector<assay::affine_point<G>>& bases,
                nodes_of<V>& nodes) {
  const auto view = nodes.view();
  std::vector<assay::affine_point<G>> sums(view.size());
  assay::msm_workspace<G> work;
  assay::sum_many<G, V>(table, view, sums, work);
  bool equal = true;
  for (std::size_t k = 0; k < view.size(); ++k) {
    assay::xyzz_point<G> expected;
    for (std::size_t i = 0; i < view[k].values.size(); ++i)
      expected +=
          msm_tests::integer_multiple<G>(bases[view[k].bases.empty() ? i : view[k].bases[i]], view[k].values[i]);
    equal = equal && expected.to_affine() == sums[k];
  }
  CHECK(equal);
}

template <class G, class V>
void check_table(unsigned value_bits, unsigned window_bits, std::size_t node_count, std::size_t base_count = 12) {
  auto bases = random_points<G>(base_count, 21);
  bases[1] = assay::affine_point<G>::infinity();
  bases[3] = bases[2], bases[4] = -bases[2];
  const auto table = assay::fixed_base_table<G>::build(bases, value_bits, window_bits);
  CHECK(table.size() == base_count);
  CHECK(table.base(2) == bases[2]);
  generator random{value_bits * 100 + window_bits};
  nodes_of<V> nodes;
  for (std::size_t k = 0; k < node_count; ++k) {
    std::vector<V> values;
    std::vector<std::uint32_t> indices;
    for (std::size_t i = 0; i < k % (base_count + 1); ++i) {
      values.push_back(random_value<V, G>(random));
      if (k % 2 == 1) indices.push_back(static_cast<std::uint32_t>(random() % base_count));
    }
    nodes.add(values, indices);
  }
  nodes.add(std::vector<V>(base_count, random_value<V, G>(random)));
  nodes.add(std::vector<V>(base_count));
  check_sums<G, V>(table, bases, nodes);
}

}  // namespace

TEST_CASE("fixed_base: entries are the multiples they should be", "[math]") {
  using G = assay::bls12_381::g1;
  const auto bases = random_points<G>(3, 2);
  const auto table = assay::fixed_base_table<G>::build(bases, 16, 5);
  REQUIRE(table.windows() == 4);
  bool equal = true;
  for (std::size_t b = 0; b < 3; ++b)
    for (std::size_t w = 0; w < 4; ++w)
      for (std::uint64_t d = 1; d <= 16; ++d) {
        const auto expected = assay::multiply(assay::xyzz_point<G>{bases[b]}, assay::limbs<1>{d << (5 * w)});
        equal = equal && expected.to_affine() == table.multiples()[(b * 4 + w) * 16 + d - 1];
      }
  CHECK(equal);
}

TEST_CASE("fixed_base: sums of small integers", "[math]") {
  using G = assay::bn254::g1;
  for (const unsigned window : {2u, 3u, 4u, 7u, 8u}) {
    check_table<G, std::int8_t>(8, window, 40);
    check_table<G, std::uint8_t>(9, window, 10);
    check_table<G, std::int8_t>(32, window, 10);
    check_table<G, std::int16_t>(16, window, 40);
    check_table<G, std::uint16_t>(17, window, 10);
    check_table<G, std::int32_t>(32, window, 10);
    check_table<G, std::int64_t>(64, window, 10);
  }
  check_table<assay::bls12_381::g1, std::int8_t>(8, 8, 40);
  check_table<assay::bls12_381::g1, std::int16_t>(16, 8, 40);
  check_table<assay::bn254::g2, std::int8_t>(8, 4, 10);
}

TEST_CASE("fixed_base: sums of scalars", "[math]") {
  for (const unsigned window : {2u, 4u, 5u, 8u}) {
    check_table<assay::bn254::g1, assay::bn254::fr>(254, window, 16);
    check_table<assay::bls12_381::g1, assay::bls12_381::fr>(255, window, 8);
  }
  check_table<assay::bn254::g1, std::int8_t>(254, 8, 16);
  check_table<assay::bn254::g1, std::uint64_t>(254, 8, 16);
  check_table<assay::bn254::g1, std::int64_t>(254, 7, 16);
  check_table<assay::bn254::g1, std::uint64_t>(254, 7, 16);
}

TEST_CASE("fixed_base: a table covers both ends of its range", "[math]") {
  using G = assay::bn254::g1;
  const auto bases = random_points<G>(3, 9);
  for (const unsigned bits : {1u, 2u, 5u, 8u, 12u}) {
    const auto table = assay::fixed_base_table<G>::build(bases, bits, 4);
    const auto most = static_cast<std::int16_t>(1 << (bits - 1));
    nodes_of<std::int16_t> nodes;
    nodes.add({most, static_cast<std::int16_t>(-most), static_cast<std::int16_t>(most - 1)});
    check_sums<G, std::int16_t>(table, bases, nodes);
  }
}

TEST_CASE("fixed_base: many nodes, over threads too", "[math]") {
  using G = assay::bn254::g1;
  const auto bases = random_points<G>(64, 4);
  const auto table = assay::fixed_base_table<G>::build(bases, 8);
  generator random{6};
  nodes_of<std::int8_t> nodes;
  for (std::size_t k = 0; k < 700; ++k) {
    std::vector<std::int8_t> values(64);
    for (auto& v : values) v = static_cast<std::int8_t>(random());
    nodes.add(values);
  }
  const auto view = nodes.view();
  std::vector<assay::affine_point<G>> sums(view.size()), threaded(view.size());
  assay::msm_workspace<G> work;
  assay::sum_many<G, std::int8_t>(table, view, sums, work);
  assay::thread_pool pool{2};
  std::vector<assay::msm_workspace<G>> workspaces(3);
  assay::sum_many<G, std::int8_t>(table, view, threaded, pool, std::span<assay::msm_workspace<G>>{workspaces});
  CHECK(sums == threaded);
  bool equal = true;
  for (std::size_t k = 0; k < view.size(); k += 97)
    equal = equal && assay::msm<G>(bases, view[k].values, work).to_affine() == sums[k];
  CHECK(equal);
}

TEST_CASE("fixed_base: no bases, no nodes", "[math]") {
  using G = assay::bn254::g1;
  const auto table = assay::fixed_base_table<G>::build({}, 8);
  assay::msm_workspace<G> work;
  assay::sum_many<G, std::int8_t>(table, {}, {}, work);
  const assay::node_values<std::int8_t> node;
  assay::affine_point<G> sum = G::generator();
  assay::sum_many<G, std::int8_t>(table, {&node, 1}, {&sum, 1}, work);
  CHECK(sum.is_infinity());
}
