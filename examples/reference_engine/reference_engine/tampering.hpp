// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a dishonest provider does to save money while claiming to run the full model.
#ifndef REFERENCE_ENGINE_TAMPERING_HPP
#define REFERENCE_ENGINE_TAMPERING_HPP

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>

#include <reference_engine/model.hpp>

namespace reference {

enum class kv_format : std::uint8_t { exact, int8, fp8_e4m3, int4 };

struct tampering {
  std::uint32_t weight_bits = 0;               ///< 0: as they are; 8 or 4: all linear layers rounded
  std::uint32_t weight_group = 32;             ///< weights of one row that share a scale
  kv_format kv_cache = kv_format::exact;       ///< keys and values stored with a scale per head and row
  std::optional<std::uint32_t> skipped_block{};  ///< a block that is not run at all
  std::filesystem::path substitute{};  ///< another model that is run instead; empty: the claimed one
};

/// Rounds to nearest, symmetric, one scale per group of neighbours in a row: w = scale * integer in [-(2^(bits-1)-1), 2^(bits-1)-1].
/// @pre bits is 8 or 4, group > 0, columns > 0
void quantise_groups(std::span<float> matrix, std::size_t columns, std::uint32_t bits, std::uint32_t group);

/// Applies quantise_groups to every linear layer; norms and the embedding stay.
void quantise_weights(model_weights&, std::uint32_t bits, std::uint32_t group);

/// Rounds one head's key or value as the cache format would.
void store_as(kv_format, std::span<float> row);

}  // namespace reference

#endif
