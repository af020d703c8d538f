// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Do sequential tests keep their word, and how quick are they: all of docs/results/sequential_tests.md.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "study.hpp"

namespace {

struct part {
  const char* name;
  void (*run)(study::bench&);
  std::uint32_t steps;
};
constexpr part all_parts[] = {{"validity", study::run_validity, 9},
                              {"power", study::run_power, 10},
                              {"forecasts", study::run_forecasts, 3},
                              {"combination", study::run_combination, 7},
                              {"ledger", study::run_ledger, 1}};

/// The quick run is a test: tests that are valid in a world must look it, and the invalid ones must not.
bool plausible(const std::vector<study::row>& rows, double alpha) {
  bool fine = true;
  for (const study::row& r : rows) {
    const bool guaranteed =
        (r.part == "validity" && r.test.starts_with("betting") &&
         (r.world.find("/ request") != r.world.npos || r.world.find("independent") != r.world.npos)) ||
        (r.part == "combination" && r.test.starts_with("average")) || r.part == "ledger";
    if (guaranteed && r.quantity == "share" && r.low > r.alpha) {
      std::fprintf(stderr, "%s, %s: %.4f of honest audits alarm\n", r.world.c_str(), r.test.c_str(), r.value);
      fine = false;
    }
    if (r.test == "product (invalid)" && r.world.ends_with("dependence 1") && r.high < alpha) fine = false;
  }
  return fine;
}

void shorten(study::options& chosen) {
  chosen.audits = 400, chosen.requests = 40, chosen.tokens = 16, chosen.runs = 60, chosen.alpha = 0.05;
}

}  // namespace

int main(int argc, char** argv) {
  study::options chosen;
  bool quick = false;
  std::string csv_file;
  std::vector<std::string> parts;
  for (const part& each : all_parts) parts.emplace_back(each.name);
  CLI::App app{"assay sequential study: do sequential tests keep their false-alarm rate, and how quick are they"};
  app.add_flag("--quick", quick, "a few runs of everything, in seconds; sets all counts below");
  app.add_option("--seed", chosen.seed, "changes every draw")->capture_default_str();
  app.add_option("--parts", parts, "validity, power, forecasts, combination, ledger")
      ->delimiter(',')
      ->check(CLI::IsMember({"validity", "power", "forecasts", "combination", "ledger"}));
  app.add_option("--threads", chosen.threads, "threads")->capture_default_str()->check(CLI::Range(1, 256));
  app.add_option("--audits", chosen.audits, "honest audits per test and world")
      ->capture_default_str()
      ->check(CLI::Range(10, 10000000));
  app.add_option("--requests", chosen.requests, "requests per audit")
      ->capture_default_str()
      ->check(CLI::Range(10, 100000));
  app.add_option("--tokens", chosen.tokens, "tokens per request")->capture_default_str()->check(CLI::Range(2, 100000));
  app.add_option("--runs", chosen.runs, "dishonest runs per effect")
      ->capture_default_str()
      ->check(CLI::Range(10, 10000000));
  app.add_option("--alpha", chosen.alpha, "false-alarm rate")->capture_default_str()->check(CLI::Range(1e-6, 0.5));
  app.add_option("--csv", csv_file, "also write every figure as a tidy row");
  CLI11_PARSE(app, argc, argv);
  if (quick) shorten(chosen);

  std::uint32_t steps = 0;
  for (const part& each : all_parts) steps += std::ranges::count(parts, each.name) != 0 ? each.steps : 0;
  assay::thread_pool threads{chosen.threads - 1};
  demo::progress shown{steps};
  std::vector<study::row> rows;
  study::bench with{chosen, threads, shown, rows};
  for (const part& each : all_parts)
    if (std::ranges::count(parts, each.name) != 0) each.run(with);
  shown.finish();
  study::print(rows);
  if (!csv_file.empty()) study::write_csv(rows, csv_file);
  if (quick && !plausible(rows, chosen.alpha)) {
    std::fprintf(stderr, "the study contradicts what the tests guarantee\n");
    return 1;
  }
  return 0;
}
