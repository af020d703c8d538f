// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/hash/sha256.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../core/throwing_contract.hpp"
#include "support/catch.hpp"

using namespace assay;

namespace {

std::string hex(const digest& d) {
  const auto text = to_hex(d);
  return std::string(text.data(), text.size());
}

std::vector<std::byte> pattern(std::size_t n) {
  std::vector<std::byte> bytes(n);
  for (std::size_t i = 0; i < n; ++i) bytes[i] = static_cast<std::byte>((i * 7 + n) & 255);
  return bytes;
}

template <class Hash>
void check_standard_vectors() {
  const auto of = [](std::string_view text) { return hex(Hash{}.update(as_bytes(text)).finish()); };
  CHECK(of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(of("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnop"
           "qrstu") == "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(of(std::string(1000000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// Digest of the digests of all pattern(n), n = 0..130; computed with Python's hashlib.
constexpr std::string_view all_short_lengths = "969b9f993f9c27e8424a46288c5b7999eee502a7befa92cad6cfef1034d76c51";

template <class Hash>
std::string digest_of_short_lengths() {
  Hash all;
  for (std::size_t n = 0; n <= 130; ++n) all.update(Hash{}.finish(pattern(n)).bytes);
  return hex(all.finish());
}

// Prefixes of every kind (none, within a block, whole blocks, both) and tails up to 300 bytes, at odd addresses.
template <class Hash>
void check_finish_two() {
  for (const std::size_t prefix : {0u, 1u, 5u, 55u, 56u, 63u, 64u, 69u, 128u, 150u}) {
    const auto x = pattern(prefix), y = pattern(prefix + 1);
    Hash a, b;
    a.update(x), b.update(byte_view{y}.subspan(1));
    sha256_ref slow_a, slow_b;
    slow_a.update(x), slow_b.update(byte_view{y}.subspan(1));
    for (std::size_t n = 0; n <= 300; ++n) {
      const auto first = pattern(n + 1), second = pattern(n + 3);
      const byte_view tail_a = byte_view{first}.subspan(1), tail_b = byte_view{second}.subspan(3);
      const auto both = finish_two(a, tail_a, b, tail_b);
      REQUIRE(both == std::array{slow_a.finish(tail_a), slow_b.finish(tail_b)});
      REQUIRE(finish_two(a, tail_b, a, tail_a) == std::array{slow_a.finish(tail_b), slow_a.finish(tail_a)});
      REQUIRE(a.finish(tail_a) == both[0]);
    }
  }
}

}  // namespace

TEST_CASE("sha256: FIPS 180-4 vectors", "[hash]") {
  check_standard_vectors<sha256>();
  check_standard_vectors<sha256_ref>();
}

TEST_CASE("sha256: lengths around every padding boundary", "[hash]") {
  CHECK(digest_of_short_lengths<sha256>() == all_short_lengths);
  CHECK(digest_of_short_lengths<sha256_ref>() == all_short_lengths);
}

TEST_CASE("sha256: the fast kernel equals the reference", "[hash]") {
#if ASSAY_X86_64
  if (!detail::cpu_has_sha256()) WARN("this CPU has no SHA extensions: only the portable kernel ran");
#endif
  detail::sha256_state fast = detail::sha256_initial, ref = fast;
  for (std::size_t blocks = 0; blocks < 20; ++blocks) {
    const auto input = pattern(64 * blocks + 3);  // odd address below: no alignment is assumed
    detail::sha256_best_kernel::compress(fast, input.data() + 3, blocks);
    detail::sha256_compress_ref(ref, input.data() + 3, blocks);
    REQUIRE(fast == ref);
  }
}

TEST_CASE("sha256: two messages side by side do not meet", "[hash]") {
  detail::sha256_state fast_a = detail::sha256_initial, fast_b = fast_a, ref_a = fast_a, ref_b = fast_a;
  fast_b[7] = ref_b[7] = 1;
  detail::sha256_state portable_a = ref_a, portable_b = ref_b;
  for (std::size_t blocks = 0; blocks < 20; ++blocks) {
    const auto a = pattern(64 * blocks + 3), b = pattern(64 * blocks + 5);
    detail::sha256_best_kernel::compress_two(fast_a, a.data() + 3, fast_b, b.data() + 5, blocks);
    detail::sha256_portable_kernel::compress_two(portable_a, a.data() + 3, portable_b, b.data() + 5, blocks);
    detail::sha256_compress_ref(ref_a, a.data() + 3, blocks);
    detail::sha256_compress_ref(ref_b, b.data() + 5, blocks);
    REQUIRE(fast_a == ref_a);
    REQUIRE(fast_b == ref_b);
    REQUIRE(portable_a == ref_a);
    REQUIRE(portable_b == ref_b);
  }
}

TEST_CASE("sha256: finishing two messages at once equals finishing each", "[hash]") {
  check_finish_two<sha256>();
  check_finish_two<sha256_ref>();
}

TEST_CASE("sha256: messages of unequal length are not finished together", "[hash]") {
  const throwing_contract guard;
  const auto bytes = pattern(10);
  sha256 longer;
  longer.update(bytes);
  CHECK_THROWS_AS(static_cast<void>(finish_two(sha256{}, {}, longer, {})), broken_contract);
  CHECK_THROWS_AS(static_cast<void>(finish_two(longer, {}, longer, bytes)), broken_contract);
}

TEST_CASE("sha256: any split of a message gives the same digest", "[hash]") {
  const auto message = pattern(200);
  const digest whole = sha256_of(message);
  for (std::size_t first = 0; first <= 200; ++first)
    for (std::size_t second = first; second <= 200; second += 13) {
      sha256 h;
      h.update(byte_view{message}.first(first)).update(byte_view{message}.subspan(first, second - first));
      REQUIRE(h.finish(byte_view{message}.subspan(second)) == whole);
      h.update(byte_view{message}.subspan(second));
      REQUIRE(h.finish() == whole);
    }
}

TEST_CASE("sha256: a copy is a midstate and finishing changes nothing", "[hash]") {
  const auto message = pattern(150);
  sha256 prefix;
  prefix.update(byte_view{message}.first(70));
  (void)prefix.finish();
  sha256 copy = prefix;
  copy.update(byte_view{message}.subspan(70));
  CHECK(copy.finish() == sha256_of(message));
  CHECK(prefix.finish() == sha256_of(byte_view{message}.first(70)));
}
