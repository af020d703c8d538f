// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Laws of whole protocol runs over random runs, requests, terms and challenges.
#include <assay/protocol/audit.hpp>
#include <assay/protocol/prover.hpp>
#include <assay/protocol/wire.hpp>

#include <algorithm>
#include <bit>
#include <vector>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

struct world {
  toy_settings toy;
  run_description run;
  request asked;
  challenge_terms terms;
  verification_policy policy;
  std::uint64_t public_round = 0;
};

template <class T, std::size_t N>
T one_of(random_stream& draw, const T (&choices)[N]) {
  return choices[draw.below(N)];
}

world draw_world(random_stream& draw, std::uint64_t index) {
  world w;
  w.toy.width = static_cast<std::uint32_t>(1 + draw.below(48));
  w.toy.checkpoints = static_cast<std::uint32_t>(1 + draw.below(4));
  w.run = toy_run(w.toy);
  auto& c = w.run.commitment;
  c.sketch = static_cast<std::uint32_t>(1 + draw.below(std::bit_ceil(w.toy.width)));
  c.sketch_type = one_of(draw, {dtype::i8, dtype::i16});
  c.row_type = one_of(draw, {dtype::bf16, dtype::f16, dtype::f32});
  c.fan_out = one_of(draw, {2u, 3u, 4u, 16u, 256u});
  for (float& step : c.steps) step = one_of(draw, {1e-4f, 0.01f, 1.0f});
  w.run.sampler.filters.sampler = {one_of(draw, {0.0f, 0.7f, 1.0f}), one_of(draw, {0u, 5u}), one_of(draw, {1.0f, 0.9f})};
  w.asked = toy_request(index, static_cast<std::uint32_t>(1 + draw.below(20)),
                        static_cast<std::uint32_t>(1 + draw.below(12)));
  if (draw.below(2) == 0) {
    w.terms.source = challenge_source::beacon;
    w.terms.beacon.bytes[3] = std::byte{1}, w.policy.trusted_beacon = w.terms.beacon;
    w.public_round = 1 + draw.below(1000), w.terms.round = w.public_round + 1 + draw.below(1000);
  }
  w.policy.required = one_of(draw, {audit_level::receipt, audit_level::lm_head, audit_level::model});
  const std::uint32_t least = w.policy.required == audit_level::model ? 1 : 0;
  w.policy.opened = {least + static_cast<std::uint32_t>(draw.below(20)), static_cast<std::uint32_t>(1 + draw.below(6))};
  return w;
}

}  // namespace

TEST_CASE("protocol law: the honest are never in breach, and exact arithmetic scores zero", "[protocol]") {
  random_stream draw{seed_of(1), "law honest"};
  for (std::uint64_t i = 0; i < 150; ++i) {
    const world w = draw_world(draw, i);
    INFO("world " << i << " width " << w.toy.width << " row type " << name(w.run.commitment.row_type));
    const toy_engine engine{w.toy};
    const toy_answer answer = must(serve(engine, w.run, w.asked, w.terms));
    const audit a = inspect(w.policy, w.run, w.asked, answer, engine, w.public_round, draw.next_u64());
    REQUIRE_FALSE(a.breached());
    CHECK(a.level() == w.policy.required);
    for (channel c : {channel::tokens, channel::states, channel::rows})
      for (const score_at& s : a.evidence().of(c)) CHECK(s.score == 0);
    if (w.run.commitment.row_type == dtype::f32)
      for (const score_at& s : a.evidence().of(channel::head)) CHECK(s.score == 0);
  }
}

TEST_CASE("protocol law: objects survive their encodings", "[protocol]") {
  random_stream draw{seed_of(2), "law encodings"};
  for (std::uint64_t i = 0; i < 100; ++i) {
    const world w = draw_world(draw, i);
    const toy_answer answer = must(serve(toy_engine{w.toy}, w.run, w.asked, w.terms));
    CHECK(must(parse_receipt(encode(answer.receipt))) == answer.receipt);
    const challenge asked{digest_of(answer.receipt), seed_of(i), w.policy.opened};
    CHECK(must(parse_challenge(encode(asked))) == asked);
    const auto places = must(expand(asked, answer.receipt));
    const auto set = must(answer.prover.open(asked));
    const auto bytes = encode(set, w.run, answer.receipt);
    const auto parsed = must(parse_openings(merkle{}, bytes, w.run, answer.receipt, asked, places));
    CHECK(parsed == set);
    CHECK(encode(parsed, w.run, answer.receipt) == bytes);
  }
}

TEST_CASE("protocol law: no change of the openings' bytes verifies", "[protocol]") {
  random_stream draw{seed_of(3), "law changes"};
  for (std::uint64_t i = 0; i < 60; ++i) {
    world w = draw_world(draw, i);
    w.policy.required = audit_level::receipt;
    const toy_answer answer = must(serve(toy_engine{w.toy}, w.run, w.asked, w.terms));
    const audit begun = must(audit::begin(w.policy, w.run, w.asked, answer.output, answer.receipt, w.public_round));
    const challenge asked = must(begun.draw_challenge(seed_of(i)));
    const auto good = open_encoded(answer, w.run, asked);
    for (int change = 0; change < 40; ++change) {
      auto bad = good;
      const std::size_t at = draw.below(bad.size());
      switch (draw.below(4)) {
        case 0: bad[at] ^= static_cast<std::byte>(1u << draw.below(8)); break;
        case 1: bad.resize(at); break;
        case 2:
          bad.insert(bad.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::byte>(draw.next_u32()));
          break;
        default: bad.erase(bad.begin() + static_cast<std::ptrdiff_t>(at)); break;
      }
      audit a = begun;
      must(a.check_openings(asked, bad));
      CHECK(a.breached().has_value());
      CHECK_FALSE(a.openings_verified());
    }
  }
}

TEST_CASE("protocol law: a receipt does not depend on how the engine batches", "[protocol]") {
  random_stream draw{seed_of(4), "law batches"};
  for (std::uint64_t i = 0; i < 40; ++i) {
    const world w = draw_world(draw, i);
    const toy_engine engine{w.toy};
    const toy_answer answer = must(serve(engine, w.run, w.asked, w.terms));
    const std::uint32_t positions = observed_positions(answer.receipt), layers = w.run.model.checkpoints;
    struct item {
      std::uint32_t layer, at;
    };
    std::vector<item> all;
    for (std::uint32_t l = 0; l < layers; ++l)
      for (std::uint32_t p = 0; p < positions; ++p) all.push_back({l, p});
    for (std::size_t n = all.size(); n > 1; --n) std::swap(all[n - 1], all[draw.below(n)]);

    prover again = must(prover::start(w.run, w.asked, sequence_id{5}));
    const toy_reference states{engine, w.asked.prompt, answer.output};
    while (!all.empty()) {  // a batch: some rows of the layer that comes next, mixed with strangers and padding
      const std::uint32_t layer = all.back().layer;
      std::vector<row_location> where;
      std::vector<float> rows;
      const std::size_t most = 1 + draw.below(6);
      for (std::size_t n = all.size(); n-- > 0 && where.size() < most;) {
        if (all[n].layer != layer) continue;
        const std::uint64_t kind = draw.below(4);
        if (kind == 0) where.push_back({draw.below(2) == 0 ? ignored_row : sequence_id{6}, position{all[n].at}});
        else where.push_back({sequence_id{5}, position{all[n].at}});
        rows.resize(where.size() * w.toy.width, 1e30f);
        if (kind == 0) continue;
        must(states(layer_index{layer}, position{all[n].at}, std::span{rows}.last(w.toy.width)));
        if (kind != 1) all.erase(all.begin() + static_cast<std::ptrdiff_t>(n));  // kind 1: will be seen once more
      }
      must(again.observe(layer_index{layer},
                         matrix_view(rows.data(), static_cast<std::int64_t>(where.size()), w.toy.width),
                         row_map::of(where)));
    }
    for (std::uint32_t t = 0; t < answer.output.size(); ++t)
      must(again.sampled(position{static_cast<std::uint32_t>(w.asked.prompt.size()) + t}, answer.output[t]));
    CHECK(must(again.seal(w.terms)) == answer.receipt);
  }
}

TEST_CASE("protocol law: every checkpoint and every output can be challenged", "[protocol]") {
  random_stream draw{seed_of(5), "law coverage"};
  for (std::uint64_t i = 0; i < 30; ++i) {
    const world w = draw_world(draw, i);
    const toy_answer answer = must(serve(toy_engine{w.toy}, w.run, w.asked, w.terms));
    const challenge everything{digest_of(answer.receipt), seed_of(i), {~0u, ~0u}};
    const auto wanted = coordinates_of(w.run, answer.receipt, must(expand(everything, answer.receipt)));
    CHECK(wanted.states.size() == observed_positions(answer.receipt));
    CHECK(wanted.final_rows.size() == answer.output.size());
    const auto opened = must(verify_openings(merkle{}, w.run, answer.receipt, must(expand(everything, answer.receipt)),
                                             must(answer.prover.open(everything, 0, everything.size))));
    CHECK(opened.states.size() == wanted.states.size());
    const auto& c = w.run.commitment;
    for (const opened_state& s : opened.states)
      CHECK(s.fingerprints.size() == std::size_t{w.run.model.checkpoints} * c.sketch * size_of(c.sketch_type));
    CHECK(opened.final_rows.back().at.value == observed_positions(answer.receipt) - 1);
  }
}
