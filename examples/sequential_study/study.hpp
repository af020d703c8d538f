// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What every part of the study shares: settings, seeds, and one tidy row per figure.
#ifndef ASSAY_SEQUENTIAL_STUDY_STUDY_HPP
#define ASSAY_SEQUENTIAL_STUDY_STUDY_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <progress.hpp>

#include <assay/core/thread_pool.hpp>
#include <assay/random/stream.hpp>
#include <assay/stats/binomial.hpp>

namespace study {

struct options {
  std::uint64_t seed = 1;
  std::uint32_t threads = 2;
  std::uint32_t audits = 10000;  ///< honest ones per test and world
  std::uint32_t requests = 100;  ///< per audit
  std::uint32_t tokens = 32;     ///< per request
  std::uint32_t runs = 4000;     ///< dishonest ones per shift
  double alpha = 0.01;           ///< of the validity, combination and ledger parts
};

/// One figure: false alarms as a share with its exact interval, or a mean with its normal one.
struct row {
  std::string part, world, test;
  double alpha = 0;
  double effect = 0;  ///< shift in standard deviations, or a cheat's factor
  std::string quantity;
  double value = 0, low = 0, high = 0;
  std::uint64_t n = 0;
};

/// What a part works with.
struct bench {
  const options& chosen;
  assay::thread_pool& threads;
  demo::progress& shown;
  std::vector<row>& rows;
};

/// The stream from which everything random of one purpose and index follows.
assay::random_stream stream_of(const options& chosen, std::string_view purpose, std::uint64_t index);

/// A share with its 95 % Clopper-Pearson interval.
row share_row(std::string part, std::string world, std::string test, double alpha, std::uint64_t count,
              std::uint64_t of);

/// The mean of a over the mean of b, paired, with its 95 % interval by the delta method.
row ratio_row(const std::vector<double>& a, const std::vector<double>& b);
/// A mean with its 95 % interval.
row mean_row(const std::vector<double>& a);

void run_validity(bench& with);
void run_power(bench& with);
void run_forecasts(bench& with);
void run_combination(bench& with);
void run_ledger(bench& with);

void print(const std::vector<row>& rows);
void write_csv(const std::vector<row>& rows, const std::string& file);

}  // namespace study

#endif
