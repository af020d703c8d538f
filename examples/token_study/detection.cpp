// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "detection.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <assay/stats/quantile.hpp>
#include <assay/stats/roc.hpp>
#include <assay/token/gumbel_likelihood.hpp>

namespace study {
namespace {

constexpr std::uint32_t batch_count = 2000;
constexpr double goal = 0.999;

/// 1, 2, 3, 4, … 9, 10, 11, 12, 13, 15, 17, 20, … up to `limit`.
std::vector<std::uint32_t> sizes_up_to(std::uint32_t limit) {
  std::vector<std::uint32_t> sizes;
  for (double decade = 1; decade <= limit; decade *= 10)
    for (double step : {1.0, 1.1, 1.2, 1.3, 1.5, 1.7, 2.0, 2.2, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0})
      if (const double n = std::round(decade * step * 10) / 10; n <= limit && n == std::floor(n))
        sizes.push_back(static_cast<std::uint32_t>(n));
  return sizes;
}

struct contest {
  batches honest, cheat;
  double sign;
};

assay::result<double> auc_at(contest& c, std::uint32_t n, std::uint32_t count, assay::random_stream& stream) {
  auto negatives = c.honest.draw(n, count, stream), positives = c.cheat.draw(n, count, stream);
  if (!negatives) return negatives.error();
  if (!positives) return positives.error();
  for (auto* values : {&*negatives, &*positives})
    for (double& v : *values) v *= c.sign;
  return assay::stats::auc(*negatives, *positives);
}

/// The middle 95 % of a figure over pools whose requests are drawn again. again() -> result<double>
template <class Again>
assay::result<assay::stats::interval> resampling_interval(const options& chosen, Again&& again) {
  std::vector<double> found;
  for (std::uint32_t i = 0; i < chosen.bootstraps; ++i) {
    auto one = again();
    if (!one) return one.error();
    found.push_back(*one);
  }
  const auto low = assay::stats::quantile(found, 0.025), high = assay::stats::quantile(found, 0.975);
  if (!low) return low.error();
  if (!high) return high.error();
  return assay::stats::interval{*low, *high};
}

/// The smallest size with AUC .999, if also the next one has it: one lucky draw does not count.
assay::result<std::optional<std::uint32_t>> tokens_needed(contest& c, std::uint32_t limit,
                                                          assay::random_stream& stream) {
  std::optional<std::uint32_t> before;
  for (std::uint32_t n : sizes_up_to(limit)) {
    const auto area = auc_at(c, n, batch_count, stream);
    if (!area) return area.error();
    if (*area >= goal && before) return before;
    before = *area >= goal ? std::optional{n} : std::nullopt;
  }
  return std::optional<std::uint32_t>{};
}

/// From AUC = Phi(shift / sqrt(sum of the variances of batch means)), with 3.0902 the .999 quantile.
std::optional<double> extrapolate(const power& found, const batches& honest, const batches& cheat,
                                  std::uint32_t length) {
  if (std::abs(found.z) < 4) return std::nullopt;
  const double variances = honest.of_requests().variance + cheat.of_requests().variance;
  return 3.0902 * 3.0902 * variances * length / (found.shift * found.shift);
}

contest contest_of(const honest_pools& honest, const pool& cheat, statistic which) {
  contest c{{honest.evaluation, which, honest.cap}, {cheat, which, honest.cap}, 1};
  if (which == statistic::cross_entropy && c.cheat.of_requests().mean < c.honest.of_requests().mean) c.sign = -1;
  return c;
}

assay::result<power> measure(const options& chosen, contest c, std::uint32_t limit, assay::random_stream& stream) {
  power found;
  const auto h = c.honest.of_requests(), p = c.cheat.of_requests();
  const double squared_error =
      h.variance / static_cast<double>(h.requests) + p.variance / static_cast<double>(p.requests);
  found.shift = p.mean - h.mean;
  found.z = squared_error > 0 ? found.shift / std::sqrt(squared_error) : 0;
  auto needed = tokens_needed(c, limit, stream);
  if (!needed) return needed.error();
  found.tokens = *needed;
  found.extrapolated = extrapolate(found, c.honest, c.cheat, chosen.output_tokens);
  return found;
}

assay::result<void> measure_at(const options& chosen, contest c, std::uint32_t n, power& found,
                               assay::random_stream& stream) {
  const auto area = auc_at(c, n, batch_count, stream);
  if (!area) return area.error();
  const auto interval = resampling_interval(chosen, [&] {
    contest again{c.honest.resampled(stream), c.cheat.resampled(stream), c.sign};
    return auc_at(again, n, 400, stream);
  });
  if (!interval) return interval.error();
  found.auc = *area, found.auc_interval = *interval;
  return {};
}

assay::result<double> share_above(batches& cheat, std::uint32_t n, std::uint32_t count, double threshold,
                                  assay::random_stream& stream) {
  const auto means = cheat.draw(n, count, stream);
  if (!means) return means.error();
  const auto above = std::ranges::count_if(*means, [&](double m) { return m > threshold; });
  return static_cast<double>(above) / count;
}

assay::result<detection_rate> rate_of(const options& chosen, const baseline& against, batches cheat,
                                      assay::random_stream& stream) {
  const auto share = share_above(cheat, against.tokens, batch_count, against.threshold, stream);
  if (!share) return share.error();
  const auto interval = resampling_interval(chosen, [&] {
    batches again = cheat.resampled(stream);
    return share_above(again, against.tokens, 400, against.threshold, stream);
  });
  if (!interval) return interval.error();
  return detection_rate{against.tokens, *share, *interval};
}

assay::result<baseline> baseline_at(const options& chosen, batches& calibration, const batches& evaluation,
                                    std::uint32_t n, assay::random_stream& stream) {
  const auto drawn = calibration.draw(n, 10 * batch_count, stream);
  if (!drawn) return drawn.error();
  const auto threshold = assay::stats::quantile(*drawn, 1 - chosen.alpha);
  if (!threshold) return threshold.error();
  const std::vector<double> fresh = evaluation.disjoint(n);
  baseline found{n, *threshold, 0, fresh.size(), {}};
  for (double v : fresh) found.false_alarms += v > *threshold;
  const auto limits = assay::stats::clopper_pearson(found.false_alarms, found.batches, 0.95);
  if (!limits) return limits.error();
  found.interval = *limits;
  return found;
}

}  // namespace

std::string_view name_of(statistic which) {
  switch (which) {
    case statistic::margin: return "margin";
    case statistic::capped_margin: return "capped margin";
    case statistic::mismatch: return "exact match";
    case statistic::cross_entropy: return "cross-entropy";
    case statistic::likelihood: return "GLS";
    case statistic::capped_likelihood: break;
  }
  return "capped GLS";
}

double contribution(const assay::token_score& score, statistic which, double cap) {
  switch (which) {
    case statistic::margin: return score.finite_margin;
    case statistic::capped_margin: return assay::capped_margin(score, cap);
    case statistic::mismatch: return score.exact ? 0 : 1;
    case statistic::cross_entropy: return score.cross_entropy;
    case statistic::likelihood: return std::min(-assay::gumbel_likelihood(score.margin), 20.0);
    case statistic::capped_likelihood: break;
  }
  return -assay::gumbel_likelihood(assay::capped_margin(score, cap));
}

assay::result<double> cap_of(const pool& honest) {
  std::vector<double> margins;
  for (const transcript& t : honest)
    for (const assay::token_score& s : t.tokens) margins.push_back(s.margin);
  auto cap = assay::stats::margin_cap(margins);
  if (cap) *cap = std::max(*cap, least_cap);
  return cap;
}

batches::batches(const pool& from, statistic which, double cap) {
  length_ = static_cast<std::uint32_t>(from.front().tokens.size());
  std::vector<std::vector<double>> running;
  for (const transcript& t : from) {
    std::vector<double> sums{0};
    for (const assay::token_score& s : t.tokens) sums.push_back(sums.back() + contribution(s, which, cap));
    if (by_stack_.size() <= t.stack) by_stack_.resize(t.stack + 1);
    by_stack_[t.stack].push_back(static_cast<std::uint32_t>(running.size()));
    running.push_back(std::move(sums));
  }
  running_ = std::make_shared<const std::vector<std::vector<double>>>(std::move(running));
}

std::uint32_t batches::largest() const {
  std::size_t fewest = running_->size();
  for (const auto& group : by_stack_) fewest = std::min(fewest, group.size());
  return static_cast<std::uint32_t>(largest_share * static_cast<double>(fewest * length_));
}

double batches::sum(std::uint32_t request, std::uint32_t first, std::uint32_t count) const {
  const std::vector<double>& sums = (*running_)[request];
  return sums[first + count] - sums[first];
}

assay::result<std::vector<double>> batches::draw(std::uint32_t n, std::uint32_t count, assay::random_stream& stream) {
  if (n == 0 || n > largest()) return assay::fail(assay::errc::out_of_range, "a batch exceeds a tenth of its pool", n);
  std::vector<double> means(count);
  for (double& mean : means) {
    auto& group = by_stack_[stream.below(by_stack_.size())];
    std::uint32_t left = n;
    double total = 0;
    for (std::size_t i = 0; left > 0; ++i) {  // a shuffle that stops early
      std::swap(group[i], group[i + stream.below(group.size() - i)]);
      const std::uint32_t take = std::min(left, length_);
      const auto first = static_cast<std::uint32_t>(take == length_ ? 0 : stream.below(length_ - take + 1));
      total += sum(group[i], first, take);
      left -= take;
    }
    mean = total / n;
  }
  return means;
}

std::vector<double> batches::disjoint(std::uint32_t n) const {
  const std::size_t requests = n / length_;
  std::vector<double> means;
  for (auto group : by_stack_) {
    std::ranges::sort(group);
    for (std::size_t at = 0; at + requests <= group.size(); at += requests) {
      double total = 0;
      for (std::size_t i = 0; i < requests; ++i) total += sum(group[at + i], 0, length_);
      means.push_back(total / n);
    }
  }
  return means;
}

batches batches::resampled(assay::random_stream& stream) const {
  batches copy = *this;
  for (std::size_t s = 0; s < by_stack_.size(); ++s)
    for (std::uint32_t& request : copy.by_stack_[s]) request = by_stack_[s][stream.below(by_stack_[s].size())];
  return copy;
}

batches::moments batches::of_requests() const {
  std::vector<double> means;
  for (std::uint32_t r = 0; r < running_->size(); ++r) means.push_back(sum(r, 0, length_) / length_);
  return {*assay::stats::mean(means), *assay::stats::variance(means), means.size()};
}

assay::result<honest_pools> prepare_pools(const options& chosen, pool calibration, pool evaluation,
                                          std::string_view id) {
  auto cap = cap_of(calibration);
  if (!cap) return cap.error();
  honest_pools pools{std::move(calibration), std::move(evaluation), *cap, {}};
  assay::random_stream stream{study_seed(chosen, id, 0), "baselines"};
  batches reference{pools.calibration, statistic::capped_margin, *cap},
      fresh{pools.evaluation, statistic::capped_margin, *cap};
  const std::uint32_t limit = std::min(reference.largest(), fresh.largest());
  for (std::uint32_t n = chosen.output_tokens; n <= limit; n *= 4) {
    auto found = baseline_at(chosen, reference, fresh, n, stream);
    if (!found) return found.error();
    pools.baselines.push_back(*found);
  }
  return pools;
}

assay::result<detection> detect(const options& chosen, const honest_pools& honest, const pool& cheat,
                                std::string_view id) {
  assay::random_stream stream{study_seed(chosen, id, 0), "batches"};
  const contest margins = contest_of(honest, cheat, statistic::capped_margin);
  detection found;
  found.largest_batch = std::min(margins.honest.largest(), margins.cheat.largest());
  for (statistic which : all_statistics) {
    auto measured = measure(chosen, contest_of(honest, cheat, which), found.largest_batch, stream);
    if (!measured) return measured.error();
    found.by_statistic[static_cast<std::size_t>(which)] = *measured;
  }
  found.equal_tokens = found.of(statistic::capped_margin).tokens.value_or(found.largest_batch);
  for (statistic which : all_statistics) {
    power& at = found.by_statistic[static_cast<std::size_t>(which)];
    if (auto ok = measure_at(chosen, contest_of(honest, cheat, which), found.equal_tokens, at, stream); !ok)
      return ok.error();
  }
  for (const baseline& against : honest.baselines) {
    if (against.tokens > found.largest_batch) break;
    auto rate = rate_of(chosen, against, margins.cheat, stream);
    if (!rate) return rate.error();
    found.at_rate.push_back(*rate);
  }
  return found;
}

assay::result<double> exchangeable_threshold(std::vector<double> sample, double alpha) {
  const auto rank = static_cast<std::size_t>(std::ceil(static_cast<double>(sample.size() + 1) * (1 - alpha)));
  if (rank > sample.size())
    return assay::fail(assay::errc::insufficient_data, "too few honest values for this rate", sample.size());
  const auto at = sample.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(sample.begin(), at, sample.end());
  return *at;
}

}  // namespace study
