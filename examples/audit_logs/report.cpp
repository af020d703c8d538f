// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "report.hpp"

#include <algorithm>
#include <assay/stats/betting.hpp>
#include <assay/stats/binomial.hpp>
#include <assay/stats/evidence.hpp>
#include <assay/stats/mean_bound.hpp>
#include <assay/stats/quantile.hpp>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

namespace audit_logs {

using namespace assay;

namespace {

summary summarise(const scored_request& request, double cap) {
  summary s;
  for (const scored_token& t : request.tokens) {
    ++s.tokens;
    s.exact += t.exact;
    s.filtered += t.filtered;
    s.margin += std::min(static_cast<double>(t.margin), cap);
    s.cross_entropy += static_cast<double>(t.cross_entropy);
    s.likelihood += static_cast<double>(t.likelihood);
  }
  return s;
}

void divide(summary& s) {
  const double n = std::max<double>(1, static_cast<double>(s.tokens));
  s.margin /= n;
  s.cross_entropy /= n;
  s.likelihood /= n;
}

double mean_margin(const scored_request& request, double cap) {
  summary s = summarise(request, cap);
  divide(s);
  return s.margin;
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

void print_row(const char* name, const summary& s, const std::optional<double>& p) {
  std::printf("%-28.28s %8llu %8.2f %11.6f %9.3f %9.4f %9.4f", name, static_cast<unsigned long long>(s.tokens),
              100 * share(s.exact, s.tokens), s.margin, 100 * share(s.filtered, s.tokens), s.cross_entropy, s.likelihood);
  if (p) std::printf(" %8.4f", *p);
  std::printf("\n");
}

std::string label(const scored_request& r, std::size_t number) {
  return "#" + std::to_string(number + 1) + (r.name.empty() ? "" : " " + r.name);
}

nlohmann::json to_json(const summary& s) {
  return {{"tokens", s.tokens},
          {"exact", s.exact},
          {"filtered", s.filtered},
          {"match_rate", share(s.exact, s.tokens)},
          {"mean_capped_margin", s.margin},
          {"cross_entropy", s.cross_entropy},
          {"likelihood", s.likelihood}};
}

/// A name out of a log, shown: anything but printable ASCII would let it write to the terminal.
std::string printable(std::string text) {
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return text;
}

}  // namespace

result<calibrated> calibrate(const std::vector<scored_request>& honest, double alpha, std::optional<double> cap) {
  if (honest.size() < 4) return fail(errc::insufficient_data, "a calibration needs four honest requests at least", honest.size());
  const std::size_t half = honest.size() / 2;  // the cap must not be fitted to what is ranked
  calibrated out;
  if (cap) {
    out.cap = *cap;
  } else {
    std::vector<double> margins;
    for (std::size_t i = 0; i < half; ++i)
      for (const scored_token& t : honest[i].tokens) margins.push_back(static_cast<double>(t.margin));
    const auto fitted = stats::margin_cap(margins);
    if (!fitted) return fitted.error();
    out.cap = std::max(*fitted, 0.01);  // of rows that agree to the bit; a cap of zero would hide everything
  }
  std::vector<double> shares;
  for (std::size_t i = cap ? 0 : half; i < honest.size(); ++i) {
    if (honest[i].tokens.empty()) continue;
    out.ranked.push_back(mean_margin(honest[i], out.cap));
    shares.push_back(std::clamp(out.ranked.back() / out.cap, 0.0, 1.0));
  }
  const auto bound = stats::mean_upper_bound(shares, 1 - alpha / 4);
  if (!bound) return bound.error();
  if (!(*bound < 1)) return fail(errc::insufficient_data, "too few honest requests for a bound on their mean", shares.size());
  out.honest_mean = std::max(*bound, 1e-9);
  return out;
}

audit_report make_report(const std::vector<scored_request>& requests, std::optional<calibrated> honest, double cap, double alpha) {
  audit_report report;
  report.cap = honest ? honest->cap : cap;
  report.alpha = alpha;
  std::vector<noise_sums> noise;
  auto evidence = honest ? stats::betting_martingale::make(honest->honest_mean) : fail(errc::insufficient_data, "no calibration");
  for (const scored_request& r : requests) {
    audited_request a{&r, summarise(r, report.cap), {}};
    report.pooled.tokens += a.means.tokens;
    report.pooled.exact += a.means.exact;
    report.pooled.filtered += a.means.filtered;
    report.pooled.margin += a.means.margin;
    report.pooled.cross_entropy += a.means.cross_entropy;
    report.pooled.likelihood += a.means.likelihood;
    report.short_rows += r.short_rows;
    report.incomparable += r.incomparable;
    report.is_logprob = report.is_logprob && r.is_logprob;
    divide(a.means);
    if (honest && !r.tokens.empty()) {
      if (const auto p = stats::conformal_p_value(honest->ranked, a.means.margin)) a.p_value = *p;
      report.outliers += a.p_value && *a.p_value <= alpha / 2;
      if (evidence) (void)evidence->update(std::clamp(a.means.margin / report.cap, 0.0, 1.0));
    }
    noise.push_back(r.noise);
    report.requests.push_back(a);
  }
  divide(report.pooled);
  if (const auto level = implied_noise(noise, 0.95)) report.noise = *level;
  if (evidence) {
    report.log_evidence = evidence->log_peak();
    report.rejected = evidence->rejects(alpha / 4);
  }
  report.honest = std::move(honest);
  return report;
}

void print(const audit_report& report, const sampling_options& how, std::size_t rows) {
  const bool dist = how.profile == sampler::llama_dist;
  std::printf("%-28s %8s %8s %11s %9s %9s %9s%s\n", "request", "tokens", "match %", dist ? "distance" : "margin", "filtered %",
              "CE", dist ? "CGS" : "GLS", report.honest ? "        p" : "");
  std::vector<std::size_t> order(report.requests.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const bool cut = rows < order.size();
  if (cut)
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return report.requests[a].means.margin > report.requests[b].means.margin;
    });
  for (std::size_t i = 0; i < std::min(rows, order.size()); ++i) {
    const audited_request& a = report.requests[order[i]];
    print_row(printable(label(*a.request, order[i])).c_str(), a.means, a.p_value);
  }
  if (cut) std::printf("(the %zu largest margins of %zu requests)\n", rows, order.size());
  print_row("pooled", report.pooled, {});
  std::printf("\n");
  if (const auto rate = stats::clopper_pearson(report.pooled.exact, report.pooled.tokens, 0.95))
    std::printf("exact match rate %.3f %%, 95 %% interval %.3f to %.3f %% if tokens were independent\n",
                100 * share(report.pooled.exact, report.pooled.tokens), 100 * rate->low, 100 * rate->high);
  std::printf("margins are cut at %.4g%s; a filtered token counts as the cap\n", report.cap, dist ? " of probability" : " logits");
  if (report.noise)
    std::printf("implied difference between the two computations of a logit: sigma %.4f, 95 %% interval %.4f to %.4f, if it is Gaussian\n",
                report.noise->sigma, report.noise->low, report.noise->high);
  if (!report.is_logprob) std::printf("the reference's rows are logits (some values are positive)\n");
  if (report.short_rows > 0)
    std::printf("warning: %zu rows list fewer candidates than the sampler chooses from: a token beyond them counts as filtered, and top-p is cut on too small a sum\n", report.short_rows);
  if (report.incomparable > 0)
    std::printf("note: %zu tokens come after the reference generated another token, and cannot be compared with it\n", report.incomparable);
  if (!report.honest) {
    std::printf("\nNo calibration: these are measurements, not a verdict, and nothing bounds false alarms. Give honest runs\nwith --calibration-claims and --calibration-reference.\n");
    return;
  }
  std::printf("\ncalibration: %zu honest requests ranked\n", report.honest->ranked.size());
  if (2.0 / report.alpha - 1 > static_cast<double>(report.honest->ranked.size()))
    std::printf("warning: with fewer than %.0f ranked requests no single request can stand out at alpha %.3g\n",
                std::ceil(2.0 / report.alpha - 1), report.alpha);
  std::printf("requests with p <= %.4g: %llu of %zu; honest providers have %.1f on average\n", report.alpha / 2,
              static_cast<unsigned long long>(report.outliers), report.requests.size(),
              report.alpha / 2 * static_cast<double>(report.requests.size()));
  if (report.log_evidence)
    std::printf("session: ln e-value %.3f, threshold %.3f: %s\n", *report.log_evidence, -std::log(report.alpha / 4),
                report.rejected ? "NOT the promised model and sampler" : "no evidence against the provider");
  std::printf("An honest provider is called dishonest in at most %.3g %% of sessions if honest requests are like those of the\ncalibration: the same model, template, settings, lengths and kinds of machine.\n", 50 * report.alpha);
}

nlohmann::json to_json(const audit_report& report, const sampling_options& how, const std::string& command) {
  nlohmann::json out{{"command", command}, {"pooled", to_json(report.pooled)}, {"cap", report.cap}, {"alpha", report.alpha},
                     {"rows_too_short", report.short_rows}, {"incomparable_tokens", report.incomparable}};
  out["unit"] = how.profile == sampler::llama_dist ? "probability" : "logits";
  if (const auto rate = stats::clopper_pearson(report.pooled.exact, report.pooled.tokens, 0.95))
    out["pooled"]["match_interval"] = {rate->low, rate->high};
  if (report.noise)
    out["implied_sigma"] = {{"value", report.noise->sigma}, {"low", report.noise->low}, {"high", report.noise->high}};
  out["calibrated"] = report.honest.has_value();
  if (report.honest) {
    out["honest_requests"] = report.honest->ranked.size();
    out["honest_mean_bound"] = report.honest->honest_mean * report.cap;
    out["outliers"] = report.outliers;
    if (report.log_evidence) out["log_e_value"] = *report.log_evidence;
    out["rejected"] = report.rejected;
  }
  for (const audited_request& a : report.requests) {
    auto row = to_json(a.means);
    row["name"] = a.request->name;
    row["line"] = a.request->line;
    if (a.p_value) row["p_value"] = *a.p_value;
    out["requests"].push_back(std::move(row));
  }
  return out;
}

}  // namespace audit_logs
