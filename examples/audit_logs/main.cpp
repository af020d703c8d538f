// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// assay_audit_logs: do a provider's tokens fit the model and the sampler that it promised? From two log files.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "inputs.hpp"
#include "report.hpp"
#include "scoring.hpp"

namespace {

using namespace audit_logs;

const std::map<std::string, sampler> profiles{
    {"greedy", sampler::greedy},           {"assay", sampler::assay},
    {"torch-cuda", sampler::torch_cuda},   {"torch-cuda-double", sampler::torch_cuda_double},
    {"torch-cpu", sampler::torch_cpu},     {"vllm-triton", sampler::vllm_triton},
    {"vllm-triton-log", sampler::vllm_triton_log}, {"sglang", sampler::sglang},
    {"llama-dist", sampler::llama_dist}};
const std::map<std::string, assay::filter_rule> rules{{"vllm-sort", assay::filter_rule::vllm_sort},
                                                      {"vllm-triton", assay::filter_rule::vllm_triton},
                                                      {"sglang", assay::filter_rule::sglang},
                                                      {"llama-cpp", assay::filter_rule::llama_cpp}};
const std::map<std::string, seed_rule> seed_rules{
    {"fixed", seed_rule::fixed}, {"logged", seed_rule::logged}, {"per-request", seed_rule::per_request}};
const std::map<std::string, std::uint32_t> grids{
    {"t4", 160},       {"l4", 348},    {"a10", 432},  {"a10g", 480},      {"rtx-3090", 492}, {"v100", 640}, {"rtx-4090", 768},
    {"l40s", 852},     {"a100", 864},  {"h100-pcie", 912}, {"h100-sxm", 1056}, {"h200", 1056},    {"b200", 1184}};

template <class Map>
CLI::IsMember names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return CLI::IsMember(names);
}

struct command_line {
  std::string profile, filters, seeds = "fixed", grid;
  std::string claims, reference, honest_claims, honest_reference, token_map, json_file;
  sampling_options how;
  input_options inputs;
  std::optional<double> cap;
  double alpha = 0.02;
  std::size_t rows = 20;
};

int stop(const std::string& file, const assay::error& why) {
  std::fprintf(stderr, "%s: %s (%s, at %llu)\n", file.c_str(), why.message, assay::name(why.code),
               static_cast<unsigned long long>(why.where));
  return 2;
}

/// Scores every claim of a pair of files; an error has been reported.
std::optional<std::vector<scored_request>> score_files(const command_line& c, const std::string& claims_file,
                                                       const std::string& reference) {
  const auto claims = read_claims(claims_file, c.inputs);
  if (!claims) return stop(claims_file, claims.error()), std::nullopt;
  std::vector<scored_request> scored;
  std::optional<assay::error> at_token;
  const auto done = pair_with_reference(*claims, reference, c.inputs,
                                        [&](std::size_t number, const claim& each, const aligned_rows& rows) -> assay::result<void> {
                                          auto request = score_request(number, each, rows, c.how);
                                          if (!request) {
                                            at_token = request.error();
                                            return request.error();
                                          }
                                          scored.push_back(std::move(*request));
                                          return {};
                                        });
  if (at_token) {
    std::fprintf(stderr, "%s: request %zu, token %llu: %s (%s)\n", reference.c_str(), scored.size() + 1,
                 static_cast<unsigned long long>(at_token->where), at_token->message, assay::name(at_token->code));
    return std::nullopt;
  }
  if (!done) return stop(reference, done.error()), std::nullopt;
  return scored;
}

void add_options(CLI::App& app, command_line& c) {
  app.add_option("--claims", c.claims, "log with the provider's tokens; - is standard input")->required();
  app.add_option("--reference", c.reference, "log of the verifier's own run, with rows of candidates")->required();
  app.add_option("--profile", c.profile, "noise of the promised sampler")->required()->check(names_of(profiles));
  app.add_option("--filters", c.filters, "filters of the promised sampler; by default the profile's")->check(names_of(rules));
  app.add_option("--vocabulary", c.how.vocabulary, "length of the model's rows of logits");
  app.add_option("--gpu-grid", c.grid, "the provider's GPU, as h100-sxm, or multiprocessors x (threads of each / 256) as a number");
  app.add_option("--temperature", c.how.temperature, "otherwise as logged with the claims");
  app.add_option("--top-k", c.how.top_k, "0: off");
  app.add_option("--top-p", c.how.top_p, "1: off");
  app.add_option("--min-p", c.how.min_p, "0: off");
  app.add_option("--seed", c.how.seed, "seed of every request, unless --seed-rule says otherwise");
  app.add_option("--seed-rule", c.seeds, "fixed: the same for all; per-request: plus the request's number, from 0; logged: as in the claims. The index of a choice is added, as vLLM does")
      ->capture_default_str()
      ->check(names_of(seed_rules));
  app.add_option("--calibration-claims", c.honest_claims, "the same of runs known to be honest");
  app.add_option("--calibration-reference", c.honest_reference, "their reference");
  app.add_option("--alpha", c.alpha, "bound on false alarms: half for single requests, half for the session")->capture_default_str()->check(CLI::Range(1e-6, 0.5));
  app.add_option("--cap", c.cap, "cut margins here; by default at a quantile of the calibration's, or at 0.5")->check(CLI::PositiveNumber);
  app.add_flag("--one-record-per-token", c.inputs.one_record_per_token, "each record of the reference predicts the next token of a claim (llama.cpp)");
  app.add_option("--token-map", c.token_map, "JSON object from token texts to ids, for logs without ids");
  app.add_option("--most-record-bytes", c.inputs.limits.record_bytes, "longest line or document")->capture_default_str();
  app.add_option("--rows", c.rows, "requests to show; the largest margins if there are more")->capture_default_str();
  app.add_option("--json", c.json_file, "also write the result as JSON");
}

/// Turns names into what they stand for. @return false for an unknown GPU
bool resolve_names(command_line& c) {
  c.how.profile = profiles.at(c.profile);
  c.how.seeds = seed_rules.at(c.seeds);
  if (!c.filters.empty()) c.how.filters = rules.at(c.filters);
  if (c.grid.empty()) return true;
  if (const auto known = grids.find(c.grid); known != grids.end()) {
    c.how.grid = known->second;
    return true;
  }
  return CLI::detail::lexical_cast(c.grid, c.how.grid) && c.how.grid > 0;
}

int audit(const command_line& c, const std::string& command) {
  std::optional<calibrated> honest;
  if (!c.honest_claims.empty()) {
    const auto runs = score_files(c, c.honest_claims, c.honest_reference);
    if (!runs) return 2;
    auto fitted = calibrate(*runs, c.alpha, c.cap);
    if (!fitted) return stop(c.honest_claims, fitted.error());
    honest = std::move(*fitted);
  }
  const auto requests = score_files(c, c.claims, c.reference);
  if (!requests) return 2;
  const audit_report report = make_report(*requests, std::move(honest), c.cap.value_or(0.5), c.alpha);
  print(report, c.how, c.rows);
  if (!c.json_file.empty()) {
    std::ofstream out{c.json_file};
    out << to_json(report, c.how, command).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    if (!out.flush()) {
      std::fprintf(stderr, "cannot write %s\n", c.json_file.c_str());
      return 2;
    }
  }
  return report.rejected ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  command_line c;
  CLI::App app{"Audits a provider's tokens against the verifier's own rows of candidates. Exit status: 0, or 1 if a calibrated session rejects the provider, or 2 if the audit could not be done"};
  add_options(app, c);
  CLI11_PARSE(app, argc, argv);
  if (c.honest_claims.empty() != c.honest_reference.empty()) {
    std::fprintf(stderr, "--calibration-claims and --calibration-reference go together\n");
    return 2;
  }
  if (!resolve_names(c)) {
    std::fprintf(stderr, "--gpu-grid: neither a number nor one of");
    for (const auto& [name, blocks] : grids) std::fprintf(stderr, " %s", name.c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  if (const auto ok = check(c.how); !ok) return stop("assay_audit_logs", ok.error());
  if (!c.token_map.empty()) {
    auto names = read_token_names(c.token_map);
    if (!names) return stop(c.token_map, names.error());
    c.inputs.names = std::move(*names);
  }
  std::string command = "assay_audit_logs";
  for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
  return audit(c, command);
}
