// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <reference_engine/tampering.hpp>

#include "support/catch.hpp"
#include "tiny_model.hpp"

using namespace assay_tests;
using reference::kv_format;

namespace {

/// Mean absolute change of the logits against the honest engine with the same numerics.
double damage(const reference::tampering& t) {
  const auto& how = reference::honest_numerics[0];
  const auto honest = decoded(tiny().engine(), how), cheated = decoded(tiny().engine(t), how);
  double sum = 0;
  for (std::size_t i = 0; i < honest.size(); ++i)
    sum += std::abs(static_cast<double>(honest[i]) - static_cast<double>(cheated[i]));
  return sum / static_cast<double>(honest.size());
}

}  // namespace

TEST_CASE("tampering: coarser cheats do more damage", "[reference_engine]") {
  const double int8_weights = damage({.weight_bits = 8}), int4_weights = damage({.weight_bits = 4});
  const double int8_cache = damage({.kv_cache = kv_format::int8}),
               fp8_cache = damage({.kv_cache = kv_format::fp8_e4m3}),
               int4_cache = damage({.kv_cache = kv_format::int4});
  const double skipped = damage({.skipped_block = 1});
  CHECK(damage({}) == 0);
  CHECK(int8_weights > 1e-4);
  CHECK(int4_weights > 5 * int8_weights);
  CHECK(int8_cache > 1e-5);
  CHECK(fp8_cache > int8_cache);
  CHECK(int4_cache > fp8_cache);
  CHECK(skipped > int4_weights);
}

TEST_CASE("tampering: any cheat does more damage than honest f32 profiles do", "[reference_engine]") {
  const auto engine = tiny().engine();
  double honest = 0;
  for (const auto& how : reference::honest_numerics)
    if (how.activation == reference::precision::f32)
      honest = std::max(honest, largest_difference(decoded(engine, how), flat(tiny().logits)));
  CHECK(damage({.kv_cache = kv_format::int8}) > 10 * honest);
}

TEST_CASE("tampering: the engine goes on claiming the honest digest", "[reference_engine]") {
  const auto honest = tiny().engine().claimed_digest();
  CHECK(tiny().engine({.weight_bits = 4}).claimed_digest() == honest);
  CHECK(reference::digest_of(tiny().weights()) == honest);
}

TEST_CASE("tampering: groups are rounded by their own scale", "[reference_engine]") {
  std::vector<float> m{7, 3.4f, -1, 0.2f, 0.07f, 0.034f, 0, 0};
  reference::quantise_groups(m, 8, 4, 4);
  CHECK(m[0] == 7);
  CHECK(m[1] == 3);
  CHECK(m[2] == -1);
  CHECK(m[3] == 0);
  CHECK(m[4] == 0.07f);
  CHECK(m[5] == Approx(0.03f));
  CHECK(m[6] == 0);
}

TEST_CASE("tampering: settings that fit no model are errors", "[reference_engine]") {
  const auto refusal = [](const reference::tampering& t) {
    return reference::engine::assemble(tiny().weights(), t).error().code;
  };
  CHECK(refusal({.weight_bits = 5}) == assay::errc::invalid_settings);
  CHECK(refusal({.weight_bits = 4, .weight_group = 0}) == assay::errc::invalid_settings);
  CHECK(refusal({.skipped_block = 2}) == assay::errc::invalid_settings);
  CHECK(refusal({.substitute = "/nonexistent"}) == assay::errc::io_failure);
}
