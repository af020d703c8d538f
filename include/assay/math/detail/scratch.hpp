// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory on cache-line boundaries: scratch that hot loops reuse and never clear, and vectors for tables of points.
#ifndef ASSAY_MATH_DETAIL_SCRATCH_HPP
#define ASSAY_MATH_DETAIL_SCRATCH_HPP

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include <assay/core/config.hpp>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace assay::inline v0::detail {

/// Uninitialised room for `T`s that only grows. Contents do not survive growth, nor a copy of the scratch.
template <class T>
class scratch {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
  static constexpr std::align_val_t alignment{64};

 public:
  scratch() noexcept = default;
  scratch(const scratch&) noexcept {}
  scratch(scratch&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)) {}
  scratch& operator=(scratch other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~scratch() { ::operator delete(data_, alignment); }

  /// Room for `count` elements.
  T* room(std::size_t count) {
    if (count > capacity_) grow(count);
    return data_;
  }
  [[nodiscard]] T* data() const noexcept { return data_; }

 private:
  void grow(std::size_t count) {
    const std::size_t wanted = count < capacity_ + capacity_ / 2 ? capacity_ + capacity_ / 2 : count;
    void* fresh = ::operator new(wanted * sizeof(T), alignment);
    ::operator delete(data_, alignment);
    data_ = static_cast<T*>(fresh);
    capacity_ = wanted;
  }

  T* data_ = nullptr;
  std::size_t capacity_ = 0;
};

/// For vectors of points that are read at random: nothing straddles a cache line, and large ones ask for large pages.
template <class T>
struct table_allocator {
  using value_type = T;
  table_allocator() noexcept = default;
  template <class U>
  constexpr table_allocator(const table_allocator<U>&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) {
    const std::size_t alignment = alignment_of(count),
                      bytes = (count * sizeof(T) + alignment - 1) / alignment * alignment;
    void* data = ::operator new(bytes, std::align_val_t{alignment});
#if defined(MADV_HUGEPAGE)
    if (alignment == large_page)
      static_cast<void>(::madvise(data, bytes, MADV_HUGEPAGE));  // a hint: failure costs speed only
#endif
    return static_cast<T*>(data);
  }
  void deallocate(T* data, std::size_t count) noexcept {
    ::operator delete(data, std::align_val_t{alignment_of(count)});
  }
  friend constexpr bool operator==(const table_allocator&, const table_allocator&) noexcept { return true; }

 private:
  static constexpr std::size_t large_page = std::size_t{1} << 21;
  static constexpr std::size_t alignment_of(std::size_t count) noexcept {
    return count * sizeof(T) < large_page ? 64 : large_page;
  }
};

}  // namespace assay::inline v0::detail

#endif
