// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/sequence_pool.hpp>

#include <assay/stats/separation.hpp>
#include <assay/stats/tokens_needed.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace assay;
using stats::sequence_pool;

namespace {

sequence_pool normal_pool(random_stream& stream, std::size_t sequences, std::size_t length, double mean,
                          double shared = 0) {
  sequence_pool pool;
  std::vector<double> scores(length);
  for (std::size_t i = 0; i < sequences; ++i) {
    const double shift = mean + shared * stream.normal();
    for (double& s : scores) s = shift + stream.normal();
    REQUIRE(pool.add(scores));
  }
  return pool;
}

}  // namespace

TEST_CASE("sequence pool: a batch is a run of whole, different sequences of one group", "[stats]") {
  sequence_pool pool;
  for (std::uint32_t i = 0; i < 40; ++i) {
    const std::vector<double> scores(4, i < 20 ? 1.0 : 1000.0);
    REQUIRE(pool.add(scores, i < 20 ? 7u : 9u));
  }
  CHECK(pool.unit_count() == 160);
  CHECK(pool.sequence_count() == 40);
  CHECK(pool.group_count() == 2);
  CHECK(pool.largest_batch() == 8);
  random_stream stream{seed{}, "draw"};
  const auto means = pool.draw(7, 200, stream);
  REQUIRE(means);
  int of_first = 0;
  for (double m : *means) {
    CHECK((m == 1 || m == 1000));  // never both groups in one batch
    of_first += m == 1;
  }
  CHECK(of_first > 60);
  CHECK(of_first < 140);
}

TEST_CASE("sequence pool: sequences of a batch differ, runs stay inside", "[stats]") {
  sequence_pool pool;
  double power = 1;
  for (int i = 0; i < 20; ++i, power *= 4) {
    const double scores[]{power};
    REQUIRE(pool.add(scores));
  }
  random_stream stream{seed{}, "differ"};
  const auto means = pool.draw(2, 500, stream);
  REQUIRE(means);
  for (double m : *means) {
    const auto sum = static_cast<std::uint64_t>(2 * m);
    CHECK(std::popcount(sum) == 2);  // two different powers of four
  }
  sequence_pool ramp;
  for (int i = 0; i < 30; ++i) {
    const double scores[]{0, 1, 2, 3, 4};
    REQUIRE(ramp.add(scores));
  }
  const auto runs = ramp.draw(3, 300, stream);
  for (double m : *runs) CHECK((m == 1 || m == 2 || m == 3));  // consecutive units
}

TEST_CASE("sequence pool: sequences of unequal length", "[stats]") {
  sequence_pool pool;
  for (std::size_t length = 1; length <= 60; ++length) REQUIRE(pool.add(std::vector<double>(length, 0.5)));
  CHECK(pool.largest_batch() == 183);
  random_stream stream{seed{}, "unequal"};
  for (std::uint32_t n : {1u, 2u, 59u, 183u}) {
    const auto means = pool.draw(n, 50, stream);
    REQUIRE(means);
    for (double m : *means) CHECK(m == 0.5);
  }
  for (double m : pool.disjoint(100)) CHECK(m == 0.5);
  const auto moments = pool.sequence_moments();
  CHECK(moments->mean == 0.5);
  CHECK(moments->variance == 0);
}

TEST_CASE("sequence pool: batches beyond a tenth of the pool are refused", "[stats]") {
  random_stream stream{seed{}, "ratio"};
  sequence_pool pool = normal_pool(stream, 10, 20, 0), empty;
  CHECK(pool.largest_batch() == 20);
  CHECK(pool.draw(20, 5, stream));
  CHECK(pool.draw(21, 5, stream).error().code == errc::out_of_range);
  CHECK(pool.draw(0, 5, stream).error().code == errc::out_of_range);
  CHECK(empty.draw(1, 1, stream).error().code == errc::out_of_range);
  CHECK(pool.add({}).error().code == errc::empty);
  const double bad[]{std::numeric_limits<double>::quiet_NaN()};
  CHECK(pool.add(bad).error().code == errc::non_finite);
  CHECK(pool.sequence_count() == 10);
  CHECK(sequence_pool{}.sequence_moments().error().code == errc::insufficient_data);
}

TEST_CASE("sequence pool: disjoint batches use every sequence once", "[stats]") {
  sequence_pool pool;
  for (int i = 0; i < 7; ++i) {
    const double scores[]{static_cast<double>(i), static_cast<double>(i)};
    REQUIRE(pool.add(scores));
  }
  CHECK(pool.disjoint(2) == std::vector<double>{0, 1, 2, 3, 4, 5, 6});
  CHECK(pool.disjoint(4) == std::vector<double>{0.5, 2.5, 4.5});
  CHECK(pool.disjoint(3) == std::vector<double>{1.0 / 3, 7.0 / 3, 13.0 / 3});  // the cut sequence is not used again
}

TEST_CASE("sequence pool: a resampled pool keeps groups; a copy does not change with its original", "[stats]") {
  random_stream stream{seed{}, "resample"};
  sequence_pool pool = normal_pool(stream, 50, 4, 0);
  const sequence_pool copy = pool;
  REQUIRE(pool.add(std::vector<double>(4, 100.0), 3));
  CHECK(copy.sequence_count() == 50);
  CHECK(pool.group_count() == 2);
  // The bootstrap's spread of the mean is that of sequences.
  std::vector<double> means;
  for (int i = 0; i < 300; ++i) {
    sequence_pool again = copy.resampled(stream);
    double sum = 0;
    for (double m : again.disjoint(4)) sum += m;
    means.push_back(sum / 50);
  }
  const auto moments = copy.sequence_moments();
  CHECK(*stats::variance(means) == Approx(moments->variance / 50).epsilon(0.25));
}

TEST_CASE("separation: d' and the AUC that it implies", "[stats]") {
  random_stream stream{seed{}, "d-prime"};
  std::vector<double> n(40000), p(40000);
  for (double& x : n) x = stream.normal();
  for (double& x : p) x = 1.5 + 2 * stream.normal();
  const auto d = stats::d_prime(n, p);
  REQUIRE(d);
  CHECK(*d == Approx(1.5 / std::sqrt(2.5)).epsilon(0.03));
  CHECK(stats::normal_auc(*d) == Approx(*stats::auc(n, p)).epsilon(0.01));
  CHECK(stats::normal_auc(0) == Approx(0.5));
  CHECK(*stats::d_prime(p, n) == -*d);
  const std::vector<double> same(3, 1.0);
  CHECK(stats::d_prime(same, same).error().code == errc::insufficient_data);
  CHECK(stats::d_prime(same, {}).error().code == errc::insufficient_data);
}

TEST_CASE("tokens needed: as the normal law says, for independent scores", "[stats]") {
  // AUC of means of n: Phi(shift sqrt(n / 2)) = .999 at n = 2 (3.0902 / shift)^2: 19.1 for a shift of 1.
  random_stream stream{seed{}, "needed"};
  const sequence_pool honest = normal_pool(stream, 400, 20, 0), cheat = normal_pool(stream, 400, 20, 1);
  const auto needed = stats::units_to_auc(honest, cheat, 0.999, honest.largest_batch(), 4000, stream);
  REQUIRE((needed && *needed));
  CHECK(**needed >= 15);
  CHECK(**needed <= 22);
  const auto guess = stats::extrapolated_units(*honest.sequence_moments(), *cheat.sequence_moments(), 20);
  REQUIRE(guess);
  CHECK(*guess == Approx(19.1).epsilon(0.15));
  // TPR .99 at FPR .01: shift sqrt(n) = 2 * 2.326, n = 21.6.
  const auto power = stats::units_to_tpr(honest, cheat, 0.01, 0.99, honest.largest_batch(), 4000, stream);
  REQUIRE((power && *power));
  CHECK(**power >= 17);
  CHECK(**power <= 30);
}

TEST_CASE("tokens needed: correlation inside sequences costs tokens", "[stats]") {
  random_stream stream{seed{}, "correlated"};
  const sequence_pool honest = normal_pool(stream, 800, 20, 0, 0.7), cheat = normal_pool(stream, 800, 20, 1, 0.7);
  const auto needed = stats::units_to_auc(honest, cheat, 0.999, honest.largest_batch(), 2000, stream);
  REQUIRE((needed && *needed));
  CHECK(**needed > 100);
}

TEST_CASE("tokens needed: nothing is found where nothing differs", "[stats]") {
  random_stream stream{seed{}, "null"};
  const sequence_pool a = normal_pool(stream, 100, 20, 0), b = normal_pool(stream, 100, 20, 0);
  CHECK(!*stats::units_to_auc(a, b, 0.999, a.largest_batch(), 500, stream));
  CHECK(!*stats::units_to_tpr(a, b, 0.01, 0.9, a.largest_batch(), 500, stream));
  const auto before = *a.sequence_moments(), after = *b.sequence_moments();
  CHECK(std::abs(stats::shift_between(before, after).z) < 4);
  CHECK(!stats::extrapolated_units(before, after, 20));
  CHECK(stats::units_to_auc(a, b, 0.999, 10 * a.largest_batch(), 500, stream).error().code == errc::out_of_range);
}

TEST_CASE("tokens needed: sizes, and one lucky size does not count", "[stats]") {
  CHECK(stats::batch_sizes(12) == std::vector<std::uint32_t>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  CHECK(stats::batch_sizes(0).empty());
  CHECK(stats::batch_sizes(250).back() == 250);
  const auto lucky = stats::smallest_batch(20, [](std::uint32_t n) -> result<bool> { return n == 5 || n >= 9; });
  CHECK(**lucky == 9);
  const auto last = stats::smallest_batch(10, [](std::uint32_t n) -> result<bool> { return n == 10; });
  CHECK(!*last);
}
