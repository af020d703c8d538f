// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include <assay/core/thread_pool.hpp>

TEST_CASE("thread_pool: every index once, whatever the number of threads", "[core]") {
  for (const std::size_t workers : {0u, 1u, 3u}) {
    assay::thread_pool pool{workers};
    CHECK(pool.concurrency() == workers + 1);
    for (const std::size_t n : {0u, 1u, 2u, 7u, 1000u, 4097u}) {
      std::vector<int> calls(n, 0);  // not atomic: a second call to an index would be a race
      pool.for_each(n, [&](std::size_t i) { ++calls[i]; });
      CHECK(std::accumulate(calls.begin(), calls.end(), std::size_t{0}) == n);
      CHECK(std::count(calls.begin(), calls.end(), 1) == static_cast<std::ptrdiff_t>(n));
    }
  }
}

TEST_CASE("thread_pool: many short jobs in a row", "[core]") {
  assay::thread_pool pool{2};
  std::atomic<std::uint64_t> sum{0};
  for (int round = 0; round < 2000; ++round) pool.for_each(3, [&](std::size_t i) { sum += i; });
  CHECK(sum == 6000);
}

TEST_CASE("thread_pool: a nested call runs on its own thread", "[core]") {
  assay::thread_pool pool{2};
  std::atomic<int> calls{0};
  std::atomic<int> strangers{0};
  pool.for_each(8, [&](std::size_t) {
    const auto self = std::this_thread::get_id();
    pool.for_each(16, [&](std::size_t) {
      ++calls;
      strangers += std::this_thread::get_id() != self;
    });
  });
  CHECK(calls == 128);
  CHECK(strangers == 0);
}

TEST_CASE("thread_pool: callers on several threads", "[core]") {
  assay::thread_pool pool{2};
  std::atomic<int> calls{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 3; ++t)
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round) pool.for_each(10, [&](std::size_t) { ++calls; });
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(calls == 6000);
}

TEST_CASE("thread_pool: made and destroyed without work", "[core]") {
  for (int i = 0; i < 50; ++i) assay::thread_pool{3};
}

TEST_CASE("thread_pool: work is called in place, not copied", "[core]") {
  struct immovable {
    std::atomic<int> calls{0};
    void operator()(std::size_t) { ++calls; }
  } work;
  assay::thread_pool pool{1};
  pool.for_each(100, work);
  CHECK(work.calls == 100);
}
