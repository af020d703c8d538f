// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For tests of field arithmetic: pseudo-random and extreme values, and slow integers to compare with.
#ifndef ASSAY_TESTS_SUPPORT_MATH_FIELDS_HPP
#define ASSAY_TESTS_SUPPORT_MATH_FIELDS_HPP

#include <assay/math/field.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace assay_tests {

/// SplitMix64.
class word_stream {
 public:
  explicit word_stream(std::uint64_t seed) : state_(seed) {}
  std::uint64_t operator()() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

/// Uniform below `bound`.
template <std::size_t N>
assay::limbs<N> limbs_below(const assay::limbs<N>& bound, word_stream& words) {
  const unsigned spare = static_cast<unsigned>(64 * N) - assay::detail::bit_length(bound);
  for (;;) {
    assay::limbs<N> a;
    for (std::uint64_t& limb : a) limb = words();
    a[N - 1] >>= spare;
    if (assay::detail::less(a, bound)) return a;
  }
}

/// Uniform, though not always in the least representation.
template <class F>
F random_element(word_stream& words) {
  return F::from_montgomery(limbs_below(assay::detail::montgomery<typename F::parameters>::bound, words));
}

/// Values that a field's kernels must take, all below `bound`: around 0, p and 2p, single bits, and runs of ones.
template <class P>
std::vector<assay::limbs<P::modulus.size()>> extreme_limbs() {
  using mont = assay::detail::montgomery<P>;
  using value = typename mont::limbs_type;
  std::vector<value> candidates = {value{}, value{1}, value{2}, mont::r1, mont::r2};
  for (value centre : {mont::modulus, mont::bound}) {
    value above = centre;
    for (std::uint64_t step = 1; step <= 3; ++step) {
      assay::detail::subtract_from(centre, value{1});
      candidates.push_back(centre);
      candidates.push_back(above);
      assay::detail::add_to(above, value{1});
    }
  }
  for (unsigned bit = 0; bit < 64 * mont::n; bit += 31) {
    value single{};
    single[bit / 64] = std::uint64_t{1} << (bit % 64);
    candidates.push_back(single);
    value ones = single;
    assay::detail::subtract_from(ones, value{1});
    candidates.push_back(ones);
  }
  for (unsigned subset = 1; subset < (1u << mont::n); ++subset) {  // limbs of all ones, the rest as in the bound
    for (const bool rest_is_zero : {false, true}) {
      value v = rest_is_zero ? value{} : mont::bound;
      for (std::size_t i = 0; i < mont::n; ++i)
        if (subset >> i & 1) v[i] = ~std::uint64_t{0};
      candidates.push_back(v);
      v[mont::n - 1] = mont::bound[mont::n - 1] - 1;
      candidates.push_back(v);
    }
  }
  std::vector<value> below;
  for (const value& v : candidates)
    if (assay::detail::less(v, mont::bound)) below.push_back(v);
  return below;
}

/// An integer below 2^1024 as 32-bit digits, least significant first: schoolbook arithmetic that shares no code with
/// the library.
class slow_integer {
 public:
  slow_integer() = default;
  explicit slow_integer(std::uint64_t value) : slow_integer(assay::limbs<1>{value}) {}
  template <std::size_t N>
  explicit slow_integer(const assay::limbs<N>& value) {
    for (std::size_t i = 0; i < 2 * N; ++i) digits_[i] = static_cast<std::uint32_t>(value[i / 2] >> (32 * (i % 2)));
    trim(2 * N);
  }

  friend slow_integer operator*(const slow_integer& a, const slow_integer& b) {
    slow_integer r;
    for (std::size_t i = 0; i < a.size_; ++i) {
      std::uint64_t carry = 0;
      for (std::size_t j = 0; j < b.size_; ++j) {
        carry += std::uint64_t{a.digits_[i]} * b.digits_[j] + r.digits_[i + j];
        r.digits_[i + j] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
      }
      r.digits_[i + b.size_] = static_cast<std::uint32_t>(carry);
    }
    r.trim(a.size_ + b.size_);
    return r;
  }
  friend slow_integer operator+(const slow_integer& a, const slow_integer& b) {
    slow_integer r = a;
    r.add(b);
    return r;
  }
  /// The remainder, bit by bit.
  friend slow_integer operator%(const slow_integer& a, const slow_integer& m) {
    slow_integer r;
    for (std::size_t bit = 32 * a.size_; bit-- > 0;) {
      r.double_and_add(a.digits_[bit / 32] >> (bit % 32) & 1);
      if (!(r < m)) r.subtract(m);
    }
    return r;
  }
  [[nodiscard]] slow_integer shifted_left(std::size_t words) const {
    slow_integer r;
    for (std::size_t i = 0; i < size_; ++i) r.digits_[2 * words + i] = digits_[i];
    r.trim(2 * words + size_);
    return r;
  }
  friend bool operator<(const slow_integer& a, const slow_integer& b) {
    if (a.size_ != b.size_) return a.size_ < b.size_;
    for (std::size_t i = a.size_; i-- > 0;)
      if (a.digits_[i] != b.digits_[i]) return a.digits_[i] < b.digits_[i];
    return false;
  }
  friend bool operator==(const slow_integer& a, const slow_integer& b) { return !(a < b) && !(b < a); }

 private:
  void trim(std::size_t size) {
    size_ = size;
    while (size_ > 0 && digits_[size_ - 1] == 0) --size_;
  }
  void add(const slow_integer& b) {
    const std::size_t size = (size_ > b.size_ ? size_ : b.size_) + 1;
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < size; ++i) {
      carry += std::uint64_t{digits_[i]} + b.digits_[i];
      digits_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    trim(size);
  }
  void double_and_add(std::uint32_t bit) {
    for (std::size_t i = 0; i <= size_; ++i) {
      const std::uint32_t out = digits_[i] >> 31;
      digits_[i] = digits_[i] << 1 | bit;
      bit = out;
    }
    trim(size_ + 1);
  }
  void subtract(const slow_integer& b) {
    std::int64_t borrow = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      borrow += std::int64_t{digits_[i]} - b.digits_[i];
      digits_[i] = static_cast<std::uint32_t>(borrow);
      borrow >>= 32;
    }
    trim(size_);
  }

  std::array<std::uint32_t, 33> digits_{};
  std::size_t size_ = 0;  // digits up to the highest that is not zero
};

}  // namespace assay_tests

#endif
