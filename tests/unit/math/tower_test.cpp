// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/tower.hpp>

#include "support/catch.hpp"
#include "support/math_points.hpp"

using namespace assay;
using assay_tests::number_source;

namespace {

/// f^e by squaring and multiplying.
template <class F, std::size_t N>
F power(const F& f, const limbs<N>& e) {
  F r = F::one();
  for (unsigned i = detail::bit_length(e); i-- > 0;) {
    r = r.squared();
    if (detail::bits_of(e, i, 1) != 0) r = r * f;
  }
  return r;
}

/// (p - 1) / 6
template <class C>
auto sixth_of_order() {
  auto e = C::fp::modulus();
  std::uint64_t remainder = 0;
  for (std::size_t i = e.size(); i-- > 0;) {
    const detail::uint128 t = (detail::uint128{remainder} << 64) | e[i];
    e[i] = static_cast<std::uint64_t>(t / 6);
    remainder = static_cast<std::uint64_t>(t % 6);
  }
  CHECK(remainder == 1);
  return e;
}

/// f^((p^6 - 1)(p^2 + 1)): into the cyclotomic subgroup.
template <class C>
fp12<C> into_cyclotomic_subgroup(const fp12<C>& f) {
  const fp12<C> g = f.conjugate() * f.inverse();
  return g.frobenius_twice() * g;
}

/// Ring laws and inverses of one level of the tower.
template <class F>
void check_ring(number_source& numbers) {
  for (int i = 0; i < 20; ++i) {
    const F a = numbers.extension_element<F>(), b = numbers.extension_element<F>(), c = numbers.extension_element<F>();
    CHECK(a * b == b * a);
    CHECK((a * b) * c == a * (b * c));
    CHECK(a * F::one() == a);
    CHECK(a * a.inverse() == F::one());
    CHECK((a * b).inverse() == a.inverse() * b.inverse());
  }
  CHECK(F{}.inverse().is_zero());
  CHECK_FALSE(F::one().is_zero());
}

template <class C>
void check_fp2() {
  using fp2 = typename C::fp2;
  number_source numbers{1};
  check_ring<fp2>(numbers);
  const fp2 u{C::fp::zero(), C::fp::one()}, xi = C::times_xi(fp2::one());
  CHECK(u.squared() == -fp2::one());
  const typename C::fp top = -C::fp::one();
  for (const fp2& a : {fp2::zero(), fp2::one(), u, fp2{top, top}, fp2{top, {}}, numbers.extension_element<fp2>()}) {
    CHECK(a.squared() == a * a);
    CHECK(C::times_xi(a) == a * xi);
    CHECK(power(a, C::fp::modulus()) == a.conjugate());
    CHECK(a * a.conjugate() == fp2{a.c0 * a.c0 + a.c1 * a.c1, {}});
    CHECK((a + u) * (a - u) == a.squared() + fp2::one());
  }
}

template <class C>
void check_fp6() {
  number_source numbers{2};
  using fp2 = typename C::fp2;
  check_ring<fp6<C>>(numbers);
  const fp6<C> v{fp2::zero(), fp2::one(), fp2::zero()}, one = fp6<C>::one();
  CHECK(v * v * v == fp6<C>{C::times_xi(fp2::one()), {}, {}});
  for (int i = 0; i < 10; ++i) {
    const auto a = numbers.extension_element<fp6<C>>(), b = numbers.extension_element<fp6<C>>();
    const auto s = numbers.extension_element<fp2>(), t = numbers.extension_element<fp2>();
    CHECK(a * (b + one) == a * b + a);
    CHECK(a.times_v() == a * v);
    CHECK(a.times_sparse(s, t) == a * fp6<C>{s, t, {}});
  }
}

template <class C>
void check_fp12() {
  number_source numbers{3};
  using fp2 = typename C::fp2;
  check_ring<fp12<C>>(numbers);
  const fp12<C> w{{}, fp6<C>::one()};
  CHECK(w * w == fp12<C>{fp6<C>::one().times_v(), {}});
  for (int i = 0; i < 5; ++i) {
    const auto a = numbers.extension_element<fp12<C>>();
    CHECK(a.squared() == a * a);
    const auto s = numbers.extension_element<fp2>(), t = numbers.extension_element<fp2>();
    CHECK(a.times_line_divided(s, t) == a * fp12<C>{fp6<C>::one(), {s, t, {}}});
    CHECK(a.times_line_multiplied(s, t) == a * fp12<C>{fp6<C>::one(), {{}, t, s}});
  }
}

template <class C>
void check_frobenius() {
  number_source numbers{4};
  CHECK(power(C::times_xi(C::fp2::one()), sixth_of_order<C>()) == C::frobenius_root);
  const auto a = numbers.extension_element<fp12<C>>();
  CHECK(a.frobenius() == power(a, C::fp::modulus()));
  CHECK(a.frobenius().frobenius() == a.frobenius_twice());
  CHECK(a.frobenius_twice().frobenius_twice().frobenius_twice() == a.conjugate());
}

template <class C>
void check_cyclotomic() {
  number_source numbers{5};
  for (int i = 0; i < 5; ++i) {
    const auto f = into_cyclotomic_subgroup(numbers.extension_element<fp12<C>>());
    CHECK(f.cyclotomic_squared() == f * f);
    CHECK(f * f.conjugate() == fp12<C>::one());
    CHECK(f.frobenius_twice().frobenius_twice() * f == f.frobenius_twice());  // x^(p^4 - p^2 + 1) = 1
  }
  CHECK(fp12<C>::one().cyclotomic_squared().is_one());
}

}  // namespace

TEST_CASE("tower: Fp2 is a field, and xi and u are what they are called", "[math]") {
  check_fp2<bn254>();
  check_fp2<bls12_381>();
}
TEST_CASE("tower: Fp6, its v and its sparse products", "[math]") {
  check_fp6<bn254>();
  check_fp6<bls12_381>();
}
TEST_CASE("tower: Fp12, its w and the lines' products", "[math]") {
  check_fp12<bn254>();
  check_fp12<bls12_381>();
}
TEST_CASE("tower: the Frobenius map is raising to p", "[math]") {
  check_frobenius<bn254>();
  check_frobenius<bls12_381>();
}
TEST_CASE("tower: cyclotomic squaring", "[math]") {
  check_cyclotomic<bn254>();
  check_cyclotomic<bls12_381>();
}
