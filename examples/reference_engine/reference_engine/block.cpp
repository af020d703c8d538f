// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <reference_engine/block.hpp>

#include <algorithm>
#include <cmath>

#include <reference_engine/operations.hpp>

namespace reference::detail {
namespace {

constexpr std::size_t attention_rows = 64;  // queries whose scores are in memory at once

std::vector<float> stack(std::initializer_list<std::span<const float>> matrices) {
  std::vector<float> all;
  for (auto m : matrices) all.insert(all.end(), m.begin(), m.end());
  return all;
}

std::size_t round_up(std::size_t n) { return (n + panel_width - 1) / panel_width * panel_width; }

void grow(std::vector<float>& v, std::size_t n) {
  if (v.size() < n) v.resize(n);
}

void norm_rows(std::span<const float> rows, std::span<const float> weight, const step& s, std::span<float> out) {
  const std::size_t n = s.config.width;
  for (std::size_t at = 0; at < rows.size(); at += n)
    rms_norm(rows.subspan(at, n), weight, s.config.norm_epsilon, s.how.activation, out.subspan(at, n));
}

void linear(std::span<const float> in, const packed_matrix& w, const step& s, std::span<float> out) {
  multiply(in.data(), w.inner(), in.size() / w.inner(), w.view(), 0, w.inner(), s.order, out.data(), w.outputs());
  round_to(s.how.activation, out);
}

/// Rotates queries and keys in place and appends keys and values to the cache.
void rotate_and_store(const step& s, layer_cache& cache, std::span<float> qkv, std::size_t rows) {
  const model_config& c = s.config;
  const std::size_t hd = c.head_width, half = hd / 2, stride = (c.heads + 2 * std::size_t{c.kv_heads}) * hd;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t position = s.first + r;
    const auto row = qkv.subspan(r * stride, stride);
    const auto cosines = std::span(s.rope.cosines).subspan(position * half, half);
    const auto sines = std::span(s.rope.sines).subspan(position * half, half);
    for (std::size_t h = 0; h < std::size_t{c.heads} + c.kv_heads; ++h)
      rotate_half(row.subspan(h * hd, hd), cosines, sines);
    round_to(s.how.activation, row);
    for (std::size_t h = 0; h < c.kv_heads; ++h) {
      const auto key = row.subspan((c.heads + h) * hd, hd),
                 value = row.subspan((c.heads + std::size_t{c.kv_heads} + h) * hd, hd);
      store_as(s.cache_format, key);
      store_as(s.cache_format, value);
      cache.store(h, position, key, value);
    }
  }
}

/// The end of the softmax block that starts at `from`, among `keys` keys.
std::size_t block_end(const step& s, std::size_t from, std::size_t keys) {
  if (s.how.attention_block == 0) return keys;
  std::size_t end = std::min(keys, (from / s.how.attention_block + 1) * s.how.attention_block);
  if (from < s.attention_cut && s.attention_cut < end) end = s.attention_cut;
  return end;
}

/// Causal attention of one head for `rows` queries, the first of which is at position `first`.
void attend(const step& s, const layer_cache& cache, std::size_t kv_head, std::size_t first, std::size_t rows,
            const float* q, std::size_t q_stride, std::span<float> scores, float* out, std::size_t out_stride) {
  const std::size_t hd = s.config.head_width, keys = first + rows, stride = round_up(keys);
  const float scale = 1.0f / std::sqrt(static_cast<float>(hd));
  std::array<online_softmax, attention_rows> softmax{};
  std::array<float, attention_rows> correction{};
  float* partial = scores.data() + rows * stride;  // [rows, head_width]

  multiply(q, q_stride, rows, cache.keys(kv_head, keys), 0, hd, s.order, scores.data(), stride);
  for (std::size_t from = 0; from < keys;) {
    const std::size_t end = block_end(s, from, keys);
    for (std::size_t r = 0; r < rows; ++r) {
      const std::size_t visible = std::clamp(first + r + 1, from, end);
      const auto block = scores.subspan(r * stride + from, end - from);
      correction[r] = visible > from ? softmax[r].absorb(block.first(visible - from), scale) : 1.0f;
      std::fill(block.begin() + static_cast<std::ptrdiff_t>(visible - from), block.end(), 0.0f);
      round_to(s.how.activation, block);
    }
    multiply(scores.data(), stride, rows, cache.values(kv_head), from, end, s.order, from == 0 ? out : partial,
             from == 0 ? out_stride : hd);
    if (from != 0)
      for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t d = 0; d < hd; ++d)
          out[r * out_stride + d] = out[r * out_stride + d] * correction[r] + partial[r * hd + d];
    from = end;
  }
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t d = 0; d < hd; ++d) out[r * out_stride + d] /= softmax[r].sum;
}

void attend_all(const step& s, const layer_cache& cache, workspace& w, std::size_t rows) {
  const model_config& c = s.config;
  const std::size_t hd = c.head_width, q_stride = (c.heads + 2 * std::size_t{c.kv_heads}) * hd,
                    out_stride = c.heads * hd;
  const std::size_t group = c.heads / c.kv_heads;
  for (std::size_t r = 0; r < rows; r += attention_rows) {
    const std::size_t n = std::min(attention_rows, rows - r);
    grow(w.scores, n * (round_up(s.first + r + n) + hd));
    for (std::size_t h = 0; h < c.heads; ++h)
      attend(s, cache, h / group, s.first + r, n, w.qkv.data() + r * q_stride + h * hd, q_stride, w.scores,
             w.attended.data() + r * out_stride + h * hd, out_stride);
  }
  round_to(s.how.activation, std::span(w.attended).first(rows * out_stride));
}

}  // namespace

packed_block::packed_block(const block_weights& b, const model_config& c)
    : input_norm(b.input_norm), post_norm(b.post_norm),
      qkv(stack({b.q, b.k, b.v}), (c.heads + 2 * std::size_t{c.kv_heads}) * c.head_width, c.width),
      o(b.o, c.width, std::size_t{c.heads} * c.head_width),
      gate_up(stack({b.gate, b.up}), 2 * std::size_t{c.inner_width}, c.width), down(b.down, c.width, c.inner_width) {}

rope_table::rope_table(const model_config& c) {
  const std::size_t half = c.head_width / 2;
  cosines.reserve(c.max_positions * half);
  sines.reserve(c.max_positions * half);
  for (std::size_t position = 0; position < c.max_positions; ++position)
    for (std::size_t j = 0; j < half; ++j) {
      const double exponent = 2.0 * static_cast<double>(j) / static_cast<double>(c.head_width);
      const double angle = static_cast<double>(position) / std::pow(static_cast<double>(c.rope_base), exponent);
      cosines.push_back(static_cast<float>(std::cos(angle)));
      sines.push_back(static_cast<float>(std::sin(angle)));
    }
}

layer_cache::layer_cache(const model_config& c, std::size_t capacity)
    : capacity_(round_up(capacity)), head_width_(c.head_width), keys_(c.kv_heads * capacity_ * head_width_),
      values_(c.kv_heads * capacity_ * round_up(head_width_)) {}

void layer_cache::store(std::size_t kv_head, std::size_t position, std::span<const float> key,
                        std::span<const float> value) {
  float* k = keys_.data() + (kv_head * capacity_ + position / panel_width * panel_width) * head_width_ +
             position % panel_width;
  for (std::size_t d = 0; d < head_width_; ++d) k[d * panel_width] = key[d];
  float* v = values_.data() + kv_head * capacity_ * round_up(head_width_) + position * panel_width;
  for (std::size_t d = 0; d < head_width_; ++d)
    v[d / panel_width * panel_width * capacity_ + d % panel_width] = value[d];
}

panels_view layer_cache::keys(std::size_t kv_head, std::size_t count) const {
  return {keys_.data() + kv_head * capacity_ * head_width_, head_width_ * panel_width, count};
}

panels_view layer_cache::values(std::size_t kv_head) const {
  return {values_.data() + kv_head * capacity_ * round_up(head_width_), capacity_ * panel_width, head_width_};
}

void run_block(const packed_block& b, const step& s, layer_cache& cache, std::span<float> rows, workspace& w) {
  const std::size_t n = rows.size() / s.config.width;
  grow(w.normed, rows.size());
  grow(w.qkv, n * b.qkv.outputs());
  grow(w.attended, n * b.o.inner());
  grow(w.gate_up, n * b.gate_up.outputs());
  grow(w.inner, n * b.down.inner());
  const auto normed = std::span(w.normed).first(rows.size());
  const auto qkv = std::span(w.qkv).first(n * b.qkv.outputs());

  norm_rows(rows, b.input_norm, s, normed);
  linear(normed, b.qkv, s, qkv);
  rotate_and_store(s, cache, qkv, n);
  attend_all(s, cache, w, n);
  linear(std::span(w.attended).first(n * b.o.inner()), b.o, s, normed);
  add(rows, normed, s.how.activation);

  const std::size_t inner = b.down.inner();
  const auto gate_up = std::span(w.gate_up).first(n * 2 * inner);
  norm_rows(rows, b.post_norm, s, normed);
  linear(normed, b.gate_up, s, gate_up);
  for (std::size_t r = 0; r < n; ++r)
    gated_silu(gate_up.subspan(2 * r * inner, inner), gate_up.subspan((2 * r + 1) * inner, inner), s.how.activation,
               std::span(w.inner).subspan(r * inner, inner));
  linear(std::span(w.inner).first(n * inner), b.down, s, normed);
  add(rows, normed, s.how.activation);
}

}  // namespace reference::detail
