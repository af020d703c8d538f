// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cmath>
#include <cstdio>
#include <fstream>

#include <assay/core/endian.hpp>
#include <assay/stats/quantile.hpp>

#include "study.hpp"

namespace study {

assay::random_stream stream_of(const options& chosen, std::string_view purpose, std::uint64_t index) {
  assay::seed from;
  assay::store_le(from.bytes.data(), chosen.seed);
  assay::store_le(from.bytes.data() + 8, index);
  return assay::random_stream{from, purpose};
}

row share_row(std::string part, std::string world, std::string test, double alpha, std::uint64_t count,
              std::uint64_t of) {
  const auto limits = of == 0 ? assay::stats::interval{} : assay::stats::clopper_pearson(count, of, 0.95).value();
  const double share = of == 0 ? 0 : static_cast<double>(count) / static_cast<double>(of);
  return {std::move(part), std::move(world), std::move(test), alpha, 0, "share", share, limits.low, limits.high, of};
}

row mean_row(const std::vector<double>& a) {
  const double mean = assay::stats::mean(a).value();
  const double error = 1.96 * std::sqrt(assay::stats::variance(a).value() / static_cast<double>(a.size()));
  row r;
  r.value = mean, r.low = mean - error, r.high = mean + error, r.n = a.size();
  return r;
}

row ratio_row(const std::vector<double>& a, const std::vector<double>& b) {
  const double base = assay::stats::mean(b).value(), ratio = assay::stats::mean(a).value() / base;
  std::vector<double> left;
  for (std::size_t i = 0; i < a.size(); ++i) left.push_back((a[i] - ratio * b[i]) / base);
  row r = mean_row(left);
  r.low += ratio - r.value, r.high += ratio - r.value, r.value = ratio;
  return r;
}

void print(const std::vector<row>& rows) {
  std::string heading;
  for (const row& r : rows) {
    char title[160];
    std::snprintf(title, sizeof title, "%s: %s, alpha %.3g%s", r.part.c_str(), r.world.c_str(), r.alpha,
                  r.effect == 0 ? "" : (", effect " + std::to_string(r.effect)).c_str());
    if (title != heading) std::printf("\n%s\n", title);
    heading = title;
    std::printf("  %-28s %-32s %10.4f [%.4f, %.4f] of %llu\n", r.test.c_str(), r.quantity.c_str(), r.value, r.low,
                r.high, static_cast<unsigned long long>(r.n));
  }
}

void write_csv(const std::vector<row>& rows, const std::string& file) {
  std::ofstream out{file};
  out << "part,world,test,alpha,effect,quantity,value,low,high,n\n";
  out.precision(8);
  for (const row& r : rows)
    out << r.part << ",\"" << r.world << "\",\"" << r.test << "\"," << r.alpha << ',' << r.effect << ",\"" << r.quantity
        << "\"," << r.value << ',' << r.low << ',' << r.high << ',' << r.n << '\n';
}

}  // namespace study
