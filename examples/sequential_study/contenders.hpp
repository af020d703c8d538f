// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sequential tests that are compared, behind one face.
#ifndef ASSAY_SEQUENTIAL_STUDY_CONTENDERS_HPP
#define ASSAY_SEQUENTIAL_STUDY_CONTENDERS_HPP

#include <string>
#include <variant>
#include <vector>

#include <assay/stats/betting.hpp>
#include <assay/stats/mixture.hpp>
#include <assay/stats/sprt.hpp>

#include "scores.hpp"

namespace study {

/// The published mixture e-value in its one-sided form.
class published_mixture {
 public:
  explicit published_mixture(double scale) : scale_(scale) {}
  assay::result<void> update(double z);
  [[nodiscard]] double log_peak() const { return peak_; }

 private:
  double scale_, n_ = 0, sum_ = 0, peak_ = 0;
};

/// One bet that follows the data: (mean - mu0) / (variance + (mean - mu0)^2) of the past, between 0 and 3/4 of the largest.
/// For comparison only (aGRAPA of Waudby-Smith and Ramdas).
class plug_in_bet {
 public:
  explicit plug_in_bet(double honest_mean) : honest_(honest_mean) {}
  assay::result<void> update(double x);
  [[nodiscard]] double log_peak() const { return peak_; }

 private:
  double honest_, n_ = 0, sum_ = 0, squares_ = 0, log_wealth_ = 0, peak_ = 0;
};

/// A test with its name. Feeds on z or on x, whichever it is made for.
class contender {
 public:
  using any_test = std::variant<assay::stats::gaussian_sprt, assay::stats::shift_mixture, assay::stats::normal_mixture,
                                published_mixture, assay::stats::betting_martingale, plug_in_bet>;

  contender(std::string name, any_test test) : name_(std::move(name)), test_(std::move(test)) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  void update(const score& s);
  [[nodiscard]] double log_peak() const;

 private:
  std::string name_;
  any_test test_;
};

contender sprt_for(std::string name, double shift);
contender shifts_between(double least, double most);
contender bets_between(const scale& fitted, double least, double most);
contender default_bets(const scale& fitted);

/// The tests of the validity part; those that aim, aim at shifts about `target`.
std::vector<contender> validity_contenders(const scale& fitted, double target);

}  // namespace study

#endif
