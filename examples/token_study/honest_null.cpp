// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "honest_null.hpp"

#include <algorithm>
#include <mutex>
#include <optional>

#include "engine_study.hpp"

namespace study {
namespace {

using reference::honest_numerics;

/// The transcripts of every provider's arithmetic, for one verifier.
using grid = std::vector<pool>;

assay::result<std::vector<grid>> collect_grids(const world& with, const std::vector<reference::numerics>& verifiers,
                                               assay::thread_pool& threads, demo::progress& shown) {
  const conduct honest = honest_provider(with);
  const std::uint32_t count = with.chosen.null_requests;
  std::vector<grid> grids(verifiers.size(), grid(honest_numerics.size(), pool(count)));
  std::mutex guard;
  std::optional<assay::error> failure;
  for (std::size_t p = 0; p < honest_numerics.size(); ++p) {
    shown.stage("null/" + std::string(honest_numerics[p].name));
    threads.for_each(count, [&](std::size_t i) {
      const std::uint64_t index = p * count + i;  // other prompts and noise for every provider
      const request asked = make_request(with, "null", index);
      const auto given = serve(with, honest, honest_numerics[p], asked, index);
      for (std::size_t v = 0; v < verifiers.size(); ++v) {
        auto seen = given ? verify(with, verifiers[v], asked, *given) : assay::result<transcript>{given.error()};
        const std::lock_guard lock{guard};
        if (seen) grids[v][p][i] = std::move(*seen);
        else if (!failure) failure = seen.error();
      }
      const std::lock_guard lock{guard};
      shown.step();
    });
  }
  if (failure) return *failure;
  return grids;
}

/// Mean capped margins of requests first .. last-1.
std::vector<double> request_means(const pool& seen, double cap, std::size_t first, std::size_t last) {
  std::vector<double> means;
  for (std::size_t i = first; i < last; ++i) {
    double sum = 0;
    for (const assay::token_score& s : seen[i].tokens) sum += contribution(s, statistic::capped_margin, cap);
    means.push_back(sum / static_cast<double>(seen[i].tokens.size()));
  }
  return means;
}

assay::result<void> finish(alarms& a) {
  auto limits = assay::stats::clopper_pearson(a.count, a.requests, 0.95);
  if (!limits) return limits.error();
  a.interval = *limits;
  return {};
}

alarms count_above(const std::vector<double>& means, double threshold) {
  const auto above = std::ranges::count_if(means, [&](double m) { return m > threshold; });
  return {static_cast<std::uint64_t>(above), means.size(), {}};
}

/// The cap from the calibration halves of some providers.
assay::result<double> shared_cap(const grid& seen, std::size_t half, auto&& included) {
  pool together;
  for (std::size_t p = 0; p < seen.size(); ++p)
    if (included(p))
      together.insert(together.end(), seen[p].begin(), seen[p].begin() + static_cast<std::ptrdiff_t>(half));
  return cap_of(together);
}

/// The largest of some providers' thresholds: each of them alarms at most at the stated rate.
assay::result<double> largest_threshold(const grid& seen, std::size_t half, double cap, double alpha, auto&& included) {
  double largest = 0;
  for (std::size_t p = 0; p < seen.size(); ++p) {
    if (!included(p)) continue;
    auto threshold = exchangeable_threshold(request_means(seen[p], cap, 0, half), alpha);
    if (!threshold) return threshold;
    largest = std::max(largest, *threshold);
  }
  return largest;
}

assay::result<null_result> judge(const world& with, const reference::numerics& verifier, const grid& seen) {
  const double alpha = with.chosen.alpha;
  const std::size_t half = seen.front().size() / 2;
  const auto everyone = [](std::size_t) { return true; };
  const auto same_precision = [&](std::size_t p) { return honest_numerics[p].activation == verifier.activation; };
  const auto cap = shared_cap(seen, half, everyone), narrow_cap = shared_cap(seen, half, same_precision);
  if (!cap) return cap.error();
  if (!narrow_cap) return narrow_cap.error();
  const auto widest = largest_threshold(seen, half, *cap, alpha, everyone);
  const auto narrow = largest_threshold(seen, half, *narrow_cap, alpha, same_precision);
  if (!widest) return widest.error();
  if (!narrow) return narrow.error();
  null_result result{std::string(verifier.name), alpha, half, *cap, {}, {}, {}};
  for (std::size_t p = 0; p < seen.size(); ++p) {
    const auto own = exchangeable_threshold(request_means(seen[p], *cap, 0, half), alpha);
    if (!own) return own.error();
    const pool_summary about = summarise(seen[p], with.promised);
    const auto fresh = request_means(seen[p], *cap, half, seen[p].size());
    null_pair pair{std::string(honest_numerics[p].name),
                   about.mismatches,
                   about.mean_margin,
                   about.sigma,
                   count_above(fresh, *own),
                   count_above(fresh, *widest),
                   count_above(request_means(seen[p], *narrow_cap, half, seen[p].size()), *narrow)};
    result.own.count += pair.own.count, result.own.requests += pair.own.requests;
    result.every.count += pair.every.count, result.every.requests += pair.every.requests;
    for (alarms* a : {&pair.own, &pair.every, &pair.verifiers})
      if (auto ok = finish(*a); !ok) return ok.error();
    result.pairs.push_back(std::move(pair));
  }
  for (alarms* a : {&result.own, &result.every})
    if (auto ok = finish(*a); !ok) return ok.error();
  return result;
}

}  // namespace

assay::result<std::vector<null_result>> run_honest_null(const world& with, assay::thread_pool& threads,
                                                        demo::progress& shown) {
  const std::vector verifiers{*reference::find_numerics("sequential"), *reference::find_numerics("bf16")};
  const auto grids = collect_grids(with, verifiers, threads, shown);
  if (!grids) return grids.error();
  std::vector<null_result> results;
  for (std::size_t v = 0; v < verifiers.size(); ++v) {
    auto judged = judge(with, verifiers[v], (*grids)[v]);
    if (!judged) return judged.error();
    results.push_back(std::move(*judged));
  }
  return results;
}

std::uint32_t null_request_count(const options& chosen) {
  return chosen.null_requests * static_cast<std::uint32_t>(honest_numerics.size());
}

}  // namespace study
