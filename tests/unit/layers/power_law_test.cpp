// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/layers/power_law.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

/// Values with p(x) ~ x^-alpha from `least` on, at the quantiles (i + 1/2) / n.
std::vector<double> pareto(double alpha, double least, int n) {
  std::vector<double> out;
  for (int i = 0; i < n; ++i) out.push_back(least * std::pow(1 - (i + 0.5) / n, -1 / (alpha - 1)));
  return out;
}

spectrum of(std::vector<double> values) { return spectrum::of(std::move(values)).value(); }

}  // namespace

TEST_CASE("power law: a spectrum is sorted and freed of zeros", "[layers]") {
  const spectrum s = of({3, 1e-15, 0, 2, -1e-16, 1});
  CHECK(std::vector<double>(s.values().begin(), s.values().end()) == std::vector<double>{1, 2, 3});
  CHECK(s.zeros() == 3);
  CHECK(of({5}).values().size() == 1);
  const auto code = [](std::vector<double> v, double floor = 1e-12) {
    return spectrum::of(std::move(v), floor).error().code;
  };
  CHECK(code({}) == errc::empty);
  CHECK(code({0, 0}) == errc::insufficient_data);
  CHECK(code({1, std::nan("")}) == errc::non_finite);
  CHECK(code({1, std::numeric_limits<double>::infinity()}) == errc::non_finite);
  CHECK(code({1, -1e-3}) == errc::out_of_range);
  CHECK(code({-1, -2}) == errc::out_of_range);
  CHECK(code({1, 2}, 1) == errc::out_of_range);
  CHECK(code({1, 2}, std::nan("")) == errc::out_of_range);
}

TEST_CASE("power law: the estimator by hand", "[layers]") {
  // Tail of {1, 2, 4, 8} from the median on: {4, 8}; alpha = 1 + 2 / (ln 8 - ln 4).
  const auto fit = alpha_mid(of({8, 1, 4, 2}));
  REQUIRE(fit);
  CHECK(fit->tail == 2);
  CHECK(fit->least == Approx(4).epsilon(1e-14));
  CHECK(fit->alpha == Approx(1 + 2 / std::log(2.0)).epsilon(1e-14));
  // F(4) = 0 against 0, F(8) = 1 - 2^(1 - alpha) = 1 - e^-2 against 1/2.
  CHECK(fit->distance == Approx(1 - std::exp(-2.0) - 0.5).epsilon(1e-13));
  CHECK(alpha_mid(of({1, 2, 4}))->tail == 2);  // index 3 / 2 = 1
}

TEST_CASE("power law: both fits recover a known exponent", "[layers]") {
  for (const double alpha : {1.8, 2.5, 4.0}) {
    const spectrum s = of(pareto(alpha, 0.3, 2000));
    const auto mid = alpha_mid(s), peak = alpha_peak(s);
    REQUIRE(mid);
    REQUIRE(peak);
    CHECK(mid->alpha == Approx(alpha).epsilon(0.01));
    CHECK(mid->tail == 1000);
    CHECK(peak->alpha == Approx(alpha).epsilon(0.02));
    CHECK(peak->distance < 0.01);
    CHECK(peak->least < 0.3 * 1.5);
  }
}

TEST_CASE("power law: the peak search finds where the tail begins", "[layers]") {
  // A bulk below, a power law above: the fullest bin is where the tail begins.
  std::vector<double> values = pareto(3, 1, 1000);
  for (int i = 0; i < 300; ++i) values.push_back(0.001 * std::pow(1000, i / 300.0));
  const auto fit = alpha_peak(of(values));
  REQUIRE(fit);
  CHECK(fit->alpha == Approx(3).epsilon(0.03));
  CHECK(fit->least > 0.9);
  CHECK(fit->least < 1.5);
  // The median lies elsewhere, but still in the tail here.
  CHECK(alpha_mid(of(values))->alpha == Approx(3).epsilon(0.03));
}

TEST_CASE("power law: exponents do not depend on the matrix's scale", "[layers]") {
  random_stream random{seed{}, "spectra"};
  std::vector<double> values, scaled;
  for (int i = 0; i < 400; ++i) values.push_back(std::exp(random.normal()));
  for (const double v : values) scaled.push_back(v * 4096);
  CHECK(alpha_peak(of(values))->alpha == Approx(alpha_peak(of(scaled))->alpha).epsilon(1e-9));
  CHECK(alpha_mid(of(values))->alpha == Approx(alpha_mid(of(scaled))->alpha).epsilon(1e-12));
}

TEST_CASE("power law: upstream's bounds are another search", "[layers]") {
  // Below a peak of 1 the published bound is log10(.95) < 0: every smaller eigenvalue is a candidate.
  std::vector<double> values = pareto(3, 0.9, 200);
  for (int i = 0; i < 100; ++i) values.push_back(0.01 * std::pow(80, i / 100.0));
  const auto corrected = alpha_peak(of(values)), upstream = alpha_peak(of(values), peak_bounds::upstream);
  REQUIRE(corrected);
  REQUIRE(upstream);
  CHECK(upstream->distance <= corrected->distance);
  CHECK(corrected->least > 0.8);
  // With a peak of 100 the published bound is 1.98: eigenvalues from there on are candidates, not only those from 95 on.
  for (double& v : values) v *= 100;
  CHECK(alpha_peak(of(values), peak_bounds::upstream)->distance <= alpha_peak(of(values))->distance);
}

TEST_CASE("power law: no tail, no exponent", "[layers]") {
  CHECK(alpha_mid(of({2, 2, 2, 2})).error().code == errc::insufficient_data);
  CHECK(alpha_peak(of({2, 2, 2, 2})).error().code == errc::insufficient_data);
  CHECK(alpha_mid(of({1})).error().code == errc::insufficient_data);
  CHECK(alpha_peak(of({1})).error().code == errc::insufficient_data);
  CHECK(alpha_mid(of({1, 5, 5})).error().code == errc::insufficient_data);
  CHECK(alpha_mid(of({1, 2})).error().code == errc::insufficient_data);  // a tail of one
}
