// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <limits>
#include <vector>

#include <assay/fingerprint/step_fit.hpp>
#include <assay/random/stream.hpp>

using assay::dtype;
using assay::errc;

TEST_CASE("step_fit: the quantile of the magnitudes gets the largest code", "[fingerprint]") {
  assay::step_fit fit;
  for (int i = 1; i <= 100; ++i) REQUIRE(fit.add(std::vector<float>{static_cast<float>(i % 2 == 0 ? i : -i)}));
  CHECK(*fit.step(dtype::i8, 0.9) == 90.0f / 127);
  CHECK(*fit.step(dtype::i4, 0.9) == 90.0f / 7);
  CHECK(*fit.step(dtype::i16, 1) == 100.0f / 32767);
  CHECK(fit.share_beyond({dtype::i4, *fit.step(dtype::i4, 0.9)}) == Approx(0.04));  // from 96.4 on: 7.5 steps
  CHECK(fit.share_beyond({dtype::i4, 90.0f / 7.4999f}) == Approx(0.1));
}

TEST_CASE("step_fit: of rows it has not seen, the promised share is within the range", "[fingerprint]") {
  assay::random_stream stream{assay::seed{}, "step-fit-test"};
  const auto sketches = [&](std::size_t count) {
    std::vector<float> all(count);
    for (float& x : all) x = static_cast<float>(3 * stream.normal());
    return all;
  };
  assay::step_fit fit, fresh;
  REQUIRE(fit.add(sketches(20000)));
  REQUIRE(fresh.add(sketches(20000)));
  for (const double quantile : {0.5, 0.9, 0.99}) {
    const float step = *fit.step(dtype::i8, quantile);
    CHECK(1 - fresh.share_beyond({dtype::i8, step}) == Approx(quantile).margin(0.02));
  }
  CHECK(*fit.step(dtype::i8, 0.6827) == Approx(3.0 / 127).epsilon(0.03));  // one standard deviation
}

TEST_CASE("step_fit: refuses what it cannot fit", "[fingerprint]") {
  assay::step_fit fit;
  CHECK(fit.step(dtype::i8, 1).error().code == errc::insufficient_data);
  CHECK(fit.add(std::vector<float>{1, std::numeric_limits<float>::quiet_NaN()}).error().code == errc::non_finite);
  CHECK(fit.size() == 0);
  REQUIRE(fit.add(std::vector<float>(10, 0.0f)));
  CHECK(fit.step(dtype::i8, 0.9).error().code == errc::out_of_range);  // all zero: any step would do
  const auto few = fit.step(dtype::i8, 0.999);
  CHECK(few.error().code == errc::insufficient_data);
  CHECK(few.error().where >= 1000);
  CHECK(few.error().where <= 1001);
  CHECK(fit.step(dtype::f32, 0.5).error().code == errc::unsupported);
  CHECK(fit.step(dtype::i8, 0).error().code == errc::out_of_range);
  CHECK(fit.step(dtype::i8, 1.5).error().code == errc::out_of_range);
  CHECK(fit.step(dtype::i8, std::numeric_limits<double>::quiet_NaN()).error().code == errc::out_of_range);
}
