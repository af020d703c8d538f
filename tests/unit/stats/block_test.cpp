// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/block.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace assay;

namespace {
constexpr double infinite = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();
}

TEST_CASE("block: three reductions of one sequence", "[stats]") {
  const std::vector<double> scores{0, 0, 0.5, 3, infinite};
  CHECK(*stats::reduce({stats::reduction::mean, 2}, scores) == Approx(4.5 / 5));
  CHECK(*stats::reduce({stats::reduction::mean}, scores) == infinite);
  CHECK(*stats::reduce({stats::reduction::largest, 2}, scores) == 2);
  CHECK(*stats::reduce({stats::reduction::largest}, scores) == infinite);
  CHECK(*stats::reduce({stats::reduction::share_beyond, infinite, 0}, scores) == Approx(3.0 / 5));
  CHECK(*stats::reduce({stats::reduction::share_beyond, infinite, 0.5}, scores) == Approx(2.0 / 5));
}

TEST_CASE("block: broken scores show in every reduction", "[stats]") {
  for (auto by : {stats::reduction::mean, stats::reduction::largest, stats::reduction::share_beyond})
    for (std::size_t at : {0u, 1u, 2u}) {
      std::vector<double> scores{1, 2, 3};
      scores[at] = not_a_number;
      CHECK(std::isnan(*stats::reduce({by, 5}, scores)));
      scores[at] = -1e-9;
      CHECK(stats::reduce({by, 5}, scores).error() == fail(errc::out_of_range, "", at));
    }
  CHECK(stats::reduce({}, {}).error().code == errc::insufficient_data);
}

TEST_CASE("block: several sequences of one decision weigh the same", "[stats]") {
  CHECK(stats::reduce_blocks(stats::reduction::mean, std::vector<double>{1, 2, 6}) == 3);
  CHECK(stats::reduce_blocks(stats::reduction::share_beyond, std::vector<double>{0.5, 0}) == 0.25);
  CHECK(stats::reduce_blocks(stats::reduction::largest, std::vector<double>{1, 6, 2}) == 6);
  for (auto by : {stats::reduction::mean, stats::reduction::largest, stats::reduction::share_beyond})
    for (const std::vector<double>& v : {std::vector<double>{not_a_number, 1}, {1, not_a_number}, {1, not_a_number, 2}})
      CHECK(std::isnan(stats::reduce_blocks(by, v)));
}

TEST_CASE("block: rules that say nothing are refused", "[stats]") {
  CHECK(stats::validate(stats::block_rule{}));
  CHECK(stats::validate({stats::reduction::share_beyond, 1, 0.5}));
  CHECK(stats::validate({static_cast<stats::reduction>(0)}).error().code == errc::unsupported);
  CHECK(stats::validate({static_cast<stats::reduction>(9)}).error().code == errc::unsupported);
  for (double cap : {0.0, -1.0, not_a_number})
    CHECK(stats::validate({stats::reduction::mean, cap}).error().code == errc::out_of_range);
  for (double limit : {-1.0, 1.0, 2.0, infinite, not_a_number})
    CHECK(stats::validate({stats::reduction::share_beyond, 1, limit}).error().code == errc::out_of_range);
  CHECK(stats::validate({stats::reduction::mean, 1, 0.5}).error().code == errc::out_of_range);
}
