// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/layers/significance.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace assay;

namespace {
using metrics = std::vector<layer_metric>;
}

TEST_CASE("significance: by hand", "[layers]") {
  // Shares .7, 1, 1.3 of equal layers have mean 1: ratios .49, .7, .91.
  const auto s = significance(metrics{{2, 10}, {3, 10}, {4, 10}}).value();
  CHECK(s[0] == Approx(0.51).epsilon(1e-14));
  CHECK(s[1] == Approx(0.30).epsilon(1e-14));
  CHECK(s[2] == Approx(0.09).epsilon(1e-14));
  // Weights count: (.7 * 30 + 1.3 * 10) / 40 = .85, scaled to .7.
  const auto w = significance(metrics{{2, 30}, {4, 10}}).value();
  CHECK(w[0] == Approx(1 - 0.7 * 0.7 / 0.85).epsilon(1e-14));
  CHECK(w[1] == 0);  // 1.3 * .7 / .85 > 1 is cut
}

TEST_CASE("significance: heavier tails score higher, and the mean is kept", "[layers]") {
  const metrics layers{{3.1, 7}, {2.2, 9}, {5.0, 4}, {2.9, 20}, {3.1, 1}};
  const auto s = significance(layers, {0.6, 0.2}).value();
  double kept = 0, all = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    kept += s[i] * static_cast<double>(layers[i].parameters), all += static_cast<double>(layers[i].parameters);
    for (std::size_t j = 0; j < layers.size(); ++j)
      if (layers[i].alpha < layers[j].alpha) CHECK(s[i] > s[j]);
  }
  CHECK(kept / all == Approx(0.4).epsilon(1e-12));
  CHECK(s[0] == s[4]);
}

TEST_CASE("significance: the experiments' settings leave layers without any score", "[layers]") {
  const metrics layers{{2, 1}, {3, 1}, {4, 1}, {5, 1}, {6, 1}};
  const auto s = significance(layers, {0.85, 0.9}).value();
  CHECK(s[4] == 0);
  CHECK(s[3] == 0);
  CHECK(s[0] > 0.9);
  const auto milder = significance(layers).value();
  CHECK(milder[4] > 0);
}

TEST_CASE("significance: degenerate inputs", "[layers]") {
  const double most = std::numeric_limits<double>::max();
  const auto equal = significance(metrics{{2.5, 3}, {2.5, 8}}).value();
  for (const double x : equal) CHECK(x == Approx(0.3).epsilon(1e-14));
  CHECK(significance(metrics{{2.5, 3}})->front() == Approx(0.3).epsilon(1e-14));
  const auto extreme = significance(metrics{{-most, 1}, {most, 1}}).value();
  CHECK(extreme[0] == Approx(0.51).epsilon(1e-14));
  const auto code = [](const metrics& m, significance_settings s = {}) { return significance(m, s).error().code; };
  CHECK(code({}) == errc::empty);
  CHECK(code({{std::nan(""), 1}}) == errc::non_finite);
  CHECK(code({{2, 1}, {3, 0}}) == errc::out_of_range);
  CHECK(significance(metrics{{2, 1}, {3, 0}}).error().where == 1);
  CHECK(code({{2, 1}}, {0, 0.3}) == errc::out_of_range);
  CHECK(code({{2, 1}}, {1, 0.3}) == errc::out_of_range);
  CHECK(code({{2, 1}}, {0.7, 1}) == errc::out_of_range);
  CHECK(code({{2, 1}}, {0.7, std::nan("")}) == errc::out_of_range);
  CHECK(block_alpha(std::vector<double>{2, 3, 7}).value() == 4);
  CHECK(block_alpha({}).error().code == errc::empty);
  CHECK(block_alpha(std::vector<double>{2, std::nan("")}).error().where == 1);
}
