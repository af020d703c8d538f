// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/prefix_uniform.hpp>

#include <vector>

#include <assay/hash/xxh3.hpp>
#include <assay/random/stream.hpp>
#include <assay/random/torch_cuda_noise.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("prefix hash: equals xxHash's XXH64 at every length", "[token]") {
  random_stream r(seed{}, "prefix hash");
  for (std::uint64_t seed_value : {std::uint64_t{0}, std::uint64_t{42}, ~std::uint64_t{0}}) {
    token_prefix_hash hash(seed_value);
    std::vector<std::byte> bytes;
    for (int i = 0; i < 200; ++i) {
      REQUIRE(hash.value() == xxh64_of(bytes, seed_value).value);
      const token_id id{r.next_u32()};
      hash.append(id);
      for (int b = 0; b < 4; ++b) bytes.push_back(static_cast<std::byte>(id.value >> 8 * b));
    }
  }
  CHECK(token_prefix_hash(0).value() == 0xef46db3751d8e999u);  // published: XXH64 of nothing
}

TEST_CASE("prefix uniform: the first torch.rand of well-known seeds", "[token]") {
  CHECK(first_torch_cpu_uniform(42) == Approx(0.8823).margin(5e-5));
  CHECK(first_torch_cpu_uniform(0) == Approx(0.4963).margin(5e-5));
  CHECK(first_torch_cpu_uniform(1) == Approx(0.7576).margin(5e-5));
  CHECK(first_torch_cpu_uniform(42) == first_torch_cpu_uniform(42 + (std::uint64_t{1} << 32)));
  CHECK(first_torch_cuda_uniform(42) == Approx(0.6130).margin(5e-5));
  CHECK(first_torch_cuda_uniform(42) != first_torch_cuda_uniform(42 + (std::uint64_t{1} << 32)));
  const auto noise = *torch_cuda_float_noise::make({1, 108});
  for (std::uint32_t s = 0; s < 100; ++s)
    REQUIRE(first_torch_cuda_uniform(s) == static_cast<double>(noise.uniform({s, 0}, 0, token_id{0})));
}

TEST_CASE("prefix uniform: spread over seeds derived from growing texts", "[token]") {
  token_prefix_hash hash(7);
  double cpu = 0, cuda = 0;
  constexpr int n = 4000;
  for (std::uint32_t i = 0; i < n; ++i) {
    hash.append(token_id{i % 3});
    cpu += first_torch_cpu_uniform(hash.value());
    cuda += first_torch_cuda_uniform(hash.value());
  }
  CHECK(cpu / n == Approx(0.5).margin(0.02));
  CHECK(cuda / n == Approx(0.5).margin(0.02));
}
