// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SHA-256 (FIPS 180-4), streaming, with copyable midstates and little overhead on short messages.
#ifndef ASSAY_HASH_SHA256_HPP
#define ASSAY_HASH_SHA256_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <assay/core/bytes.hpp>
#include <assay/core/endian.hpp>
#include <assay/hash/digest.hpp>
#include <assay/hash/hasher.hpp>
#include <assay/hash/sha256_kernels.hpp>

namespace assay::inline v0 {

/// SHA-256 over one compression kernel; use `sha256`. A copy is a midstate: many messages can share a prefix.
/// Messages are limited to 2^61 bytes by the standard, which no caller reaches.
template <class Kernel>
class basic_sha256 {
 public:
  /// Absorbs bytes.
  basic_sha256& update(byte_view bytes) noexcept {
    const std::size_t held = static_cast<std::size_t>(length_ % 64);
    length_ += bytes.size();
    if (held != 0) {
      const std::size_t taken = bytes.size() < 64 - held ? bytes.size() : 64 - held;
      if (taken != 0) std::memcpy(buffer_.data() + held, bytes.data(), taken);
      if (held + taken < 64) return *this;
      Kernel::compress(state_, buffer_.data(), 1);
      bytes = bytes.subspan(taken);
    }
    if (bytes.size() >= 64) Kernel::compress(state_, bytes.data(), bytes.size() / 64);
    if (const std::size_t rest = bytes.size() % 64; rest != 0)
      std::memcpy(buffer_.data(), bytes.data() + (bytes.size() - rest), rest);
    return *this;
  }

  /// Digest of everything absorbed so far; the object is unchanged.
  [[nodiscard]] digest finish() const noexcept { return finish(byte_view{}); }

  /// Digest of everything absorbed so far followed by `tail`; the object is unchanged.
  [[nodiscard]] digest finish(byte_view tail) const noexcept {
    const std::size_t held = static_cast<std::size_t>(length_ % 64);
    const std::uint64_t bits = 8 * (length_ + tail.size());
    detail::sha256_state state = state_;
    std::array<std::byte, 128> last{};
    if (held != 0) std::memcpy(last.data(), buffer_.data(), held);
    if (held + tail.size() >= 64) {
      std::size_t taken = 0;
      if (held != 0) {
        taken = 64 - held;
        std::memcpy(last.data() + held, tail.data(), taken);
        Kernel::compress(state, last.data(), 1);
      }
      const std::size_t whole = (tail.size() - taken) / 64;
      if (whole != 0) Kernel::compress(state, tail.data() + taken, whole);
      tail = tail.subspan(taken + 64 * whole);
      return finish_padded(state, last, 0, tail, bits);
    }
    return finish_padded(state, last, held, tail, bits);
  }

 private:
  // The final one or two blocks: `held` bytes already in `last`, the rest of the message, 0x80, zeros, the length.
  static digest finish_padded(detail::sha256_state& state, std::array<std::byte, 128>& last, std::size_t held,
                              byte_view rest, std::uint64_t bits) noexcept {
    if (!rest.empty()) std::memcpy(last.data() + held, rest.data(), rest.size());
    const std::size_t used = held + rest.size();
    const std::size_t blocks = used < 56 ? 1 : 2;
    std::memset(last.data() + used, 0, 64 * blocks - used);
    last[used] = std::byte{0x80};
    store_be<std::uint64_t>(last.data() + 64 * blocks - 8, bits);
    Kernel::compress(state, last.data(), blocks);
    digest out;
    for (std::size_t i = 0; i < 8; ++i) store_be<std::uint32_t>(out.bytes.data() + 4 * i, state[i]);
    return out;
  }

  detail::sha256_state state_ = detail::sha256_initial;
  std::uint64_t length_ = 0;
  std::array<std::byte, 64> buffer_{};
};

/// SHA-256 with the CPU's SHA extensions where it has them.
using sha256 = basic_sha256<detail::sha256_best_kernel>;
/// SHA-256 in portable C++: the reference of `sha256`.
using sha256_ref = basic_sha256<detail::sha256_portable_kernel>;

static_assert(hasher<sha256> && hasher<sha256_ref>);

/// SHA-256 of a whole message.
[[nodiscard]] inline digest sha256_of(byte_view message) noexcept { return sha256{}.finish(message); }

}  // namespace assay::inline v0

#endif
