// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "results.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <thread>

#include <assay/stats/binomial.hpp>
#include <assay/stats/roc.hpp>

#include "generation.hpp"
#include "report_template.hpp"

namespace demo {
namespace {

using nlohmann::json;

json finite(double x) { return std::isfinite(x) ? json(x) : json(nullptr); }

std::string processor() {
  std::ifstream info{"/proc/cpuinfo"};
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

std::string compiler() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#else
  return "GCC " __VERSION__;
#endif
}

json interval_of(std::uint32_t hits, std::uint32_t n) {
  const auto interval = assay::stats::clopper_pearson(hits, n, 0.95);
  return interval ? json::array({interval->low, interval->high}) : json(nullptr);
}

std::string place_of(const assay::verdict& v, bool exact) {
  if (exact && v.why != assay::reason::inconsistent_row && v.why != assay::reason::non_finite_row && v.why != assay::reason::token_out_of_range) return "";
  std::string text = "position " + std::to_string(v.place.at.value);
  if (v.place.where == assay::channel::states) text += ", checkpoint " + std::to_string(v.place.layer.value);
  return text;
}

json session_json(const session_outcome& s) {
  const assay::verdict& v = s.decisive;
  const bool statistical = v.why == assay::reason::request_outlier || v.why == assay::reason::session_evidence || v.why == assay::reason::none;
  json out{{"caught", s.caught}, {"requests", s.requests}, {"tokens", v.tokens}, {"opened_bytes", v.opened_bytes},
           {"flagged", s.flagged}, {"first_flagged", s.first_flagged == 0 ? json(nullptr) : json(s.first_flagged)},
           {"reason", s.caught ? name(v.why) : "none"}, {"by", !s.caught ? "none" : statistical ? name(v.why) : "exact"},
           {"channel", statistical ? json(name(v.place.where)) : json(nullptr)}, {"where", place_of(v, !statistical)},
           {"decision", s.caught ? "reject" : name(v.decision)}, {"p_value", statistical ? json(v.p_value) : json(nullptr)},
           {"log10_e", statistical ? finite(std::log10(v.e_value)) : json(nullptr)}, {"level", static_cast<int>(v.level)}, {"message", v.message}};
  out["series"] = s.series;
  return out;
}

json roc_json(const std::vector<double>& honest, const std::vector<double>& cheat) {
  json points = json::array();
  const auto curve = assay::stats::roc_curve(honest, cheat);
  if (!curve) return points;
  for (const auto& point : *curve) points.push_back({point.false_positive_rate, point.true_positive_rate});
  return points;
}

json provider_json(const campaign_result& found, const provider_result& p) {
  json out = session_json(p.with_model);
  out.update({{"id", p.id}, {"name", p.name}, {"description", p.description}, {"deviations", p.with_model.deviations}, {"level1", session_json(p.with_head)}});
  const auto& honest = found.honest.deviations;
  const auto& cheat = p.with_model.deviations;
  if (!cheat.empty() && !honest.empty()) {
    out["roc"] = roc_json(honest, cheat);
    if (const auto area = assay::stats::auc(honest, cheat)) out["auc"] = *area;
    const auto beyond = std::ranges::count_if(cheat, [&](double d) { return d >= found.request_threshold; });
    out["tpr_at_alpha"] = static_cast<double>(beyond) / static_cast<double>(cheat.size());
  }
  return out;
}

json honest_json(const setting& with, const campaign_result& found) {
  const honest_result& h = found.honest;
  json profiles = json::array();
  for (std::size_t i = 0; i < with.provider_numerics.size(); ++i)
    profiles.push_back({{"name", with.provider_numerics[i].name}, {"requests", found.profile_requests[i]}, {"flagged", found.profile_flagged[i]}});
  json series = json::array();
  std::uint32_t alarms = 0;
  for (const session_outcome& s : h.sessions) series.push_back(s.series), alarms += s.caught ? 1 : 0;
  const auto count = static_cast<std::uint32_t>(h.sessions.size());
  const auto rate = [](std::uint32_t hits, std::uint32_t n) { return n == 0 ? 0.0 : static_cast<double>(hits) / n; };
  return {{"requests", h.requests}, {"flagged", h.flagged}, {"breached", h.breached}, {"rate", rate(h.flagged, h.requests)},
          {"interval", interval_of(h.flagged, h.requests)}, {"deviations", h.deviations}, {"profiles", profiles},
          {"sessions", {{"count", count}, {"flagged", alarms}, {"length", session_length}, {"interval", interval_of(alarms, count)}, {"series", series}}},
          {"level1", {{"requests", found.honest_head.requests}, {"flagged", found.honest_head.flagged},
                      {"rate", rate(found.honest_head.flagged, found.honest_head.requests)},
                      {"interval", interval_of(found.honest_head.flagged, found.honest_head.requests)}}}};
}

json costs_json(const setting& with, const cost_totals& c) {
  const double tokens = static_cast<double>(c.output_tokens), requests = static_cast<double>(c.requests);
  const double prover = c.provider.observe + c.provider.seal;
  const auto& run = with.run;
  const std::size_t fingerprint = run.commitment.sketch * assay::size_of(run.commitment.sketch_type);
  return {{"inference_us_per_token", c.provider.inference / tokens}, {"prover_us_per_token", prover / tokens}, {"prover_share", prover / c.provider.inference},
          {"seal_us_per_request", c.provider.seal / requests}, {"open_us_per_request", c.provider.open / requests},
          {"verifier_us_per_request", c.verifier.model_level() / requests}, {"verifier_share", c.verifier.model_level() / c.provider.inference},
          {"level1_us_per_request", (c.verifier.openings + c.verifier.head) / requests},
          {"level1_share", (c.verifier.openings + c.verifier.head) / c.provider.inference},
          {"verifier_breakdown", json::array({{{"name", "reference prefill"}, {"us", c.verifier.prefill / requests}}, {{"name", "openings"}, {"us", c.verifier.openings / requests}},
                                  {{"name", "token scores"}, {"us", c.verifier.tokens / requests}}, {{"name", "state comparison"}, {"us", c.verifier.states / requests}}})},
          {"prover_breakdown", json::array({{{"name", "observe: project, quantise, store"}, {"us_per_token", c.provider.observe / tokens}},
                                {{"name", "seal: trees"}, {"us_per_token", c.provider.seal / tokens}}})},
          {"opening_bytes_per_request", static_cast<double>(c.opened_bytes) / requests}, {"opening_bytes_per_token", static_cast<double>(c.opened_bytes) / tokens},
          {"receipt_bytes", assay::receipt_wire_bytes}, {"fingerprint_bytes_per_token", fingerprint * run.model.checkpoints},
          {"committed_bytes_per_token", fingerprint * run.model.checkpoints + run.model.width * assay::size_of(run.commitment.row_type)}};
}

json recheck_json(const recheck_outcome& o) {
  return {{"name", o.name}, {"caught", o.caught}, {"requests", o.requests}, {"flagged", o.flagged}, {"looked_at", o.looked_at},
          {"tokens", o.decisive.tokens}, {"opened_bytes", o.decisive.opened_bytes}, {"reason", o.caught ? name(o.decisive.why) : "none"},
          {"channel", name(o.decisive.place.where)}, {"level", static_cast<int>(o.decisive.level)}, {"interval", interval_of(o.flagged, o.looked_at)}};
}

json level2_json(const setting& with, const campaign_result& found) {
  if (!found.rechecks) return nullptr;
  const recheck_result& r = *found.rechecks;
  json providers = json::array();
  for (const recheck_outcome& each : r.providers) providers.push_back(recheck_json(each));
  return {{"calibration_requests", r.calibration_requests}, {"blocks", with.chosen.blocks_rechecked}, {"honest", recheck_json(r.honest)}, {"providers", providers},
          {"verifier_us_per_request", r.verifier_us}, {"verifier_share", r.verifier_us / r.inference_us}, {"prover_us_per_token", r.prover_us_per_token},
          {"opening_bytes_per_request", r.opened_bytes}, {"committed_bytes_per_position", r.committed_bytes}};
}

json sample_json(const setting& with) {
  const assay::request asked = make_request(with, "sample", 0);
  const auto keys = assay::derive_keys(asked.nonce, assay::digest_of(assay::digest_of(with.run), asked));
  assay::token_workspace workspace;
  const auto output = generate(with.honest, with.provider_numerics[0], asked.prompt, asked.max_output, [&](std::uint32_t step, std::span<const float> logits) {
    return assay::sample_token(logits, with.run.sampler.filters.sampler, keys.sampling, step, workspace);
  });
  return {{"prompt", with.tokenizer.decode(asked.prompt)}, {"output", output ? with.tokenizer.decode(*output) : ""}};
}

json model_json(const setting& with) {
  const auto& c = with.honest.config();
  json model{{"name", "King James Bible, 3.3 M parameters"}, {"blocks", c.blocks}, {"width", c.width}, {"vocabulary", c.vocabulary}, {"activation_type", with.chosen.activations}};
  std::ifstream in{with.chosen.models / "base" / "training.json"};
  const json training = json::parse(in, nullptr, false);
  for (const char* key : {"parameters", "held_out_nats_per_token", "held_out_bits_per_byte", "ngram_bits_per_byte"})
    if (training.is_object() && training.contains(key)) model[key] = training[key];
  return model;
}

}  // namespace

json to_json(const setting& with, const campaign_result& found, const std::string& command, double elapsed_seconds) {
  const options& o = with.chosen;
  const auto& s = with.run.sampler.filters.sampler;
  json providers = json::array();
  for (const provider_result& p : found.providers) providers.push_back(provider_json(found, p));
  return {{"version", std::to_string(ASSAY_VERSION_MAJOR) + "." + std::to_string(ASSAY_VERSION_MINOR) + "." + std::to_string(ASSAY_VERSION_PATCH)},
          {"command", command}, {"seed", o.seed}, {"elapsed_seconds", elapsed_seconds},
          {"machine", {{"cpu", processor()}, {"threads", o.threads}, {"compiler", compiler()}}},
          {"model", model_json(with)}, {"sample", sample_json(with)},
          {"settings", {{"request_alpha", o.request_alpha}, {"session_alpha", o.session_alpha}, {"output_tokens", o.output_tokens},
                        {"positions_opened", o.positions_opened}, {"final_rows_opened", o.final_rows_opened}, {"calibration_requests", o.calibration_requests},
                        {"fresh_requests", o.fresh_requests}, {"confidence", 0.95}, {"max_requests", o.provider_requests}, {"temperature", s.temperature}, {"top_k", s.top_k}, {"top_p", s.top_p}}},
          {"honest", honest_json(with, found)}, {"session", {{"threshold_log10", std::log10(found.session_threshold)}}},
          {"request", {{"threshold_deviation", found.request_threshold}}}, {"providers", providers}, {"costs", costs_json(with, found.costs)}, {"level2", level2_json(with, found)}};
}

namespace {

void print_level2(const json& l) {
  if (l.is_null()) return;
  const json& h = l["honest"];
  std::printf("\n%d blocks recomputed per request, one at a time (level 2): honest requests %d of %d flagged; verifier %.1f ms per request, %.1f %% of inference; "
              "openings %.0f bytes; prover %.1f us per token with %d bytes of rows per position\n",
              l["blocks"].get<int>(), h["flagged"].get<int>(), h["looked_at"].get<int>(), l["verifier_us_per_request"].get<double>() / 1000, 100 * l["verifier_share"].get<double>(),
              l["opening_bytes_per_request"].get<double>(), l["prover_us_per_token"].get<double>(), l["committed_bytes_per_position"].get<int>());
  for (const json& p : l["providers"]) {
    const bool caught = p["caught"];
    const std::string by = caught ? p["reason"].get<std::string>() + " (" + p["channel"].get<std::string>() + ")" : "not caught";
    std::printf("  %-34s %-36s %4d requests %6d tokens; %d of %d requests flagged\n", p["name"].get<std::string>().c_str(), by.c_str(), p["requests"].get<int>(),
                p["tokens"].get<int>(), p["flagged"].get<int>(), p["looked_at"].get<int>());
  }
}

}  // namespace

void print(const json& r) {
  const json& h = r["honest"];
  std::printf("\n%-34s %-10s %-44s %8s %8s %10s  %s\n", "provider", "verdict", "caught by", "requests", "tokens", "opened", "LM head alone");
  for (const json& p : r["providers"]) {
    const bool caught = p["caught"];
    const bool level1 = p["level1"]["caught"];
    std::string by = caught ? p["reason"].get<std::string>() : "not caught within " + std::to_string(p["tokens"].get<int>()) + " tokens";
    if (caught && p["channel"].is_string()) by += " (" + p["channel"].get<std::string>() + ")";
    std::printf("%-34s %-10s %-44s %8d %8d %8d B  %s\n", p["name"].get<std::string>().c_str(), caught ? "reject" : "-", by.c_str(), p["requests"].get<int>(),
                p["tokens"].get<int>(), p["opened_bytes"].get<int>(), level1 ? ("caught, " + std::to_string(p["level1"]["tokens"].get<int>()) + " tokens").c_str() : "not caught");
  }
  std::printf("\nhonest requests: %d of %d flagged, %.2f %% [%.2f, %.2f] against a bound of %.2f %%; exact breaches: %d\n", h["flagged"].get<int>(), h["requests"].get<int>(),
              100 * h["rate"].get<double>(), 100 * h["interval"][0].get<double>(), 100 * h["interval"][1].get<double>(),
              100 * r["settings"]["request_alpha"].get<double>(), h["breached"].get<int>());
  std::printf("honest sessions of %d requests: %d of %d rejected\n", h["sessions"]["length"].get<int>(), h["sessions"]["flagged"].get<int>(), h["sessions"]["count"].get<int>());
  std::printf("honest requests, LM head alone: %d of %d flagged\n", h["level1"]["flagged"].get<int>(), h["level1"]["requests"].get<int>());
  print_level2(r["level2"]);
  const json& c = r["costs"];
  std::printf("prover: %.2f us per token, %.2f %% of inference (%.0f us per token)\n", c["prover_us_per_token"].get<double>(), 100 * c["prover_share"].get<double>(), c["inference_us_per_token"].get<double>());
  std::printf("verifier: %.1f %% of inference with the model, %.2f %% with the LM head alone; openings %.0f bytes per token\n", 100 * c["verifier_share"].get<double>(),
              100 * c["level1_share"].get<double>(), c["opening_bytes_per_token"].get<double>());
}

bool write_report(const std::filesystem::path& path, const json& results) {
  std::string text = results.dump(-1, ' ', false, json::error_handler_t::replace);
  for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos;) text.replace(at, 1, "\\u003c");  // never closes the script element
  std::string page{report_template};
  const std::string slot = "@ASSAY_RESULTS_JSON@";
  page.replace(page.find(slot), slot.size(), text);
  std::ofstream out{path, std::ios::binary};
  out << page;
  return static_cast<bool>(out.flush());
}

}  // namespace demo
