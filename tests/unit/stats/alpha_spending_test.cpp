// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/alpha_spending.hpp>

#include <cmath>
#include <vector>

#include "support/catch.hpp"

using namespace assay;
using stats::alpha_schedule;
using stats::spending;

TEST_CASE("alpha spending: golden shares", "[stats]") {
  CHECK(alpha_schedule{spending::inverse_square}.share(1) == Approx(6 / (3.14159265358979323846 * 3.14159265358979323846)));
  CHECK(alpha_schedule{spending::inverse_square}.share(10) == Approx(0.00607927101854).epsilon(1e-11));
  CHECK(alpha_schedule{}.share(1) == 0.5);
  CHECK(alpha_schedule{}.share(4) == 0.05);
  CHECK(alpha_schedule::geometric(0.5)->share(3) == 0.125);
  CHECK(alpha_schedule::geometric(0.9)->share(2) == Approx(0.09));
  CHECK(alpha_schedule::geometric(0.5)->share(5000) == 0);  // below every double: such a test never rejects
  CHECK(alpha_schedule{}.share(~std::uint64_t{0}) > 0);
}

TEST_CASE("alpha spending: shares and what is left sum to one", "[stats]") {
  for (const auto& schedule : {alpha_schedule{spending::inverse_square}, alpha_schedule{}, *alpha_schedule::geometric(0.97)}) {
    double spent = 0;
    CHECK(schedule.left_after(0) == Approx(1).epsilon(1e-12));
    for (std::uint64_t n = 1; n <= 3000; ++n) {
      CHECK(schedule.share(n) <= schedule.left_after(n - 1) * (1 + 1e-12));
      spent += schedule.share(n);
      if (n % 97 == 1) CHECK(spent + schedule.left_after(n) == Approx(1).epsilon(1e-11));
    }
  }
}

TEST_CASE("alpha spending: a budget over checks keeps its sum", "[stats]") {
  const auto parts = stats::split_alpha(0.01, std::vector<double>{1, 3, 4});
  REQUIRE(parts);
  CHECK((*parts)[0] == Approx(0.00125));
  CHECK((*parts)[2] == Approx(0.005));
  CHECK((*parts)[0] + (*parts)[1] + (*parts)[2] == Approx(0.01));
  CHECK(stats::split_alpha(0.01, {}).error().code == errc::insufficient_data);
  CHECK(stats::split_alpha(0, std::vector<double>{1}).error().code == errc::out_of_range);
  CHECK(stats::split_alpha(0.1, std::vector<double>{1, -1}).error().code == errc::out_of_range);
  for (double bad : {0.0, 1.0, std::nan("")}) CHECK(alpha_schedule::geometric(bad).error().code == errc::out_of_range);
}
