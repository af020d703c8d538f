// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/math/field.hpp>

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/math_fields.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

template <class F>
std::vector<F> samples(std::uint64_t seed, std::size_t random) {
  std::vector<F> all;
  for (const auto& v : extreme_limbs<typename F::parameters>()) all.push_back(F::from_montgomery(v));
  word_stream words(seed);
  for (std::size_t i = 0; i < random; ++i) all.push_back(random_element<F>(words));
  return all;
}

template <class F>
slow_integer integer(const F& a) {
  return slow_integer(a.to_limbs());
}

template <class F>
void check_laws() {
  static_assert(std::is_trivially_copyable_v<F> && std::is_standard_layout_v<F> && sizeof(F) == F::byte_size);
  const auto all = samples<F>(1, 200);
  word_stream words(2);
  bool good = true;
  for (const F& a : all) {
    const F b = random_element<F>(words), c = random_element<F>(words);
    good = good && a + b == b + a && a * b == b * a;
    good = good && (a + b) + c == a + (b + c) && (a * b) * c == a * (b * c) && a * (b + c) == a * b + a * c;
    good = good && a - b == a + -b && (a - b) + b == a && a - a == F::zero() && (a - a).is_zero() && -(-a) == a;
    good = good && a + F::zero() == a && a * F::one() == a && (a * F::zero()).is_zero();
    good = good && a.squared() == a * a && a.doubled() == a + a &&
           (a + b).squared() == a.squared() + (a * b).doubled() + b.squared();
    F d = a;
    good = good && (d += b) == a + b && (d -= b) == a && (d *= b) == a * b && (d *= d) == (a * b).squared();
  }
  CHECK(good);
  CHECK(F::one().is_one());
  CHECK_FALSE(F::one().is_zero());
  CHECK_FALSE(F::zero().is_one());
  CHECK(F{}.is_zero());
  CHECK((-F::zero()).is_zero());
}

template <class F>
void check_against_integers() {
  const slow_integer p(F::modulus());
  word_stream words(3);
  bool good = true;
  for (int i = 0; i < 150; ++i) {
    const F a = random_element<F>(words), b = random_element<F>(words);
    good = good && integer(a) < p && integer(a * b) == integer(a) * integer(b) % p &&
           integer(a + b) == (integer(a) + integer(b)) % p;
    good = good && (integer(a - b) + integer(b)) % p == integer(a) && F::from_limbs(a.to_limbs()) == a;
  }
  CHECK(good);
  CHECK(F::from_i64(-1) == -F::one());
  CHECK(F::from_i64(INT64_MIN) + F::from_u64(std::uint64_t{1} << 63) == F::zero());
  CHECK(integer(F::from_u64(~std::uint64_t{0})) == slow_integer(~std::uint64_t{0}));
}

/// Equal values in both representations compare equal and have one encoding.
template <class F>
void check_representations() {
  using mont = detail::montgomery<typename F::parameters>;
  if constexpr (mont::redundant) {
    word_stream words(4);
    bool good = F::from_montgomery(mont::modulus).is_zero() && F::from_montgomery(mont::modulus) == F::zero();
    for (int i = 0; i < 500; ++i) {
      const auto least = limbs_below(mont::modulus, words);
      auto shifted = least;
      detail::add_to(shifted, mont::modulus);
      const F a = F::from_montgomery(least), b = F::from_montgomery(shifted);
      good = good && a == b && a.to_limbs() == b.to_limbs() && (a - b).is_zero() && a.is_zero() == b.is_zero();
      good = good && a.inverse() == b.inverse() && a * b == a.squared();
    }
    auto one = mont::r1;
    detail::add_to(one, mont::modulus);
    CHECK(F::from_montgomery(one).is_one());
    CHECK(good);
  }
}

template <class F>
void check_encodings() {
  using buffer = std::array<std::byte, F::byte_size>;
  bool good = true;
  for (const F& a : samples<F>(5, 100)) {
    buffer little, big;
    a.encode_le(little);
    a.encode_be(big);
    for (std::size_t i = 0; i < little.size(); ++i) good = good && little[i] == big[big.size() - 1 - i];
    for (std::size_t i = 0; i < F::limb_count; ++i)
      good = good && load_le<std::uint64_t>(little.data() + 8 * i) == a.to_limbs()[i];
    const auto from_little = F::parse_le(little), from_big = F::parse_be(big);
    good = good && from_little && *from_little == a && from_big && *from_big == a;
    good = good && F::reduce_le(little) == a;
  }
  CHECK(good);

  // p - 1 is the greatest value; p, p + 1 and all ones are not canonical.
  for (const int offset : {-1, 0, 1, 2}) {
    auto v = F::modulus();
    if (offset == 2) v.fill(~std::uint64_t{0});
    else v[0] = offset < 0 ? v[0] - 1 : v[0] + static_cast<std::uint64_t>(offset);
    buffer little, big;
    for (std::size_t i = 0; i < F::limb_count; ++i) {
      store_le(little.data() + 8 * i, v[i]);
      store_be(big.data() + 8 * (F::limb_count - 1 - i), v[i]);
    }
    CAPTURE(offset);
    if (offset < 0) {
      CHECK(*F::parse_le(little) == -F::one());
      CHECK(*F::parse_be(big) == -F::one());
    } else {
      CHECK(F::parse_le(little).error().code == errc::non_canonical);
      CHECK(F::parse_be(big).error().code == errc::non_canonical);
    }
  }
  const std::array<std::byte, F::byte_size + 1> longer{};
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, F::byte_size - 1, F::byte_size + 1}) {
    CHECK(F::parse_le(byte_view(longer).first(size)).error().code == errc::length_mismatch);
    CHECK(F::parse_be(byte_view(longer).first(size)).error().code == errc::length_mismatch);
  }
}

template <class F>
void check_reduction() {
  const slow_integer p(F::modulus());
  word_stream words(6);
  bool good = true;
  for (std::size_t size = 0; size <= 100; ++size) {
    for (const bool ones : {false, true}) {
      std::vector<std::byte> bytes(size);
      for (std::byte& b : bytes) b = ones ? std::byte{0xff} : static_cast<std::byte>(words() & 255);
      slow_integer expected;
      for (std::size_t i = size; i-- > 0;)
        expected = expected * slow_integer{256} + slow_integer{std::to_integer<std::uint64_t>(bytes[i])};
      good = good && integer(F::reduce_le(bytes)) == expected % p;
    }
  }
  CHECK(good);
}

template <class F>
void check_inverses() {
  auto p_minus_2 = F::modulus();
  p_minus_2[0] -= 2;
  bool good = F::zero().inverse().is_zero() && F::one().inverse().is_one() && (-F::one()).inverse() == -F::one();
  const auto all = samples<F>(7, 2000);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const F& a = all[i];
    const F inverse = a.inverse();
    good = good && (a.is_zero() ? inverse.is_zero() : (a * inverse).is_one());
    good = good && detail::less(inverse.montgomery_form(), detail::montgomery<typename F::parameters>::bound);
    if (i % 16 == 0) good = good && inverse == a.pow(p_minus_2);
  }
  for (std::uint64_t small = 1; small < 300; ++small) {  // values, and Montgomery forms, of few bits
    good = good && (F::from_u64(small).inverse() * F::from_u64(small)).is_one();
    const F a = F::from_montgomery({small});
    good = good && (a.inverse() * a).is_one() && ((-a).inverse() * -a).is_one();
  }
  for (unsigned bit = 0; bit < F::bits - 1; ++bit) {
    typename F::limbs_type v{};
    v[bit / 64] = std::uint64_t{1} << (bit % 64);
    const F a = F::from_montgomery(v);
    good = good && (a.inverse() * a).is_one();
  }
  CHECK(good);
}

template <class F>
void check_powers() {
  word_stream words(8);
  const F a = random_element<F>(words);
  F power = F::one();
  bool good = true;
  for (std::uint64_t e = 0; e < 600; ++e, power *= a) good = good && a.pow(limbs<1>{e}) == power;
  for (int i = 0; i < 50; ++i) {  // a^e a^f = a^(e + f), with windows anywhere
    limbs<4> e{words(), words(), words(), words() >> 1}, sum = e;
    const limbs<4> f{words() & words(), words() & words(), words() | words(), words() >> 9};
    detail::add_to(sum, f);
    good = good && a.pow(e) * a.pow(f) == a.pow(sum);
  }
  auto p_minus_1 = F::modulus();
  p_minus_1[0] -= 1;
  CHECK(good);
  CHECK(a.pow(F::modulus()) == a);
  CHECK(a.pow(p_minus_1).is_one());
  CHECK(F::zero().pow(F::modulus()).is_zero());
  CHECK(F::zero().pow(limbs<1>{0}).is_one());
}

template <class F>
void check_roots() {
  bool good = true;
  for (const F& a : samples<F>(9, 100)) {
    const auto root = a.squared().sqrt();
    good = good && root && (*root == a || *root == -a);
    if (!a.is_zero()) good = good && !(-a.squared()).sqrt();  // -1 is not a square
  }
  CHECK(good);
  CHECK(F::zero().sqrt()->is_zero());
  CHECK_FALSE((-F::one()).sqrt());
}

template <class F>
void check_inversion_of_many() {
  for (const std::size_t size : {0u, 1u, 2u, 33u}) {
    word_stream words(size + 10);
    std::vector<F> elements(size), scratch(size);
    for (std::size_t i = 0; i < size; ++i)
      if (i % 5 != 1) elements[i] = random_element<F>(words);
    const std::vector<F> before = elements;
    invert_all<F>(elements, scratch);
    bool good = true;
    for (std::size_t i = 0; i < size; ++i) good = good && elements[i] == before[i].inverse();
    CHECK(good);
  }
}

template <class F>
void check_field() {
  SECTION("laws") { check_laws<F>(); }
  SECTION("integers") { check_against_integers<F>(); }
  SECTION("representations") { check_representations<F>(); }
  SECTION("encodings") { check_encodings<F>(); }
  SECTION("reduction of long integers") { check_reduction<F>(); }
  SECTION("inverses") { check_inverses<F>(); }
  SECTION("powers") { check_powers<F>(); }
  SECTION("inversion of many") { check_inversion_of_many<F>(); }
}

}  // namespace

TEST_CASE("field: BN254's base field", "[math]") { check_field<bn254::fp>(); }
TEST_CASE("field: BN254's scalar field", "[math]") { check_field<bn254::fr>(); }
TEST_CASE("field: BLS12-381's base field", "[math]") { check_field<bls12_381::fp>(); }
TEST_CASE("field: BLS12-381's scalar field", "[math]") { check_field<bls12_381::fr>(); }

TEST_CASE("field: square roots", "[math]") {
  check_roots<bn254::fp>();
  check_roots<bls12_381::fp>();
}

TEST_CASE("field: constants agree with what is computed at run time", "[math]") {
  constexpr auto a = bn254::fp::from_u64(7), b = a * a - bn254::fp::from_u64(3), inverse = b.inverse();
  constexpr auto wide = bls12_381::fp::from_u64(7).squared(), wide_inverse = wide.inverse();
  static_assert((b * inverse).is_one() && (wide * wide_inverse).is_one());
  static_assert(*bn254::fp::from_u64(49).sqrt() == a || *bn254::fp::from_u64(49).sqrt() == -a);
  CHECK(b == bn254::fp::from_u64(46));
  CHECK(b.inverse() == inverse);
  CHECK(wide.inverse() == wide_inverse);
  CHECK(bn254::fp::from_u64(46).inverse().to_limbs() == inverse.to_limbs());
}
