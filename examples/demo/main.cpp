// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The whole promise on a real, trained model: honest providers pass, dishonest ones are caught, a report shows it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <string>

#include "campaign.hpp"
#include "results.hpp"
#include "stopwatch.hpp"

int main(int argc, char** argv) {
  (void)demo::ticks_per_microsecond();  // measured before anything else runs
  demo::options chosen;
  chosen.models = ASSAY_DEMO_MODELS;
  std::string report = "report.html", json_file;
  CLI::App app{"assay demo: providers generate text and leave receipts, a verifier audits them"};
  app.add_option("--seed", chosen.seed, "changes every prompt, nonce, noise and challenge")->capture_default_str();
  app.add_option("--models", chosen.models, "folder with base/, small/, tokenizer.json and held_out.txt")->capture_default_str();
  app.add_option("--calibration", chosen.calibration_requests, "honest requests to calibrate on")->capture_default_str()->check(CLI::Range(16, 100000));
  app.add_option("--fresh", chosen.fresh_requests, "fresh honest requests that measure false alarms")->capture_default_str()->check(CLI::Range(1, 100000));
  app.add_option("--requests", chosen.provider_requests, "most requests that a dishonest provider is given")->capture_default_str()->check(CLI::Range(1, 100000));
  app.add_option("--tokens", chosen.output_tokens, "output tokens per request")->capture_default_str()->check(CLI::Range(2, 192));
  app.add_option("--threads", chosen.threads, "threads")->capture_default_str()->check(CLI::Range(1, 256));
  app.add_option("--activations", chosen.activations, "promised precision of activations")->capture_default_str()->check(CLI::IsMember({"bf16", "f32"}));
  app.add_option("--request-alpha", chosen.request_alpha, "bound on false alarms per request")->capture_default_str();
  app.add_option("--session-alpha", chosen.session_alpha, "bound on false alarms per session")->capture_default_str();
  app.add_option("--positions", chosen.positions_opened, "positions whose fingerprints are opened per request")->capture_default_str();
  app.add_option("--final-rows", chosen.final_rows_opened, "final rows opened per request")->capture_default_str();
  app.add_option("--recheck", chosen.recheck_requests, "honest requests to calibrate the verifier of single blocks on; 0 leaves it out")->capture_default_str()->check(CLI::Range(0, 100000));
  app.add_option("--blocks", chosen.blocks_rechecked, "blocks that this verifier recomputes per request")->capture_default_str()->check(CLI::Range(1, 4));
  app.add_option("--report", report, "the page to write")->capture_default_str();
  app.add_option("--json", json_file, "also write the results as JSON");
  CLI11_PARSE(app, argc, argv);

  std::string command = "assay_demo";
  for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
  const demo::stopwatch watch;
  const auto with = demo::prepare(chosen);
  if (!with) {
    std::fprintf(stderr, "the demo cannot start: %s (%s)\n", with.error().message, name(with.error().code));
    return 2;
  }
  const auto found = demo::run_campaign(*with);
  if (!found) {
    std::fprintf(stderr, "the demo stopped: %s (%s, at %llu)\n", found.error().message, name(found.error().code), static_cast<unsigned long long>(found.error().where));
    return 2;
  }
  const auto results = demo::to_json(*with, *found, command, watch.seconds());
  demo::print(results);
  if (!json_file.empty()) std::ofstream{json_file} << results.dump(2) << '\n';
  if (!demo::write_report(report, results)) {
    std::fprintf(stderr, "cannot write %s\n", report.c_str());
    return 2;
  }
  std::printf("\n%s written after %.0f s; open it in a browser\n", report.c_str(), watch.seconds());
  return 0;
}
