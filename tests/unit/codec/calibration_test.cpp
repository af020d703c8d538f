// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/calibration.hpp>

#include <algorithm>

#include "laws.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

double moderate(arbitrary& any) { return 1e-9 + 1000 * any.share(); }

calibration any_calibration(std::uint64_t number) {
  arbitrary any{number};
  calibration c;
  c.run.value = any.digest();
  c.opened = {any.u32(), any.u32()};
  if (number % 2 == 0) c.opened.recheck = {{layer_index{1}, layer_index{4}}, 2, 8, 512};
  for (std::size_t i = 0; i < channel_count; ++i) {
    channel_calibration& each = c.channels[i];
    each.present = i == 0 || any.coin();
    if (!each.present) continue;
    each.caps.resize(i == 2 || i == 4 ? 1 + any.below(40) : 1);
    for (double& cap : each.caps) cap = moderate(any);
    for (auto& s : each.statistics) {
      s.scale = moderate(any);
      for (double& bound : s.bounds) bound = any.share();
    }
  }
  c.honest_deviations.resize(4 + any.below(100));
  for (double& d : c.honest_deviations) d = any.coin() ? any.share() : any.positive_double();
  std::sort(c.honest_deviations.begin(), c.honest_deviations.end());
  c.confidence = any.share();
  return c;
}

const std::set<std::string> nullable = {"/channels/head", "/channels/tokens", "/channels/states",
                                        "/channels/rows", "/channels/blocks", "/opened/recheck"};

}  // namespace

TEST_CASE("codec calibration: a round trip keeps every bit", "[codec]") {
  for (std::uint64_t i = 0; i < 60; ++i) check_round_trip(any_calibration(i));
}

TEST_CASE("codec calibration: every field is required, typed and alone", "[codec]") {
  calibration c = any_calibration(1);
  c.channels[1] = c.channels[0];
  c.channels[2] = {}, c.channels[3] = c.channels[0];
  c.honest_deviations.resize(3);
  check_laws(c, nullable);
  CHECK(codec::to_json(c)["channels"]["states"].is_null());
  CHECK_FALSE(codec::to_json(c)["channels"]["rows"].is_null());
}

TEST_CASE("codec calibration: what a verifier could not use is refused", "[codec]") {
  const auto error_after = [](auto change) {
    calibration c = any_calibration(2);
    change(c);
    const errc code = json_error<calibration>(codec::to_json_text(c));
    CHECK(cbor_error<calibration>(codec::to_cbor(c)) == code);
    return code;
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(error_after([](calibration&) {}) == errc{});
  CHECK(error_after([](calibration& c) { c.honest_deviations.clear(); }) == errc::empty);
  CHECK(error_after([](calibration& c) { c.honest_deviations.front() = -1; }) == errc::out_of_range);
  CHECK(error_after([](calibration& c) { std::swap(c.honest_deviations.front(), c.honest_deviations.back()); }) ==
        errc::wrong_order);
  CHECK(error_after([](calibration& c) { c.honest_deviations.back() = infinity; }) == errc{});
  CHECK(error_after([](calibration& c) { c.confidence = 1; }) == errc::out_of_range);
  CHECK(error_after([](calibration& c) { c.channels[0].caps.clear(); }) == errc::length_mismatch);
  CHECK(error_after([](calibration& c) { c.channels[0].caps.push_back(1); }) == errc::length_mismatch);
  CHECK(error_after([](calibration& c) { c.channels[0].caps[0] = 0; }) == errc::out_of_range);
  CHECK(error_after([](calibration& c) { c.channels[0].caps[0] = infinity; }) == errc::out_of_range);
  CHECK(error_after([](calibration& c) { c.channels[0].statistics[1].scale = 0; }) == errc::out_of_range);
  CHECK(error_after([](calibration& c) { c.channels[0].statistics[1].bounds[2] = 1.5; }) == errc::out_of_range);
}
