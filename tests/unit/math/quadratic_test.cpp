// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/quadratic.hpp>

#include <vector>

#include "support/catch.hpp"
#include "support/math_points.hpp"

using namespace assay;
using assay_tests::number_source;

namespace {

/// Elements whose Montgomery forms lie at the ends of the range that arithmetic keeps to, 0 .. 2p - 1.
template <class F>
std::vector<F> edge_elements(number_source& numbers) {
  const auto p = F::modulus();
  const auto shifted = [](typename F::limbs_type v, std::uint64_t up, std::uint64_t down) {
    detail::add_to(v, typename F::limbs_type{up});
    detail::subtract_from(v, typename F::limbs_type{down});
    return F::from_montgomery(v);
  };
  auto twice = p;
  detail::add_to(twice, p);
  std::vector<F> out{F::zero(), F::one(), shifted({}, 1, 0), shifted(p, 0, 1), shifted(p, 0, 0), shifted(p, 1, 0),
                     shifted(twice, 0, 1), shifted(twice, 0, 2)};
  for (int i = 0; i < 4; ++i) {
    const F a = numbers.element<F>();
    out.push_back(a);
    auto other = a.montgomery_form();  // the same element's other form, if it has one
    detail::add_to(other, p);
    if (detail::less(other, twice)) out.push_back(F::from_montgomery(other));
  }
  return out;
}

/// The definition, by the field's own operations.
template <class F>
quadratic<F> product_ref(const quadratic<F>& a, const quadratic<F>& b) {
  return {a.c0 * b.c0 - a.c1 * b.c1, a.c0 * b.c1 + a.c1 * b.c0};
}

template <class F>
bool in_range(const F& a) {
  auto bound = F::modulus();
  detail::add_to(bound, F::modulus());
  return detail::less(a.montgomery_form(), bound);
}

template <class F>
void check_products(std::uint64_t seed) {
  number_source numbers{seed};
  const auto edges = edge_elements<F>(numbers);
  std::vector<quadratic<F>> elements;
  for (const F& x : edges)
    for (const F& y : edges) elements.push_back({x, y});
  std::size_t wrong = 0, beyond = 0;
  for (const auto& a : elements) {
    const auto square = a.squared();
    wrong += !(square == product_ref(a, a));
    beyond += !in_range(square.c0) || !in_range(square.c1);
    for (const auto& b : elements) {
      const auto product = a * b;
      wrong += !(product == product_ref(a, b));
      beyond += !in_range(product.c0) || !in_range(product.c1);
    }
  }
  CHECK(wrong == 0);
  CHECK(beyond == 0);
  auto a = elements.back(), b = a;
  a *= a;
  CHECK(a == product_ref(b, b));
  CHECK(b * b.c0 == product_ref(b, quadratic<F>{b.c0, F::zero()}));
}

template <class F>
void check_roots(std::uint64_t seed) {
  number_source numbers{seed};
  std::size_t squares = 0;
  for (int i = 0; i < 40; ++i) {
    quadratic<F> a{numbers.element<F>(), numbers.element<F>()};
    if (i % 4 == 1) a.c1 = F::zero();
    if (i % 4 == 2) a.c0 = F::zero();
    const auto root = a.squared().sqrt();
    REQUIRE(root);
    CHECK((*root == a || *root == -a));
    if (const auto of_any = a.sqrt()) {
      ++squares;
      CHECK(of_any->squared() == a);
    }
  }
  CHECK(squares >= 10);
  CHECK(squares < 40);
  CHECK(quadratic<F>{}.sqrt() == quadratic<F>{});
}

}  // namespace

TEST_CASE("quadratic: products at the ends of the range", "[math]") {
  check_products<bn254::fp>(60);
  check_products<bls12_381::fp>(61);
}
TEST_CASE("quadratic: compile time and run time agree", "[math]") {
  constexpr auto q = bls12_381::g2::generator(), q2 = bls12_381::g2::generator();
  constexpr auto product = q.x * q.y, square = q.x.squared();
  auto x = q2.x;
  const auto y = q2.y;
  CHECK(x * y == product);
  CHECK(x.squared() == square);
}
TEST_CASE("quadratic: square roots", "[math]") {
  check_roots<bn254::fp>(62);
  check_roots<bls12_381::fp>(63);
}
