// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The arithmetic an honest engine may choose: what differs between two serving stacks that run the same model.
#ifndef REFERENCE_ENGINE_NUMERICS_HPP
#define REFERENCE_ENGINE_NUMERICS_HPP

#include <array>
#include <cstdint>
#include <string_view>

namespace reference {

/// In which order the products of an inner dimension are added up. Every order is exact as a recipe: the same
/// summation yields the same bits for one row and for many, with AVX-512, AVX2 or neither (no fused multiply-add).
struct summation {
  enum class order : std::uint8_t {
    sequential,   ///< one accumulator from first to last
    blocked,      ///< a partial sum for each `count` neighbours, added in order (tiles of a GEMM)
    split,        ///< `count` equal parts, added in order (split-k, threads)
    interleaved,  ///< `count` strided accumulators, added in order (SIMD lanes of a dot product)
  };
  order how = order::sequential;
  std::uint32_t count = 1;

  friend bool operator==(const summation&, const summation&) = default;
};

enum class precision : std::uint8_t { f32, bf16 };

/// One engine's arithmetic. Two sessions with the same numerics and inputs produce the same bits.
struct numerics {
  std::string_view name = "sequential";
  summation prefill;                    ///< inner products while several rows are processed
  summation decode;                     ///< inner products of a single row
  precision activation = precision::f32;  ///< bf16: every operation's result and the KV cache are rounded
  precision logits = precision::f32;
  std::uint32_t prefill_chunk = 0;      ///< rows of one prefill step; 0: the whole prompt at once
  std::uint32_t attention_block =
      0;    ///< keys of one online-softmax step, also cut where a chunk starts; 0: all keys at once
};

/// Honest profiles that differ as real deployments do.
inline constexpr std::array<numerics, 6> honest_numerics{{
    {"sequential", {}, {}, precision::f32, precision::f32, 0, 0},
    {"blocked-32",
     {summation::order::blocked, 32},
     {summation::order::blocked, 64},
     precision::f32,
     precision::f32,
     0,
     64},
    {"split-k", {summation::order::split, 2}, {summation::order::split, 4}, precision::f32, precision::f32, 64, 0},
    {"lanes-8", {}, {summation::order::interleaved, 8}, precision::f32, precision::f32, 48, 32},
    {"bf16",
     {summation::order::blocked, 32},
     {summation::order::interleaved, 4},
     precision::bf16,
     precision::f32,
     0,
     64},
    {"bf16-split-k",
     {summation::order::split, 4},
     {summation::order::split, 4},
     precision::bf16,
     precision::bf16,
     64,
     32},
}};

/// Finds a profile by name; nullptr if there is none.
[[nodiscard]] constexpr const numerics* find_numerics(std::string_view name) noexcept {
  for (const numerics& n : honest_numerics)
    if (n.name == name) return &n;
  return nullptr;
}

}  // namespace reference

#endif
