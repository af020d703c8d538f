// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/binomial.hpp>

#include <cmath>
#include <cstdint>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("binomial: log-gamma and incomplete beta, against 30-digit values", "[stats]") {
  CHECK(stats::detail::log_gamma(0.5) == Approx(0.57236494292470008707).epsilon(1e-13));
  CHECK(stats::detail::log_gamma(3.7) == Approx(1.4280723266653879219).epsilon(1e-13));
  CHECK(stats::detail::log_gamma(12345.6) == Approx(103959.18506616845558).epsilon(1e-14));
  CHECK(stats::incomplete_beta(0.5, 0.5, 0.3) == Approx(0.36901011956554538).epsilon(1e-12));
  CHECK(stats::incomplete_beta(2, 3, 0.4) == Approx(0.5248).epsilon(1e-12));
  CHECK(stats::incomplete_beta(500, 700, 0.42) == Approx(0.59376644548261493).epsilon(1e-10));
  CHECK(stats::incomplete_beta(2, 3, 0) == 0);
  CHECK(stats::incomplete_beta(2, 3, 1) == 1);
  for (double x : {0.1, 0.5, 0.9})
    CHECK(stats::incomplete_beta(7, 11, x) == Approx(1 - stats::incomplete_beta(11, 7, 1 - x)).epsilon(1e-12));
}

TEST_CASE("binomial: Clopper-Pearson limits, against exact binomial tails", "[stats]") {
  struct row {
    std::uint64_t k, n;
    double low, high, upper99;
  };
  for (row r : {row{0, 10, 0, 0.308497107818761, 0.369042655519807},
                row{3, 10, 0.0667395111777345, 0.652452850059997, 0.702883527679463},
                row{5, 1000, 0.00162541951756276, 0.0116294705598121, 0.0130554212336902},
                row{120, 1000, 0.100500923748168, 0.141766863792825, 0.145929375696995},
                row{10, 10, 0.691502892181239, 1, 1}}) {
    const auto both = stats::clopper_pearson(r.k, r.n, 0.95);
    REQUIRE(both);
    CHECK(both->low == Approx(r.low).epsilon(1e-10));
    CHECK(both->high == Approx(r.high).epsilon(1e-10));
    CHECK(*stats::binomial_upper_bound(r.k, r.n, 0.99) == Approx(r.upper99).epsilon(1e-10));
  }
  CHECK(*stats::binomial_upper_bound(0, 1000000, 0.95) == Approx(2.9957e-6).epsilon(1e-3));  // the rule of three
  CHECK(*stats::binomial_lower_bound(500000, 1000000, 0.95) == Approx(0.5 - 1.645 * 0.0005).epsilon(1e-4));
}

TEST_CASE("binomial: errors", "[stats]") {
  CHECK(stats::clopper_pearson(0, 0, 0.95).error().code == errc::insufficient_data);
  CHECK(stats::clopper_pearson(2, 1, 0.95).error().code == errc::out_of_range);
  CHECK(stats::binomial_upper_bound(1, 2, 1.0).error().code == errc::out_of_range);
  CHECK(stats::binomial_upper_bound(1, 2, std::nan("")).error().code == errc::out_of_range);
}
