// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A digest over results that two parties must agree on, however each compiled the library.
#include <bit>
#include <cstdint>

#include <assay/core/ids.hpp>
#include <assay/hash/sha256.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/seed.hpp>
#include <assay/random/stream.hpp>

assay::digest TRANSCRIPT();

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
  return hash.finish();
}
