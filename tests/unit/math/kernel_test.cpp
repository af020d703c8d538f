// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/math/kernel.hpp>

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "support/math_fields.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

template <class P>
using value_of = limbs<P::modulus.size()>;

template <class P>
using product_function = void (*)(value_of<P>&, const value_of<P>&, const value_of<P>&);

template <class P, math_kernel Kernel>
[[gnu::noinline]] void product(value_of<P>& out, const value_of<P>& a, const value_of<P>& b) {
  detail::montgomery<P>::template multiply_with<Kernel>(out, a, b);
}

/// Every kernel of this processor, the portable one first, and the dispatcher.
template <class P>
std::vector<product_function<P>> products() {
  std::vector<product_function<P>> all = {product<P, math_kernel::portable>, detail::montgomery<P>::multiply};
  const math_kernel fastest = detail::fastest_kernel();
  if (fastest >= math_kernel::mulq) all.push_back(product<P, math_kernel::mulq>);
  if (fastest >= math_kernel::adx) all.push_back(product<P, math_kernel::adx>);
  return all;
}

/// All kernels give the portable one's bits, below the bound, and write over their operands safely.
template <class P>
bool kernels_agree(const std::vector<product_function<P>>& kernels, const value_of<P>& a, const value_of<P>& b) {
  using mont = detail::montgomery<P>;
  const value_of<P> expected = mont::multiply_portable(a, b);
  bool good = detail::less(expected, mont::bound);
  for (const auto multiply : kernels) {
    value_of<P> out, over_a = a, over_b = b;
    multiply(out, a, b);
    multiply(over_a, over_a, b);
    multiply(over_b, a, over_b);
    good = good && out == expected && over_a == expected && over_b == expected;
  }
  return good && mont::add(a, b, mont::bound) == mont::add_portable(a, b, mont::bound) &&
         mont::subtract(a, b) == mont::subtract_portable(a, b);
}

/// out R = a b modulo p, by integers that know nothing of Montgomery.
template <class P>
bool is_montgomery_product(const value_of<P>& out, const value_of<P>& a, const value_of<P>& b) {
  const slow_integer p(P::modulus);
  return slow_integer(out).shifted_left(P::modulus.size()) % p == slow_integer(a) * slow_integer(b) % p;
}

template <class P>
bool sums_are_right(const value_of<P>& a, const value_of<P>& b) {
  using mont = detail::montgomery<P>;
  const slow_integer p(P::modulus), x(a), y(b);
  const value_of<P> sum = mont::add(a, b, mont::bound), difference = mont::subtract(a, b);
  return detail::less(sum, mont::bound) && detail::less(difference, mont::bound) &&
         slow_integer(sum) % p == (x + y) % p && (slow_integer(difference) + y) % p == x % p;
}

template <class P>
void check_kernels() {
  using mont = detail::montgomery<P>;
  const auto kernels = products<P>();
  const auto extremes = extreme_limbs<P>();
  word_stream words(42);

  std::size_t wrong = 0, wrong_integers = 0;
  for (const auto& a : extremes)
    for (const auto& b : extremes) wrong += !kernels_agree<P>(kernels, a, b);
  for (const auto& a : extremes) {
    const auto b = limbs_below(mont::bound, words);
    wrong += !kernels_agree<P>(kernels, a, b);
    wrong += !kernels_agree<P>(kernels, b, a);
    wrong_integers += !is_montgomery_product<P>(mont::multiply_portable(a, b), a, b) || !sums_are_right<P>(a, b);
    wrong_integers += !is_montgomery_product<P>(mont::multiply_portable(a, a), a, a) || !sums_are_right<P>(b, a);
  }
  for (int i = 0; i < 120000; ++i) {
    const auto a = limbs_below(mont::bound, words), b = limbs_below(mont::bound, words);
    wrong += !kernels_agree<P>(kernels, a, b);
    if (i % 400 == 0)
      wrong_integers += !is_montgomery_product<P>(mont::multiply_portable(a, b), a, b) || !sums_are_right<P>(a, b);
  }
  CHECK(wrong == 0);
  CHECK(wrong_integers == 0);
}

}  // namespace

TEST_CASE("kernel: names, and the order that the environment variable lowers along", "[math]") {
  CHECK(name(math_kernel::portable) == std::string_view("portable"));
  CHECK(name(math_kernel::ifma) == std::string_view("ifma"));
  CHECK(detail::lowered_kernel(math_kernel::ifma, "") == math_kernel::ifma);
  CHECK(detail::lowered_kernel(math_kernel::ifma, "adx") == math_kernel::adx);
  CHECK(detail::lowered_kernel(math_kernel::ifma, "mulq") == math_kernel::mulq);
  CHECK(detail::lowered_kernel(math_kernel::ifma, "portable") == math_kernel::portable);
  CHECK(detail::lowered_kernel(math_kernel::mulq, "ifma") == math_kernel::mulq);
  CHECK(detail::lowered_kernel(math_kernel::mulq, "adx") == math_kernel::mulq);
  CHECK(detail::lowered_kernel(math_kernel::portable, "mulq") == math_kernel::portable);
  CHECK(detail::lowered_kernel(math_kernel::adx, "ADX") == math_kernel::adx);
  CHECK(detail::lowered_kernel(math_kernel::adx, "no kernel") == math_kernel::adx);
}

TEST_CASE("kernel: the active one is the processor's best unless the environment lowers it", "[math]") {
  const char* wish = std::getenv("ASSAY_MATH_KERNEL");
  CHECK(active_kernel == detail::lowered_kernel(detail::fastest_kernel(), wish == nullptr ? "" : wish));
  CHECK(active_kernel <= detail::fastest_kernel());
#if ASSAY_X86_64
  CHECK(detail::fastest_kernel() >= math_kernel::mulq);
  if (detail::fastest_kernel() >= math_kernel::adx) CHECK(__builtin_cpu_supports("bmi2"));
  if (detail::fastest_kernel() == math_kernel::ifma) CHECK(__builtin_cpu_supports("avx512ifma"));
#else
  CHECK(detail::fastest_kernel() == math_kernel::portable);
#endif
}

TEST_CASE("kernel: every kernel multiplies as the integers do, BN254", "[math]") {
  check_kernels<bn254::base_modulus>();
  check_kernels<bn254::scalar_modulus>();
}

TEST_CASE("kernel: every kernel multiplies as the integers do, BLS12-381", "[math]") {
  check_kernels<bls12_381::base_modulus>();
  check_kernels<bls12_381::scalar_modulus>();
}
