// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An executor with a fixed number of threads. In no umbrella, because <thread> is costly to include.
#ifndef ASSAY_CORE_THREAD_POOL_HPP
#define ASSAY_CORE_THREAD_POOL_HPP

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include <assay/core/executor.hpp>

namespace assay::inline v0 {

/// Worker threads that take indices in chunks; the calling thread works too.
///
/// `for_each` may be called from any thread, also from inside a running `for_each`: while the pool is busy, such a call
/// runs on its own thread alone. Work that throws ends the program (std::terminate). Destroy the pool only when no
/// `for_each` is running. Writes made by f are visible to the caller of `for_each` when it returns.
class thread_pool {
 public:
  /// Starts `workers` threads beside the calling one; 0 makes a serial pool. May throw std::system_error.
  explicit thread_pool(std::size_t workers) {
    threads_.reserve(workers);
    try {
      for (std::size_t i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
    } catch (...) {
      stop();
      throw;
    }
  }

  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;
  ~thread_pool() { stop(); }

  /// Threads that take part in a `for_each`, the caller included.
  [[nodiscard]] std::size_t concurrency() const noexcept { return threads_.size() + 1; }

  /// Calls f(i) once for every i < n; see the concept `executor`.
  template <class F>
  void for_each(std::size_t n, F&& f) {
    if (n < 2 || threads_.empty() || busy_.exchange(true, std::memory_order_acquire)) {
      run_inline(n, f);
      return;
    }
    using callable = std::remove_reference_t<F>;
    job shared;
    shared.function = [](const void* object, std::size_t begin, std::size_t end) noexcept {
      auto& call = *static_cast<callable*>(const_cast<void*>(object));
      for (std::size_t i = begin; i < end; ++i) call(i);
    };
    shared.object = std::addressof(f);
    shared.count = n;
    shared.chunk = n / (8 * concurrency()) + 1;
    run_shared(shared);
    busy_.store(false, std::memory_order_release);
  }

 private:
  struct job {
    void (*function)(const void*, std::size_t, std::size_t) noexcept = nullptr;
    const void* object = nullptr;
    std::size_t count = 0;
    std::size_t chunk = 1;
    std::atomic<std::size_t> next{0};

    void take_part() noexcept {
      for (;;) {
        const std::size_t begin = next.fetch_add(chunk, std::memory_order_relaxed);
        if (begin >= count) return;
        function(object, begin, count - begin < chunk ? count : begin + chunk);
      }
    }
  };

  template <class F>
  static void run_inline(std::size_t n, F& f) noexcept {
    for (std::size_t i = 0; i < n; ++i) f(i);
  }

  void run_shared(job& shared) noexcept {
    {
      const std::lock_guard lock{mutex_};
      job_ = &shared;
      ++generation_;
      unfinished_ = threads_.size();
    }
    wake_.notify_all();
    shared.take_part();
    // Every worker signs off, so none can still look at `shared` after this function returns.
    std::unique_lock lock{mutex_};
    done_.wait(lock, [this] { return unfinished_ == 0; });
    job_ = nullptr;
  }

  void work() noexcept {
    std::uint64_t seen = 0;
    std::unique_lock lock{mutex_};
    for (;;) {
      wake_.wait(lock, [&] { return stopping_ || generation_ != seen; });
      if (stopping_) return;
      seen = generation_;
      job* const current = job_;
      lock.unlock();
      current->take_part();
      lock.lock();
      if (--unfinished_ == 0) done_.notify_one();
    }
  }

  void stop() noexcept {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  job* job_ = nullptr;
  std::uint64_t generation_ = 0;
  std::size_t unfinished_ = 0;
  bool stopping_ = false;
  std::atomic<bool> busy_{false};
  std::vector<std::thread> threads_;
};

static_assert(executor<thread_pool> && executor<serial_executor>);

}  // namespace assay::inline v0

#endif
