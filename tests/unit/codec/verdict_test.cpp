// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/verdict.hpp>

#include "laws.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

verdict any_verdict(std::uint64_t number) {
  arbitrary any{number};
  verdict v;
  v.decision = static_cast<outcome>(1 + any.below(3));
  v.level = static_cast<audit_level>(any.below(4));
  constexpr auto reasons = codec::enum_names<reason>::all;
  v.why = v.decision == outcome::reject ? reasons[1 + any.below(reasons.size() - 1)].first : reason::none;
  v.place = {position{any.u32()}, layer_index{any.u32()}, static_cast<channel>(any.below(channel_count))};
  v.expected = any.positive_double();
  v.got = any.coin() ? any.positive_double() : std::numeric_limits<double>::infinity();
  v.p_value = any.share();
  v.e_value = any.positive_double();
  v.tokens = any.u64();
  v.opened_bytes = any.u64();
  v.need_tokens = any.u64();
  return v;
}

}  // namespace

TEST_CASE("codec verdict: a round trip keeps every bit", "[codec]") {
  for (std::uint64_t i = 0; i < 200; ++i) {
    const verdict v = any_verdict(i), read = check_round_trip(v);
    CHECK(std::bit_cast<std::uint64_t>(read.expected) == std::bit_cast<std::uint64_t>(v.expected));
    CHECK(std::bit_cast<std::uint64_t>(read.got) == std::bit_cast<std::uint64_t>(v.got));
    CHECK(std::bit_cast<std::uint64_t>(read.p_value) == std::bit_cast<std::uint64_t>(v.p_value));
    CHECK(read.why == v.why);
  }
}

TEST_CASE("codec verdict: every field is required, typed and alone", "[codec]") {
  verdict v = any_verdict(1);
  v.got = 2.5;
  check_laws(v);
}

TEST_CASE("codec verdict: every enumerator has its name", "[codec]") {
  const auto check = [](auto first, std::uint32_t count) {
    using E = decltype(first);
    for (std::uint32_t i = 0; i < count; ++i) {
      const json encoded = codec::value_format<E>::encode(static_cast<E>(i), codec::carrier::json);
      CHECK(encoded == name(static_cast<E>(i)));
    }
  };
  check(outcome{}, 256);
  check(reason{}, 1000);
  check(channel{}, 256);
}

TEST_CASE("codec verdict: contradictions are refused, infinity is a value", "[codec]") {
  verdict v;
  v.why = reason::bad_opening;
  CHECK(json_error<verdict>(codec::to_json_text(v)) == errc::invalid_settings);
  v.decision = outcome::reject;
  CHECK(json_error<verdict>(codec::to_json_text(v)) == errc{});
  v.p_value = 1.5;
  CHECK(json_error<verdict>(codec::to_json_text(v)) == errc::out_of_range);
  v.p_value = std::numeric_limits<double>::quiet_NaN();
  CHECK(json_error<verdict>(codec::to_json_text(v)) == errc::non_finite);
  v.p_value = 1;
  v.e_value = std::numeric_limits<double>::infinity();
  CHECK(json_error<verdict>(codec::to_json_text(v)) == errc{});
  CHECK(cbor_error<verdict>(codec::to_cbor(v)) == errc{});
  v.e_value = -v.e_value;
  CHECK(json_error<verdict>(codec::to_json_text(v)) == errc::non_finite);
}
