// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/softmax.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("softmax: every kernel gives the bits of the reference, close to libm", "[token]") {
  random_stream r(seed{}, "softmax");
  for (std::size_t n = 0; n < 70; ++n) {
    std::vector<float> x(n), fast(n), slow(n);
    for (float& v : x) v = static_cast<float>(r.normal() * (n % 3 == 0 ? 60 : 3));
    if (n > 5) x[3] = -std::numeric_limits<float>::infinity();
    float top = -1e30f;
    for (float v : x) top = std::max(top, v);
    detail::softmax_terms(x.data(), n, top, fast.data());
    detail::softmax_terms_ref(x.data(), n, top, slow.data());
    for (std::size_t i = 0; i < n; ++i) {
      REQUIRE(std::bit_cast<std::uint32_t>(fast[i]) == std::bit_cast<std::uint32_t>(slow[i]));
      const double want = std::exp(static_cast<double>(x[i] - top));
      REQUIRE(std::abs(static_cast<double>(fast[i]) - want) <= want * 6.1e-8 + 1e-45);
    }
  }
  CHECK(detail::softmax_term(3, 3) == 1.0f);
}

#if ASSAY_X86_64
TEST_CASE("softmax: each vector kernel by itself", "[token]") {
  random_stream r(seed{}, "softmax kernels");
  std::vector<float> x(640), fast(640), slow(640);
  for (float& v : x) v = static_cast<float>(r.normal() * 40);
  x[77] = -std::numeric_limits<float>::infinity();
  const float top = *std::max_element(x.begin(), x.end());
  detail::softmax_terms_ref(x.data(), 640, top, slow.data());
  if (detail::cpu_has_avx2()) {
    detail::softmax_terms_avx2(x.data(), 640, top, fast.data());
    CHECK(fast == slow);
  }
  if (detail::cpu_has_avx512f()) {
    std::fill(fast.begin(), fast.end(), -1.0f);
    detail::softmax_terms_avx512(x.data(), 640, top, fast.data());
    CHECK(fast == slow);
  }
}
#endif

TEST_CASE("softmax: golden bits of many terms", "[token]") {
  random_stream r(seed{}, "softmax golden");
  std::vector<float> x(4096), e(4096);
  for (float& v : x) v = static_cast<float>(-30 * r.uniform());
  detail::softmax_terms(x.data(), x.size(), 0, e.data());
  std::uint64_t folded = 0;
  for (float v : e) folded = std::rotl(folded, 7) * 0x9E3779B97F4A7C15u ^ std::bit_cast<std::uint32_t>(v);
  CHECK(folded == 0x93f571928313564bu);
}

TEST_CASE("softmax: sums do not depend on order and are close", "[token]") {
  random_stream r(seed{}, "sums");
  std::vector<float> e(100000);
  for (float& v : e) v = static_cast<float>(std::exp(-20 * r.uniform()));
  detail::term_sum forward, backward;
  double plain = 0;
  for (std::size_t i = 0; i < e.size(); ++i) {
    forward.add(e[i]);
    backward.add(e[e.size() - 1 - i]);
    plain += static_cast<double>(e[i]);
  }
  CHECK(forward.value() == backward.value());
  CHECK(forward.value() == Approx(plain).epsilon(1e-9));
}
