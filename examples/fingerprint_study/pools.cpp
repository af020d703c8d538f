// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "pools.hpp"

#include <mutex>
#include <optional>

namespace study {
namespace {

/// Runs work(i) -> result<void> on all threads; the first failure ends up as the result.
template <class Work>
assay::result<void> for_all(std::uint32_t count, assay::thread_pool& threads, demo::progress& shown, Work&& work) {
  std::mutex guard;
  std::optional<assay::error> failure;
  threads.for_each(count, [&](std::size_t i) {
    const assay::result<void> done = work(i);
    const std::lock_guard lock{guard};
    if (!done && !failure) failure = done.error();
    shown.step();
  });
  if (failure) return *failure;
  return {};
}

}  // namespace

assay::result<std::vector<traced>> trace_all(const world& with, const conduct& who, std::string_view purpose,
                                             std::uint32_t count, assay::thread_pool& threads, demo::progress& shown) {
  std::vector<traced> all(count);
  const auto done = for_all(count, threads, shown, [&](std::size_t i) -> assay::result<void> {
    auto one = trace(with, who, purpose, i);
    if (!one) return one.error();
    all[i] = std::move(*one);
    return {};
  });
  if (!done) return done.error();
  return all;
}

assay::result<scored> score_all(const world& with, const conduct& who, std::string_view purpose, std::uint32_t count,
                                const check_list& checks, assay::thread_pool& threads, demo::progress& shown) {
  std::vector<std::vector<std::vector<double>>> scores(count);  // [request][check][unit]
  std::vector<std::uint32_t> stacks(count);
  const auto done = for_all(count, threads, shown, [&](std::size_t i) -> assay::result<void> {
    const auto one = trace(with, who, purpose, i);
    if (!one) return one.error();
    stacks[i] = one->stack;
    for (const auto& each : checks) {
      auto found = each->score(*one);
      if (!found) return found.error();
      scores[i].push_back(std::move(*found));
    }
    return {};
  });
  if (!done) return done.error();
  scored pools(checks.size());
  for (std::uint32_t i = 0; i < count; ++i)
    for (std::size_t c = 0; c < checks.size(); ++c)
      if (auto added = pools[c].add(scores[i][c], stacks[i]); !added) return added.error();
  return pools;
}

}  // namespace study
