// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/kept_set.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("kept set: the ids of kept_tokens with their logits, filtered or not", "[token]") {
  random_stream r(seed{}, "kept set");
  token_workspace work, other;
  for (const sampler_settings settings :
       {sampler_settings{}, {0.7f, 10, 1}, {1.3f, 0, 0.8f}, {0.5f, 30, 0.9f}, {0, 5, 1}}) {
    std::vector<float> row(200);
    for (float& l : row)
      l = r.below(20) == 0 ? -std::numeric_limits<float>::infinity() : static_cast<float>(2 * r.normal());
    const auto kept = kept_set(row, settings, work);
    REQUIRE(kept);
    std::vector<token_id> ids;
    for (std::size_t i = 0; i < kept->ids.size(); ++i) {
      const std::uint32_t id = kept->ids[i];
      ids.push_back(token_id{id});
      CHECK(kept->logits[i] == row[id]);
      CHECK(kept->scaled[i] == (settings.greedy() ? row[id] : row[id] / settings.temperature));
      CHECK(kept->scaled[i] <= kept->scaled_max);
    }
    std::sort(ids.begin(), ids.end());
    CHECK(ids == *kept_tokens(row, settings, other));
    CHECK(*std::max_element(kept->scaled.begin(), kept->scaled.end()) == kept->scaled_max);
    if (settings.top_k == 0 && settings.top_p >= 1) CHECK(std::is_sorted(kept->ids.begin(), kept->ids.end()));
    else CHECK(std::is_sorted(kept->scaled.begin(), kept->scaled.end()));
  }
}

TEST_CASE("kept set: errors come through", "[token]") {
  token_workspace work;
  const float nan = std::nanf("");
  CHECK(kept_set(std::span<const float>{}, {}, work).error().code == errc::empty);
  CHECK(kept_set(std::span<const float>(&nan, 1), {}, work).error().code == errc::non_finite);
  CHECK(kept_set(std::span<const float>(&nan, 1), {-1, 0, 1}, work).error().code == errc::invalid_settings);
  CHECK(kept_set(sparse_logits{}, {}, work).error().code == errc::empty);
}
