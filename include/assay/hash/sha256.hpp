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
#include <assay/core/expects.hpp>
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
    std::array<ending, 1> e = {ending{*this, tail}};
    return finish_lanes(e, length_)[0];
  }

  /// `{a.finish(tail_a), b.finish(tail_b)}`, computed side by side: with SHA extensions, long messages take little more
  /// than half of the time. `a` and `b` may be the same object.
  /// @pre `a` and `b` have absorbed equally many bytes, and the tails are equally long
  [[nodiscard]] friend std::array<digest, 2> finish_two(const basic_sha256& a, byte_view tail_a, const basic_sha256& b,
                                                        byte_view tail_b) {
    ASSAY_EXPECTS(a.length_ == b.length_ && tail_a.size() == tail_b.size());
    std::array<ending, 2> e = {ending{a, tail_a}, ending{b, tail_b}};
    return finish_lanes(e, a.length_);
  }

 private:
  // A message's last steps: its state, what is still to come, and room for the one or two blocks with the padding.
  struct ending {
    ending(const basic_sha256& from, byte_view rest) noexcept : state{from.state_}, tail{rest} {
      std::memcpy(last.data(), from.buffer_.data(), from.buffer_.size());
    }

    // Completes the block that `held` bytes began.
    void fill(std::size_t held) noexcept {
      std::memcpy(last.data() + held, tail.data(), 64 - held);
      tail = tail.subspan(64 - held);
    }

    // After `held` bytes the rest of the message, 0x80, zeros, the length.
    void pad(std::size_t held, std::size_t blocks, std::uint64_t bits) noexcept {
      if (!tail.empty()) std::memcpy(last.data() + held, tail.data(), tail.size());
      const std::size_t used = held + tail.size();
      std::memset(last.data() + used, 0, 64 * blocks - used);
      last[used] = std::byte{0x80};
      store_be<std::uint64_t>(last.data() + 64 * blocks - 8, bits);
    }

    detail::sha256_state state;
    byte_view tail;
    std::array<std::byte, 128> last;
  };

  static void compress(std::array<ending, 1>& e, std::array<const std::byte*, 1> blocks, std::size_t count) noexcept {
    Kernel::compress(e[0].state, blocks[0], count);
  }
  static void compress(std::array<ending, 2>& e, std::array<const std::byte*, 2> blocks, std::size_t count) noexcept {
    Kernel::compress_two(e[0].state, blocks[0], e[1].state, blocks[1], count);
  }

  // Finishes messages in step; each absorbed `absorbed` bytes before, and their tails are equally long.
  template <std::size_t Lanes>
  static std::array<digest, Lanes> finish_lanes(std::array<ending, Lanes>& e, std::uint64_t absorbed) noexcept {
    std::array<const std::byte*, Lanes> last, tail;
    for (std::size_t i = 0; i < Lanes; ++i) last[i] = e[i].last.data();
    std::size_t held = static_cast<std::size_t>(absorbed % 64);
    const std::uint64_t bits = 8 * (absorbed + e[0].tail.size());
    if (held + e[0].tail.size() >= 120) {  // no room for it with 0x80 and the length: absorb what is whole in place
      if (held != 0) {
        for (ending& x : e) x.fill(held);
        compress(e, last, 1);
        held = 0;
      }
      const std::size_t whole = e[0].tail.size() / 64;
      for (std::size_t i = 0; i < Lanes; ++i) {
        tail[i] = e[i].tail.data();
        e[i].tail = e[i].tail.subspan(64 * whole);
      }
      compress(e, tail, whole);
    }
    const std::size_t blocks = held + e[0].tail.size() < 56 ? 1 : 2;
    for (ending& x : e) x.pad(held, blocks, bits);
    compress(e, last, blocks);
    std::array<digest, Lanes> out;
    for (std::size_t i = 0; i < Lanes; ++i)
      for (std::size_t word = 0; word < 8; ++word)
        store_be<std::uint32_t>(out[i].bytes.data() + 4 * word, e[i].state[word]);
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
