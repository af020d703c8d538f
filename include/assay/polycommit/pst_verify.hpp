// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any number of PST openings, of any number of tensors, verified by one product of m + 1 pairings.
#ifndef ASSAY_POLYCOMMIT_PST_VERIFY_HPP
#define ASSAY_POLYCOMMIT_PST_VERIFY_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/polycommit/detail/pst_accumulator.hpp>
#include <assay/polycommit/encoding.hpp>
#include <assay/polycommit/pst_open.hpp>
#include <assay/polycommit/pst_verifier_key.hpp>

namespace assay::inline v0 {

/// The claim that a committed tensor has these values: at tiles of its grid, or at one point off the grid.
///
/// The point at infinity is valid everywhere: it is the commitment to zeros, and the quotient of what is constant along
/// an axis. What makes it harmless is that numbers of points are exact, so that no equation loses a term.
template <class C>
struct pst_claim {
  const pst_verifier_key<C>* key = nullptr;
  affine_point<typename C::g1> commitment;
  std::uint32_t fixed = 0;  ///< coordinates given per tile
  std::span<const std::uint32_t>
      places;  ///< `fixed` coordinates per tile, tiles strictly ascending; empty for the whole tensor
  std::span<const typename C::fr> point;  ///< instead of places: one per axis; then `values` is one scalar
  value_span<typename C::fr> values;  ///< tile by tile, each row-major
  std::span<const affine_point<typename C::g1>> proof;  ///< see `count_quotients`; at a point, one per axis

  [[nodiscard]] std::size_t tiles() const noexcept { return fixed == 0 ? 1 : places.size() / fixed; }
};

namespace detail {

/// Checks everything about a claim that needs no arithmetic in the group.
template <class C>
[[nodiscard]] result<void> check_form(const pst_claim<C>& c, std::size_t index) {
  const pst_grid& g = c.key->grid();
  const std::size_t values = size_of<typename C::fr>(c.values);
  if (!c.point.empty()) {
    if (c.fixed != 0 || !c.places.empty() || c.point.size() != g.rank || values != 1)
      return fail(errc::shape_mismatch, "pst: not a claim about one point", index);
    if (c.proof.size() != g.rank) return fail(errc::length_mismatch, "pst: wrong number of points in a proof", index);
    return {};
  }
  if (c.fixed < c.key->least_fixed() || c.fixed > g.rank)
    return fail(errc::shape_mismatch, "pst: tiles that the key has no bases for", index);
  if (c.fixed == 0 ? !c.places.empty() : c.places.empty() || c.places.size() % c.fixed != 0)
    return fail(errc::length_mismatch, "pst: wrong number of places", index);
  for (std::size_t t = 0; t < c.places.size(); t += c.fixed) {
    const auto tile = c.places.subspan(t, c.fixed);
    for (std::size_t j = 0; j < c.fixed; ++j)
      if (tile[j] >= g.extents[j]) return fail(errc::out_of_range, "pst: a coordinate beyond its extent", index);
    if (t == 0) continue;
    const auto before = c.places.subspan(t - c.fixed, c.fixed);
    if (!std::lexicographical_compare(before.begin(), before.end(), tile.begin(), tile.end()))
      return fail(errc::wrong_order, "pst: tiles must ascend strictly", index);
  }
  if (values != c.tiles() * g.tile_size(c.fixed))
    return fail(errc::length_mismatch, "pst: wrong number of values", index);
  if (c.proof.size() != count_quotients(c.places, c.fixed))
    return fail(errc::length_mismatch, "pst: wrong number of points in a proof", index);
  return {};
}

/// Random coefficients of a batch: 128 bits each, from a hash of all that is claimed and shown. The first is 1.
class batch_coefficients {
 public:
  template <class C>
  batch_coefficients(std::span<const pst_claim<C>> claims, byte_view entropy) {
    transcript t{domains::pairing_batch};
    t.u64("curve", static_cast<std::uint64_t>(C::id)).bytes("entropy", entropy).u64("claims", claims.size());
    for (const auto& c : claims) {
      const pst_grid& g = c.key->grid();
      t.digest("reference", c.key->pairing().reference_id()).u64("rank", g.rank).u64("fixed", c.fixed);
      t.bytes("axes", memory_of(std::span{g.axes})).bytes("extents", memory_of(std::span{g.extents}));
      t.bytes("commitment", memory_of(std::span{&c.commitment, 1})).bytes("places", memory_of(c.places));
      t.bytes("point", memory_of(c.point)).u64("type", c.values.index());
      t.bytes("values", std::visit([](const auto& v) { return memory_of(v); }, c.values))
          .bytes("proof", memory_of(c.proof));
    }
    seed_ = t.finish();
  }

  [[nodiscard]] limbs<2> next() noexcept {
    if (drawn_++ == 0) return {1, 0};
    std::array<std::byte, 8> counter;
    store_le<std::uint64_t>(counter.data(), drawn_);
    const digest d = sha256{}.update(seed_.bytes).finish(counter);
    return {load_le<std::uint64_t>(d.bytes.data()), load_le<std::uint64_t>(d.bytes.data() + 8)};
  }

 private:
  // Only the verifier itself ever computes these: the bytes that lie in memory say as much as a canonical encoding.
  template <class T, std::size_t N>
  static byte_view memory_of(std::span<T, N> items) noexcept {
    return std::as_bytes(items);
  }

  digest seed_;
  std::uint64_t drawn_ = 0;
};

/// Adds one claim to a batch: E = C - [values]_1 - sum_j (tau_j - a_j) pi_j for each of its tiles, times a coefficient.
template <class C>
void accumulate(const pst_claim<C>& c, batch_coefficients& coefficients, pst_accumulator<C>& batch) {
  using fr = typename C::fr;
  const pst_grid& g = c.key->grid();
  if (!c.point.empty()) {
    const limbs<2> rho = coefficients.next();
    batch.add_term(c.commitment, rho);
    batch.add_generator(
        -(scalar_of(fr{}, rho) * std::visit([](const auto& v) { return to_scalar<fr>(v[0]); }, c.values)));
    for (std::size_t j = 0; j < c.proof.size(); ++j) {
      batch.add_quotient(g.axes[j], c.proof[j], rho);
      batch.add_term(c.proof[j], scalar_of(fr{}, rho) * c.point[j]);
    }
    return;
  }
  const std::size_t tiles = c.tiles(), size = g.tile_size(c.fixed);
  std::vector<limbs<2>> rho(tiles);
  for (auto& r : rho) r = coefficients.next();
  for (std::size_t t = 0; t < tiles; ++t)
    batch.subtract_tile(c.key->basis(c.fixed), part_of<fr>(c.values, t * size, size), rho[t]);
  // A point that serves tiles [t, end) takes the sum of their coefficients. Where that is one tile, what belongs into
  // the first pairing's argument is gathered in one point before it is multiplied.
  std::size_t next = 0;
  for (std::size_t t = 0; t < tiles; ++t) {
    xyzz_point<typename C::g1> own;
    if (tiles == 1) own = c.commitment;
    for (std::size_t j = first_new_coordinate(c.places, c.fixed, t); j < c.fixed; ++j, ++next) {
      std::size_t end = t + 1;
      while (end < tiles && first_new_coordinate(c.places, c.fixed, end) > j) ++end;
      const std::uint32_t a = c.places[t * c.fixed + j];
      if (end == t + 1) {
        batch.add_quotient(g.axes[j], c.proof[next], rho[t]);
        own += small_multiple(c.proof[next], a);
      } else {
        const fr shared = sum_of<fr>(std::span{rho}.subspan(t, end - t));
        batch.add_quotient(g.axes[j], c.proof[next], shared);
        if (a != 0) batch.add_term(c.proof[next], shared * fr::from_u64(a));
      }
    }
    batch.add_term(own, rho[t]);
  }
  if (tiles > 1) batch.add_term(c.commitment, sum_of<fr>(rho));
}

template <class C>
[[nodiscard]] bool batch_holds(std::span<const pst_claim<C>> claims, byte_view entropy) {
  batch_coefficients coefficients{claims, entropy};
  pst_accumulator<C> batch{claims[0].key->pairing()};
  for (const auto& c : claims) accumulate(c, coefficients, batch);
  return batch.holds();
}

/// The first claim that does not hold, of a batch that does not: halves are tried, the first one first.
template <class C>
[[nodiscard]] std::size_t first_bad_claim(std::span<const pst_claim<C>> claims, byte_view entropy) {
  std::size_t first = 0, count = claims.size();
  while (count > 1) {
    const std::size_t half = count / 2;
    if (batch_holds(claims.subspan(first, half), entropy)) first += half, count -= half;
    else count = half;
  }
  return first;
}

}  // namespace detail

/// Verifies all claims: success iff every one holds, but for a chance of 2^-128 per set of claims tried. One product of
/// at most m + 1 pairings for a reference string of m axes, and two multiplications by 128 bits per group element.
///
/// The equation of a claim, C - [values]_1 = sum_j (tau_j - a_j) pi_j, is used as
///     e(C - [values]_1 + sum_j a_j pi_j, [1]_2) = prod_j e(pi_j, [tau_j]_2),
/// so that all points of G2 are constants. Claims are combined with coefficients that depend on everything in them;
/// `entropy` makes them unpredictable besides. Proofs are malleable: one is never an identifier of anything.
/// Binding rests on the hardness of computing (1 / (tau_j - a)) G (Papamanthou, Shi, Tamassia, section 4).
/// @pre all keys are of one reference string; points are of prime order, as parse_compressed yields them
/// @errors empty, length_mismatch, shape_mismatch, out_of_range, wrong_order (forms), invalid_proof; `where`: the first
///   claim that fails
template <class C>
[[nodiscard]] result<void> verify_claims(std::span<const pst_claim<C>> claims, byte_view entropy = {}) {
  if (claims.empty()) return fail(errc::empty, "pst: no claim");
  for (std::size_t i = 0; i < claims.size(); ++i) {
    ASSAY_EXPECTS(claims[i].key->pairing().reference_id() == claims[0].key->pairing().reference_id());
    if (auto form = detail::check_form(claims[i], i); !form) return form;
  }
  if (detail::batch_holds(claims, entropy)) return {};
  return fail(errc::invalid_proof, "pst: the values are not those committed", detail::first_bad_claim(claims, entropy));
}

}  // namespace assay::inline v0

#endif
