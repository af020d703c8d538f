// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A digest over results that two parties must agree on, however each compiled the library.
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/ids.hpp>
#include <assay/fingerprint/gaussian_projection.hpp>
#include <assay/fingerprint/hadamard.hpp>
#include <assay/fingerprint/sketch_sum.hpp>
#include <assay/hash/sha256.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/seed.hpp>
#include <assay/random/stream.hpp>

assay::digest TRANSCRIPT();

/// Fingerprints of single rows and of windows, in all types of codes.
static void absorb_fingerprints(assay::sha256& hash, const assay::seed& seed) {
  constexpr std::uint32_t width = 300, sketch = 9, rows = 40;
  const auto map = assay::hadamard_projection::derive(seed, width, sketch).value();
  const assay::gaussian_settings settings{assay::gaussian_draws::torch_cpu, assay::gaussian_numerics::fp32, 42, 0};
  const auto gaussian = assay::gaussian_projection::derive(settings, width, sketch).value();
  assay::random_stream stream(seed, "rows");
  std::vector<float> row(width), sketches(2 * rows * sketch), scratch(map.scratch_size());
  for (std::uint32_t r = 0; r < rows; ++r) {
    for (float& x : row) x = static_cast<float>(stream.normal());
    const auto out = std::span(sketches).subspan(r * sketch, sketch);
    map.project(row, out, scratch);
    gaussian.project(row, std::span(sketches).subspan((rows + r) * sketch, sketch), scratch);
  }
  for (const auto type : {assay::dtype::i4, assay::dtype::i8, assay::dtype::i16})
    for (const auto rule : {assay::beyond_range::saturate, assay::beyond_range::wrap})
      for (const std::uint32_t window : {1u, 7u}) {
        auto sum = assay::sketch_sum::make(seed, sketch, window, {type, 0.013f, rule}, 2 * rows).value();
        if (sum.add(0, sketches)) hash.update(sum.encode(2 * rows).value());
      }
}

assay::digest TRANSCRIPT() {
  assay::sha256 hash;
  const auto absorb = [&](std::uint64_t value) {
    std::byte bytes[8];
    assay::store_le(bytes, value);
    hash.update(bytes);
  };
  const assay::seed seed = assay::derive_seed(assay::seed{}, "two_flags");
  const assay::noise_key key = assay::derive_noise_key(seed);
  for (std::uint32_t i = 0; i < 20000; ++i) {
    absorb(std::bit_cast<std::uint64_t>(assay::gumbel_noise(key, i, assay::token_id{7 * i})));
    absorb(std::bit_cast<std::uint64_t>(assay::exponential_noise(key, i, assay::token_id{i})));
  }
  assay::random_stream stream(seed, "two_flags");
  for (int i = 0; i < 20000; ++i) {
    absorb(stream.below(1000003));
    absorb(std::bit_cast<std::uint64_t>(stream.exponential()));
  }
  absorb_fingerprints(hash, seed);
  return hash.finish();
}
