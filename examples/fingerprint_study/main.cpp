// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which fingerprint sees which cheat, in how many tokens and bytes: the tables behind docs/results/fingerprints.md.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <string>

#include <assay/core/thread_pool.hpp>
#include <stopwatch.hpp>

#include "study.hpp"

namespace {

void add_count(CLI::App& app, const char* name, std::uint32_t& value, const char* meaning) {
  app.add_option(name, value, meaning)->capture_default_str()->check(CLI::Range(40u, 1000000u));
}

void declare(CLI::App& app, study::options& chosen, std::filesystem::path& folder) {
  app.add_flag("--quick", chosen.quick, "two cheats on small pools, in seconds; sets all counts below");
  app.add_option("--seed", chosen.seed, "changes every prompt, noise, projection and draw")->capture_default_str();
  app.add_option("--models", chosen.models, "folder with base/, small/, tokenizer.json and held_out.txt")
      ->capture_default_str();
  app.add_option("--threads", chosen.threads, "threads")->capture_default_str()->check(CLI::Range(1, 256));
  add_count(app, "--calibration", chosen.calibration, "honest requests for thresholds");
  add_count(app, "--evaluation", chosen.evaluation, "honest requests to compare with");
  add_count(app, "--cheat", chosen.cheat, "requests per cheat");
  app.add_option("--out", folder, "folder for the tables")->capture_default_str();
}

bool write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out{path, std::ios::binary};
  out << text;
  return static_cast<bool>(out.flush());
}

}  // namespace

int main(int argc, char** argv) {
  study::options chosen;
  chosen.models = ASSAY_STUDY_MODELS;
  chosen.cheat = 400, chosen.bootstraps = 100;
  std::filesystem::path folder = "fingerprints";
  CLI::App app{"assay fingerprint study: which fingerprint sees which cheat, in how many tokens and bytes"};
  declare(app, chosen, folder);
  CLI11_PARSE(app, argc, argv);
  if (chosen.quick) chosen.calibration = chosen.evaluation = chosen.cheat = 48, chosen.bootstraps = 20;

  std::string command = "assay_fingerprint_study";
  for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
  const demo::stopwatch watch;
  const auto found = study::run_study(chosen);
  if (!found) {
    std::fprintf(stderr, "the study stopped: %s (%s, at %llu)\n", found.error().message, name(found.error().code),
                 static_cast<unsigned long long>(found.error().where));
    return 2;
  }
  std::error_code made;
  std::filesystem::create_directories(folder, made);
  const auto tables = study::tables_of(chosen, *found, command, watch.seconds());
  if (!tables) {
    std::fprintf(stderr, "no tables: %s\n", tables.error().message);
    return 2;
  }
  for (const auto& [name, text] : *tables)
    if (!write(folder / name, text)) {
      std::fprintf(stderr, "cannot write %s\n", (folder / name).c_str());
      return 2;
    }
  study::print(*found);
  if (chosen.quick && !study::plausible(*found)) {
    std::fprintf(stderr, "the study misses what cannot be missed, or sees what is not there\n");
    return 1;
  }
  return 0;
}
