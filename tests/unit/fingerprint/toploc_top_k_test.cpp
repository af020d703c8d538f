// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <assay/fingerprint/toploc_top_k.hpp>

#include "support/toploc_rows.hpp"

using namespace assay;
using namespace assay_tests;
using toploc::tie_policy;
using toploc::detail::entry;

namespace {

toploc::selection select(const bf16_codes& codes, const toploc::settings& how, std::size_t piece = 0) {
  toploc::top_k_selector selector{how};
  toploc::selection out;
  const auto bytes = std::as_bytes(std::span{codes});
  for (std::size_t at = 0; at < bytes.size(); at += piece == 0 ? bytes.size() : 2 * piece)
    REQUIRE(selector.push(bytes.subspan(at, std::min(piece == 0 ? bytes.size() : 2 * piece, bytes.size() - at))));
  REQUIRE(selector.finish(out));
  CHECK(selector.elements() == 0);
  return out;
}

/// By sorting: larger magnitudes first, NaNs before all, then lower positions.
std::vector<std::uint32_t> lowest_positions(const bf16_codes& codes, std::size_t k) {
  std::vector<std::uint32_t> order(codes.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return toploc::detail::rank_of(codes[a]) > toploc::detail::rank_of(codes[b]);
  });
  order.resize(k);
  std::sort(order.begin(), order.end());
  return order;
}

#if defined(__GLIBCXX__)
/// What PyTorch does, with the standard library's own algorithms.
std::vector<std::uint32_t> library_positions(const bf16_codes& codes, std::size_t k) {
  std::vector<std::pair<std::uint16_t, std::uint32_t>> queue;
  for (std::size_t i = 0; i < codes.size(); ++i)
    queue.emplace_back(toploc::detail::rank_of(codes[i]), static_cast<std::uint32_t>(i));
  const auto before = [](const auto& a, const auto& b) { return a.first > b.first; };
  const auto middle = queue.begin() + static_cast<std::ptrdiff_t>(k);
  if (64 * k <= codes.size()) std::partial_sort(queue.begin(), middle, queue.end(), before);
  else std::nth_element(queue.begin(), middle - 1, queue.end(), before);
  std::vector<std::uint32_t> positions;
  for (auto at = queue.begin(); at != middle; ++at) positions.push_back(at->second);
  std::sort(positions.begin(), positions.end());
  return positions;
}
#endif

const char* const kinds[] = {"normal", "heavy", "coarse", "sparse", "tiny", "constant", "ramp", "special", "raw"};

}  // namespace

TEST_CASE("toploc top-k: lowest positions win ties, by one of the policies", "[fingerprint][toploc]") {
  for (std::uint64_t seed = 0; seed < 180; ++seed) {
    const std::size_t n = 1 + splitmix_word(seed, 0) % 3000,
                      k = 1 + splitmix_word(seed, 1) % std::min<std::size_t>(n, 150);
    const auto codes = toploc_codes(kinds[seed % 9], seed, n, 64);
    const auto chosen = select(
        codes, {.top_k = static_cast<std::uint32_t>(k), .ties = tie_policy::lowest_index, .allow_non_finite = true});
    REQUIRE(chosen.positions == lowest_positions(codes, k));
    REQUIRE(chosen.elements == n);
    for (std::size_t i = 0; i < k; ++i) REQUIRE(chosen.codes[i] == codes[chosen.positions[i]]);
  }
}

#if defined(__GLIBCXX__)
TEST_CASE("toploc top-k: PyTorch's choice is that of libstdc++'s algorithms", "[fingerprint][toploc]") {
  for (std::uint64_t seed = 0; seed < 360; ++seed) {
    const std::size_t n = 1 + splitmix_word(seed, 0) % 5000,
                      k = 1 + splitmix_word(seed, 1) % std::min<std::size_t>(n, 150);
    const auto codes = toploc_codes(kinds[seed % 9], seed, n, 64);
    const auto chosen = select(codes, {.top_k = static_cast<std::uint32_t>(k), .allow_non_finite = true});
    REQUIRE(chosen.positions == library_positions(codes, k));
  }
  for (std::uint32_t n : {1u, 2u, 3u, 4u, 5u, 6u})  // the shortest ones, in every order of few values
    for (std::uint32_t k = 1; k <= n; ++k)
      for (std::uint32_t word = 0; word < (1u << (2 * n)); ++word) {
        bf16_codes codes(n);
        for (std::uint32_t i = 0; i < n; ++i) codes[i] = static_cast<std::uint16_t>(0x4000 + (word >> (2 * i) & 3));
        REQUIRE(select(codes, {.top_k = k}).positions == library_positions(codes, k));
      }
}

TEST_CASE("toploc top-k: the selection's fallback for bad pivots is that of libstdc++", "[fingerprint][toploc]") {
  // D. Musser's sequence on which every median of three is the second largest: pivots are bad until the depth runs out.
  for (std::size_t half : {50u, 500u, 2000u}) {
    bf16_codes codes(2 * half);
    for (std::size_t i = 1; i <= half; ++i) {
      codes[i - 1] = static_cast<std::uint16_t>(0x4800 - (i % 2 == 1 ? i : half + i - 1));
      codes[half + i - 1] = static_cast<std::uint16_t>(0x4800 - 2 * i);
    }
    auto tied = codes;  // in pairs, so that it shows which of them are taken
    for (auto& c : tied) c = static_cast<std::uint16_t>(0x4800 - (0x4800 - c) / 2);
    for (std::size_t k = half / 8; k < 2 * half; k += half / 8) {
      REQUIRE(select(codes, {.top_k = static_cast<std::uint32_t>(k)}).positions == library_positions(codes, k));
      REQUIRE(select(tied, {.top_k = static_cast<std::uint32_t>(k)}).positions == library_positions(tied, k));
    }
  }
}
#endif

TEST_CASE("toploc top-k: pieces of any size give the same selection", "[fingerprint][toploc]") {
  const auto codes = toploc_codes("coarse", 9, 3000, 64);
  for (const auto ties : {tie_policy::torch_cpu, tie_policy::lowest_index})
    for (const std::uint32_t k : {1u, 20u, 46u, 47u, 200u}) {  // 64 k around the chunk's size
      const auto whole = select(codes, {.top_k = k, .ties = ties});
      for (std::size_t piece : {1u, 7u, 64u, 1000u, 2999u})
        CHECK(select(codes, {.top_k = k, .ties = ties}, piece).positions == whole.positions);
    }
}

TEST_CASE("toploc top-k: entries that are no numbers", "[fingerprint][toploc]") {
  toploc::selection out;
  for (const std::uint16_t bad : bf16_codes{0x7f80, 0xff80, 0x7fc0, 0xffff, 0x7f81})
    for (const std::size_t at : {0u, 3u, 4u, 100u, 299u}) {
      bf16_codes codes(300, 0x4000);
      codes[at] = bad;
      toploc::top_k_selector strict{{.top_k = 4}};
      const auto pushed = strict.push(std::as_bytes(std::span{codes}));
      REQUIRE_FALSE(pushed);
      CHECK(pushed.error().code == errc::non_finite);
      CHECK(pushed.error().where == at);
      const auto chosen = select(codes, {.top_k = 1, .allow_non_finite = true});
      CHECK(chosen.positions == std::vector<std::uint32_t>{static_cast<std::uint32_t>(at)});
      CHECK(chosen.codes[0] == bad);
    }
}

TEST_CASE("toploc top-k: chunks whose positions do not fit 31 bits are refused before they are read",
          "[fingerprint][toploc]") {
  toploc::top_k_selector selector{{.top_k = 1}};
  const bf16_codes one{0x4000};
  REQUIRE(selector.push(std::as_bytes(std::span{one})));
  const byte_view too_many{std::as_bytes(std::span{one}).data(), std::size_t{2} * 0x7fffffff};
  CHECK(selector.push(too_many).error().code == errc::unsupported);
}

TEST_CASE("toploc top-k: few entries, odd addresses, many chunks", "[fingerprint][toploc]") {
  toploc::top_k_selector selector{{.top_k = 3}};
  toploc::selection out;
  CHECK(selector.finish(out).error().code == errc::empty);
  const bf16_codes two{0x4000, 0x4100}, three{0x4000, 0xc100, 0x0000};
  REQUIRE(selector.push(std::as_bytes(std::span{two})));
  const auto short_chunk = selector.finish(out);
  CHECK(short_chunk.error().code == errc::empty);
  CHECK(short_chunk.error().where == 2);
  std::vector<std::byte> shifted(7);
  std::copy_n(std::as_bytes(std::span{three}).begin(), 6, shifted.begin() + 1);
  REQUIRE(selector.push(std::span{shifted}.subspan(1)));
  REQUIRE(selector.finish(out));
  CHECK(out.positions == std::vector<std::uint32_t>{0, 1, 2});
  CHECK(out.codes == three);
}
