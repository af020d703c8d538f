// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/stats/roc.hpp>

#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("roc: golden AUC and standardised partial AUC", "[stats]") {
  std::ifstream in(std::filesystem::path(__FILE__).parent_path() / "../../vectors/difr.json");
  const nlohmann::json cases = nlohmann::json::parse(in).at("auc");
  REQUIRE(cases.size() == 2);
  for (const auto& c : cases) {
    const auto n = c.at("negatives").get<std::vector<double>>(), p = c.at("positives").get<std::vector<double>>();
    CHECK(*stats::auc(n, p) == Approx(c.at("auc").get<double>()).epsilon(1e-12));
    for (const auto& at : c.at("partial"))
      CHECK(*stats::partial_auc(n, p, at[0].get<double>()) == Approx(at[1].get<double>()).epsilon(1e-10));
    if (!c.contains("tpr_99")) continue;
    const auto point = stats::tpr_at_fpr(n, p, 0.01);
    REQUIRE(point);
    CHECK(point->threshold == Approx(c.at("threshold_99").get<double>()).epsilon(1e-12));
    CHECK(point->true_positive_rate == Approx(c.at("tpr_99").get<double>()).epsilon(1e-12));
  }
}

TEST_CASE("roc: ties count half; all equal is chance; a tie with the threshold is no alarm", "[stats]") {
  const std::vector<double> zeros(10, 0.0), ones(5, 1.0);
  CHECK(*stats::auc(zeros, zeros) == 0.5);
  CHECK(*stats::auc(zeros, ones) == 1);
  CHECK(*stats::auc(ones, zeros) == 0);
  CHECK(*stats::partial_auc(zeros, ones, 0.01) == 1);
  CHECK(stats::tpr_at_fpr(zeros, zeros, 0.05)->true_positive_rate == 0);
  const auto curve = stats::roc_curve(zeros, ones);
  CHECK(curve->front().false_positive_rate == 0);
  CHECK(curve->back().true_positive_rate == 1);
}

TEST_CASE("roc: errors", "[stats]") {
  const std::vector<double> one{1}, bad{std::numeric_limits<double>::quiet_NaN()};
  CHECK(stats::auc({}, one).error().code == errc::insufficient_data);
  CHECK(stats::auc(one, bad).error().code == errc::non_finite);
  CHECK(stats::partial_auc(one, one, 0).error().code == errc::out_of_range);
  CHECK(stats::tpr_at_fpr(one, one, 2).error().code == errc::out_of_range);
}
