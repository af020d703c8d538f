// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/verifier.hpp>

#include <cmath>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

TEST_CASE("verifier: how many more requests a reject is likely to take", "[protocol]") {
  const run_description run = toy_run();
  const toy_engine reference{toy_settings{1, 2, 0.01}};
  verification_policy policy;
  policy.opened = {4, 3}, policy.minimum_tokens = 8, policy.request_alpha = 0.0101;
  std::uint64_t next = 0;
  const auto examine = [&](double noise) {
    const request asked = toy_request(next++, 6, 8);
    return inspect(policy, run, asked, must(serve(toy_engine{toy_settings{1, 7, noise}}, run, asked)), reference, 0, next);
  };
  calibrator fit{run, policy.opened};
  for (int i = 0; i < 200; ++i) fit.add(examine(0.01).evidence());
  verifier v = must(verifier::make(policy, must(fit.fit())));
  CHECK(std::isinf(v.to_reject().likely));  // nothing seen, nothing foreseen
  stats::forecast foreseen;
  int requests = 0, at_forecast = 0;
  while (v.e_value() < v.session_threshold() && requests < 300) {
    static_cast<void>(v.conclude(examine(0.02)));
    if (++requests >= 8 && at_forecast == 0 && std::isfinite(v.to_reject().likely)) foreseen = v.to_reject(), at_forecast = requests;
  }
  REQUIRE(requests < 300);
  CHECK(v.to_reject().high == 0);
  REQUIRE(at_forecast != 0);
  CHECK(foreseen.low >= 1);
  CHECK(foreseen.low <= foreseen.likely);
  CHECK(foreseen.likely <= foreseen.high);
}
