// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/hash/transcript.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace assay;

namespace {

std::string hex(const digest& d) {
  const auto text = to_hex(d);
  return std::string(text.data(), text.size());
}

digest filled(unsigned char byte) {
  digest d;
  d.bytes.fill(static_cast<std::byte>(byte));
  return d;
}

// One item as data, so that lists can be drawn at random.
struct item {
  int type;  // 0 u64, 1 bytes, 2 digest, 3 text, 4 challenge
  std::string label, payload;
  friend auto operator<=>(const item&, const item&) = default;
};

digest hash_of(const std::vector<item>& items, bool other_domain = false) {
  transcript t{other_domain ? domains::run : domains::receipt};
  for (const item& i : items) switch (i.type) {
      case 0: t.u64(i.label, i.payload.size()); break;
      case 1: t.bytes(i.label, as_bytes(i.payload)); break;
      case 2: t.digest(i.label, filled(static_cast<unsigned char>(i.payload.size()))); break;
      case 3: t.text(i.label, i.payload); break;
      default: (void)t.challenge(i.label);
    }
  return t.finish();
}

}  // namespace

TEST_CASE("transcript: golden digests, from the documented byte format", "[hash]") {
  // Computed with Python's struct and hashlib from the format in the header.
  transcript t{domains::receipt};
  const std::array<std::byte, 2> raw = {std::byte{0}, std::byte{1}};
  t.u64("count", 7).text("name", "llama").bytes("raw", raw).digest("root", filled(0xab));
  CHECK(hex(t.finish()) == "8817e3eb12ca1f46a289b3c75ef233d878c0f66baaa385ba2590ff96177e4ab7");
  CHECK(hex(t.finish()) == "8817e3eb12ca1f46a289b3c75ef233d878c0f66baaa385ba2590ff96177e4ab7");
  CHECK(hex(t.challenge("places")) == "12a3a9a76ce6e72ca04d59c5ff87412111059e9d0ad12a665877afdbccf3bfd8");
}

TEST_CASE("transcript: every part of an item matters", "[hash]") {
  const std::vector<item> base = {{1, "a", "xy"}, {1, "b", "z"}};
  const std::vector<std::vector<item>> others = {
      {{1, "a", "x"}, {1, "b", "yz"}},              // payload split elsewhere
      {{1, "ax", "y"}, {1, "b", "z"}},              // label and payload shifted
      {{3, "a", "xy"}, {1, "b", "z"}},              // another type, same bytes
      {{1, "b", "z"}, {1, "a", "xy"}},              // another order
      {{1, "a", "xyz"}},                            // joined
      {{1, "a", "xy"}, {1, "b", "z"}, {1, "c", ""}},// longer
      {{1, "a", "xy"}},                             // a prefix
      {{1, "a", "xy"}, {4, "b", ""}, {1, "b", "z"}},// a challenge in between
  };
  for (const auto& other : others) CHECK(hash_of(base) != hash_of(other));
  CHECK(hash_of(base) != hash_of(base, true));
}

TEST_CASE("transcript: random lists of items collide only when they are equal", "[hash]") {
  std::uint64_t state = 1;
  const auto draw = [&](std::uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  std::map<std::vector<item>, digest> by_list;
  std::map<digest, std::vector<item>> by_digest;
  for (int round = 0; round < 20000; ++round) {
    std::vector<item> items(draw(4));
    for (item& i : items) {
      i.type = static_cast<int>(draw(5));
      i.label = std::string(1 + draw(2), static_cast<char>(draw(3)));  // bytes that look like the framing's own
      if (i.type != 4) i.payload = std::string(draw(3), static_cast<char>(draw(2)));
      if (i.type == 0 || i.type == 2) i.payload = std::string(i.payload.size(), 'x');  // only the size is used
    }
    const digest d = hash_of(items);
    if (auto [known, is_new] = by_list.emplace(items, d); !is_new) REQUIRE(known->second == d);
    if (auto [known, is_new] = by_digest.emplace(d, items); !is_new) REQUIRE(known->second == items);
  }
  CHECK(by_list.size() > 5000);
}

namespace {
[[noreturn]] void throwing_handler(const char* condition, const char*, int) { throw std::string(condition); }
}  // namespace

TEST_CASE("transcript: labels have 1 to 255 characters", "[hash]") {
  auto* previous = set_contract_handler(throwing_handler);
  transcript t{domains::run};
  CHECK_THROWS_AS(t.u64("", 1), std::string);
  CHECK_THROWS_AS(t.u64(std::string(256, 'x'), 1), std::string);
  CHECK_NOTHROW(t.u64(std::string(255, 'x'), 1));
  set_contract_handler(previous);
}
