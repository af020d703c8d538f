// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One transformer block over a KV cache, with weights in panel order.
#ifndef REFERENCE_ENGINE_BLOCK_HPP
#define REFERENCE_ENGINE_BLOCK_HPP

#include <cstddef>
#include <span>
#include <vector>

#include <reference_engine/kernels.hpp>
#include <reference_engine/model.hpp>
#include <reference_engine/numerics.hpp>
#include <reference_engine/tampering.hpp>

namespace reference::detail {

struct packed_block {
  std::vector<float> input_norm, post_norm;
  packed_matrix qkv, o, gate_up, down;

  packed_block(const block_weights&, const model_config&);
};

/// cos and sin of position / base^(2j / head_width), [positions, head_width / 2].
struct rope_table {
  std::vector<float> cosines, sines;
  explicit rope_table(const model_config&);
};

/// Keys and values of one block in panel order, so that both products of attention are `multiply`.
class layer_cache {
 public:
  layer_cache(const model_config&, std::size_t capacity);

  void store(std::size_t kv_head, std::size_t position, std::span<const float> key, std::span<const float> value);
  /// Keys as outputs: scores = q * keys.
  [[nodiscard]] panels_view keys(std::size_t kv_head, std::size_t count) const;
  /// Head elements as outputs, positions as the inner dimension: attended = weights * values.
  [[nodiscard]] panels_view values(std::size_t kv_head) const;

 private:
  std::size_t capacity_, head_width_;
  aligned_floats keys_, values_;
};

/// Scratch memory of a step; grows once and is reused.
struct workspace {
  std::vector<float> normed, qkv, attended, gate_up, inner, scores;
};

/// What a step needs to know besides weights and rows.
struct step {
  const model_config& config;
  const rope_table& rope;
  const numerics& how;
  summation order;          ///< how.prefill or how.decode
  kv_format cache_format = kv_format::exact;
  std::size_t first = 0;    ///< position of the first row
  std::size_t attention_cut = 0;  ///< where online softmax starts a new block besides the multiples; 0: nowhere
};

/// Replaces rows [n, width] by the block's output and appends their keys and values to the cache.
void run_block(const packed_block&, const step&, layer_cache&, std::span<float> rows, workspace&);

}  // namespace reference::detail

#endif
