// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/protocol/verdict.hpp>

#include <set>
#include <string>

#include "support/catch.hpp"

using namespace assay;

TEST_CASE("verdict: every reason, outcome and channel has a name of its own", "[protocol]") {
  std::set<std::string> names;
  for (unsigned i = 0; i <= 13; ++i) names.insert(name(static_cast<reason>(i)));
  names.insert(name(reason::request_outlier));
  names.insert(name(reason::session_evidence));
  CHECK(names.size() == 16);
  CHECK(names.count("unknown") == 0);
  CHECK(std::string(name(static_cast<reason>(999))) == "unknown");
  const std::set<std::string> outcomes{name(outcome::accept), name(outcome::reject), name(outcome::inconclusive),
                                       name(static_cast<outcome>(0))};
  CHECK(outcomes == std::set<std::string>{"accept", "reject", "inconclusive", "unknown"});
  const std::set<std::string> channels{name(channel::head), name(channel::tokens), name(channel::states),
                                       name(channel::rows), name(static_cast<channel>(channel_count))};
  CHECK(channels == std::set<std::string>{"head", "tokens", "states", "rows", "unknown"});
}

TEST_CASE("verdict: by default nothing is decided", "[protocol]") {
  const verdict v;
  CHECK(v.decision == outcome::inconclusive);
  CHECK(v.why == reason::none);
  CHECK(v.p_value == 1);
  CHECK(v.e_value == 1);
}
