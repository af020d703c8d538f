// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"
#include "support/verkle.hpp"

using namespace assay;
using namespace assay_tests;

namespace {

template <class C>
void check_proofs() {
  const verkle_case<C> c{10, 5, 1};
  using list = std::vector<verkle_claim<C>>;
  const list single = {c.claim(3, 9)};
  const list row = {c.claim(2, 0), c.claim(2, 1), c.claim(2, 2), c.claim(2, 3), c.claim(2, 9)};
  const list column = {c.claim(0, 4), c.claim(1, 4), c.claim(2, 4), c.claim(3, 4), c.claim(4, 4)};
  const list repeated = {c.claim(1, 7), c.claim(1, 7), c.claim(1, 7), c.claim(0, 7)};
  list all;
  for (std::uint32_t v = 5; v-- > 0;)
    for (std::uint32_t i = 0; i < 10; ++i) all.push_back(c.claim(v, i));
  for (const list& claims : {single, row, column, repeated, all}) {
    const auto proof = c.open(claims);
    CHECK(c.verify(claims, proof));
    std::vector<std::byte> bytes;
    writer out{bytes};
    proof.encode(out);
    CHECK(bytes.size() == (C::id == curve_id::bn254 ? 64 : 96));
    reader in{bytes};
    CHECK(verkle_proof<C>::parse(in).value() == proof);
    CHECK(in.finish());
    CHECK(proof == c.open(claims));
  }
}

}  // namespace

TEST_CASE("verkle: one proof for any claims, BN254", "[polycommit]") { check_proofs<bn254>(); }
TEST_CASE("verkle: one proof for any claims, BLS12-381", "[polycommit]") { check_proofs<bls12_381>(); }

TEST_CASE("verkle: constant and zero vectors", "[polycommit]") {
  verkle_case<bn254> c{6, 3, 1};
  std::fill(c.values[0].begin(), c.values[0].end(), std::int16_t{0});
  std::fill(c.values[1].begin(), c.values[1].end(), std::int16_t{-77});
  c.commit();
  CHECK(c.commitments[0].is_infinity());
  for (const auto& claims : {std::vector{c.claim(0, 2)}, std::vector{c.claim(1, 5)},
                             std::vector{c.claim(0, 1), c.claim(1, 1), c.claim(2, 1)}})
    CHECK(c.verify(claims, c.open(claims)));
  CHECK(c.open({c.claim(0, 2)}).quotients.is_infinity());
}

TEST_CASE("verkle: equal vectors may be listed twice", "[polycommit]") {
  verkle_case<bn254> c{6, 3, 1};
  c.values[2] = c.values[0];
  c.commit();
  const std::vector claims = {c.claim(0, 2), c.claim(2, 2), c.claim(2, 3)};
  CHECK(c.verify(claims, c.open(claims)));
}

TEST_CASE("verkle: the drawn point is never a node", "[polycommit]") {
  using fr = bn254::fr;
  std::vector<fr> draws = {fr::from_u64(3), fr::zero(), fr::from_u64(7), fr::from_u64(8), fr::from_u64(2)};
  std::size_t used = 0;
  CHECK(detail::draw_off_nodes<fr>(8, [&] { return draws[used++]; }) == fr::from_u64(8));
  CHECK(used == 4);
  CHECK(detail::node_of_scalar(fr::from_limbs({3, 1, 0, 0}), 8) == 8);
  CHECK(detail::node_of_scalar(-fr::one(), 8) == 8);
}

TEST_CASE("verkle: malformed statements are refused, not proven", "[polycommit]") {
  const verkle_case<bn254> c{6, 3, 1};
  const auto proof = c.open({c.claim(0, 2)});
  auto outside = c.claim(0, 2);
  outside.node = 6;
  CHECK(c.verify({outside}, proof).error().code == errc::out_of_range);
  outside = c.claim(0, 2);
  outside.commitment = 3;
  CHECK(c.verify({outside}, proof).error().code == errc::out_of_range);
  CHECK(c.verify({}, proof).error().code == errc::empty);
}
