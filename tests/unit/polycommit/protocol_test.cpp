// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The protocol on pairing-based trees: the scheme is one field of the run and one object.
#include <assay/polycommit/kzg_commitment.hpp>
#include <assay/polycommit/pst_commitment.hpp>

#include "support/catch.hpp"
#include "support/pst.hpp"
#include "support/toy_blocks.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

/// One request from observing to a level-2 audit, with honest openings and with a bit of each kind changed. `narrow`: a
/// verifier's scheme of the same parameters, but without keys for these trees.
template <class Scheme>
void play(const Scheme& scheme, run_description run, const Scheme* narrow = nullptr) {
  run.commitment.scheme = Scheme::id, run.commitment.parameters = scheme.parameters();
  const request asked = toy_request(10, 6, 1);
  const toy_blocks model;
  auto observed = must(basic_prover<Scheme>::start(run, asked, {}, scheme));
  std::vector<float> row(run.model.width), logits(run.model.vocabulary);
  for (std::uint32_t p = 0; p < 6; ++p)
    for (std::uint32_t l = 0; l < run.model.checkpoints; ++l) {
      model.state(l, std::span{asked.prompt}.first(p + 1), row);
      must(observed.observe(layer_index{l}, std::span<const float>{row}, row_map::contiguous({}, position{p}, 1)));
    }
  token_workspace work;
  model.logits(row, logits);
  must(observed.sampled(position{6}, must(sample_token(logits, run.sampler.filters.sampler, observed.sampling_noise(), 0, work))));
  const receipt sealed = must(observed.seal());
  const auto policy = toy_blocks_policy({0, 1, 2}, 2);
  CHECK(audit::begin(policy, run, asked, observed.output(), sealed).error().code == errc::wrong_type);
  const auto begin = [&] { return must(basic_audit<Scheme>::begin(policy, run, asked, observed.output(), sealed, 0, scheme)); };
  auto seen = begin();
  const challenge c = must(seen.draw_challenge(seed_of(4)));
  const auto bytes = encode(must(observed.open(c)), run, sealed);
  must(seen.check_openings(c, bytes));
  CHECK_FALSE(seen.breached());
  must(seen.recheck_blocks(toy_block_reference{{model}}));
  CHECK(seen.evidence().of(channel::blocks).size() == 2 * 4 + 1);
  if (narrow != nullptr) {  // its own lack of keys blames nobody
    auto unable = must(basic_audit<Scheme>::begin(policy, run, asked, observed.output(), sealed, 0, *narrow));
    const auto refused = unable.check_openings(c, bytes);
    CHECK((!refused && refused.error().code == errc::unsupported));
    CHECK_FALSE(unable.breached());
    CHECK_FALSE(unable.openings_verified());
  }
  for (std::size_t at = 90; at < bytes.size(); at += bytes.size() / 5) {
    auto bad = bytes;
    bad[at] ^= std::byte{1};
    auto again = begin();
    must(again.check_openings(c, bad));
    CHECK(again.breached());
  }
  run.commitment.parameters.bytes[0] ^= std::byte{1};
  CHECK(basic_prover<Scheme>::start(run, asked, {}, scheme).error().code == errc::untrusted_parameters);
}

}  // namespace

TEST_CASE("pst: the protocol runs on it", "[polycommit]") {
  const run_description run = toy_blocks_run();
  const auto shapes = tree_shapes(run, 6, 1);
  const auto& srs = srs_of<bn254>(grid_shape::of({4, 32}));
  const tree_shape other = row_tree_shape(4, dtype::i8, 3, 2);
  const auto narrow = must(pst_commitment<bn254>::make_verifier_insecure_for_tests(srs, {&other, 1}));
  play(must(pst_commitment<bn254>::make_prover_insecure_for_tests(srs, shapes)), run, &narrow);
}

TEST_CASE("kzg: the protocol runs on it", "[polycommit]") {
  const auto srs = insecure_srs_for_tests<bn254>::make(grid_shape::of({4 * 32}), 3);
  play(kzg_commitment<bn254>{must(kzg_key<bn254>::make_insecure_for_tests(srs, {}))}, toy_blocks_run());
}
