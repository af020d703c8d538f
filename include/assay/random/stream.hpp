// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A stream of random numbers from a seed and a purpose, the same on every machine; no <random> distribution promises that.
#ifndef ASSAY_RANDOM_STREAM_HPP
#define ASSAY_RANDOM_STREAM_HPP

#include <cstdint>
#include <string_view>

#include <assay/core/endian.hpp>
#include <assay/core/expects.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/random/elementary.hpp>
#include <assay/random/philox.hpp>
#include <assay/random/seed.hpp>

namespace assay::inline v0 {

/// Philox4x32-10 in counter mode; key and nonce are 128 bits hashed from (seed, purpose).
/// For sampling and simulation, and for challenges drawn from a seed that is published anyway; not for secret keys.
/// Determinism: exact, every member.
class random_stream {
 public:
  explicit random_stream(const seed& from, std::string_view purpose) {
    const digest own = transcript{domains::stream}.bytes("seed", from.bytes).text("purpose", purpose).finish();
    key_ = {load_le<std::uint32_t>(own.bytes.data()), load_le<std::uint32_t>(own.bytes.data() + 4)};
    nonce_ = load_le<std::uint64_t>(own.bytes.data() + 8);
  }

  [[nodiscard]] std::uint32_t next_u32() noexcept {
    if (used_ == 4) refill();
    return words_[used_++];
  }

  /// Two consecutive words, the first one low.
  [[nodiscard]] std::uint64_t next_u64() noexcept {
    const std::uint64_t low = next_u32();
    return low | std::uint64_t{next_u32()} << 32;
  }

  /// Uniform on {0, …, n - 1}, without bias. @pre n > 0
  /// Source: Lemire, "Fast random integer generation in an interval", 2019 (multiplication with rejection).
  [[nodiscard]] std::uint64_t below(std::uint64_t n) {
    ASSAY_EXPECTS(n > 0);
    __extension__ typedef unsigned __int128 wide;
    wide product = wide{next_u64()} * n;
    if (static_cast<std::uint64_t>(product) < n) {
      const std::uint64_t unfair = (0 - n) % n;
      while (static_cast<std::uint64_t>(product) < unfair) product = wide{next_u64()} * n;
    }
    return static_cast<std::uint64_t>(product >> 64);
  }

  /// Uniform on [0, 1), a multiple of 2^-53.
  [[nodiscard]] double uniform() noexcept { return static_cast<double>(next_u64() >> 11) * 0x1p-53; }

  /// Exp(1), in (0, 53 ln 2].
  [[nodiscard]] double exponential() noexcept {
    return -fp::log((static_cast<double>(next_u64() >> 12) + 0.5) * 0x1p-52);
  }

  /// N(0, 1), by Marsaglia's polar method: a logarithm and a root, no trigonometry.
  [[nodiscard]] double normal() noexcept {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    for (;;) {
      const double x = 2 * uniform() - 1, y = 2 * uniform() - 1;  // exact
      const double square = fp::add(fp::mul(x, x), fp::mul(y, y));
      if (square >= 1 || square < 0x1p-100) continue;
      const double scale = __builtin_sqrt(fp::div(fp::mul(-2.0, fp::log(square)), square));
      spare_ = fp::mul(y, scale);
      has_spare_ = true;
      return fp::mul(x, scale);
    }
  }

 private:
  void refill() noexcept {
    words_ = philox4x32({static_cast<std::uint32_t>(block_), static_cast<std::uint32_t>(block_ >> 32),
                         static_cast<std::uint32_t>(nonce_), static_cast<std::uint32_t>(nonce_ >> 32)},
                        key_);
    ++block_;
    used_ = 0;
  }

  philox_key key_{};
  std::uint64_t nonce_ = 0;
  std::uint64_t block_ = 0;
  philox_counter words_{};
  std::uint32_t used_ = 4;
  bool has_spare_ = false;
  double spare_ = 0;
};

}  // namespace assay::inline v0

#endif
