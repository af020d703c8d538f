// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a reference string comes to be that nobody can cheat with, if one of those who contributed forgot their secret.
#ifndef ASSAY_POLYCOMMIT_CEREMONY_HPP
#define ASSAY_POLYCOMMIT_CEREMONY_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/bytes.hpp>
#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/polycommit/contribution.hpp>
#include <assay/polycommit/detail/grid_check.hpp>
#include <assay/polycommit/detail/lagrange_transform.hpp>
#include <assay/polycommit/detail/scale_monomials.hpp>
#include <assay/polycommit/grid.hpp>
#include <assay/polycommit/reference_string.hpp>

namespace assay::inline v0 {

/// Where a ceremony stands: the string in the monomial basis, and how it came about.
template <class C>
struct ceremony_state {
  using g1_point = affine_point<typename C::g1>;
  using g2_point = affine_point<typename C::g2>;

  grid_shape shape;
  std::vector<g1_point> monomials;  ///< [prod_j tau_j^{a_j}]_1, 0 <= a_j < n_j, row-major, axis 0 slowest
  std::vector<g2_point> tau_g2;     ///< [tau_j]_2 per axis
  std::vector<contribution<C>> contributions;

  /// Binds all points.
  [[nodiscard]] digest points_digest() const {
    transcript t{domains::ceremony};
    t.text("step", "points")
        .u64("points", monomials.size())
        .digest("monomials", digest_of_points<typename C::g1>(monomials));
    t.u64("variables", tau_g2.size()).digest("tau", digest_of_points<typename C::g2>(tau_g2));
    return t.finish();
  }
  /// Binds shape, curve and all contributions, in order: what the next contributor's proof speaks of.
  [[nodiscard]] digest history() const { return history(contributions.size()); }
  /// The same after the first `count` contributions. @pre count <= contributions.size()
  [[nodiscard]] digest history(std::size_t count) const {
    ASSAY_EXPECTS(count <= contributions.size());
    transcript t{domains::ceremony};
    t.text("step", "start").u64("curve", static_cast<std::uint64_t>(C::id)).u64("rank", shape.rank);
    for (const std::uint32_t n : shape.extents) t.u64("extent", n);
    digest d = t.finish();
    for (std::size_t i = 0; i < count; ++i) d = detail::extend_history(d, contributions[i]);
    return d;
  }

  friend bool operator==(const ceremony_state&, const ceremony_state&) = default;
};

/// A ceremony begins with tau = 1 for every variable, which everybody knows. Contributor k multiplies each tau_j by a
/// secret x_{k,j}, proves to know it, and forgets it. At the end tau_j = prod_k x_{k,j}.
///
/// Why one honest contributor suffices. Let contributor h draw x_{h,j} uniformly and forget them. Every other
/// contributor's factors can be extracted from their proofs (contribution.hpp), so whoever breaks the commitments for
/// tau_j breaks them for x_{h,j} = tau_j / (the other factors), given only h's points, which were drawn honestly. Later
/// contributors may bias tau, by trying many factors after seeing h's points; each try is one more chance to break an
/// instance that nobody breaks, and so no random beacon is needed at the end (Kohlweiss, Maller, Siim, Volkhov, "Snarky
/// Ceremonies", eprint 2021/219).
/// The variables must be independent: with tau_j = tau^{D_j} (Kronecker substitution in a univariate string) the ideal
/// of the quotients is the unit ideal at most points, and anybody opens anything without knowing tau. The points do not
/// show it. A contributor can reach such a state only if nobody honest came before: to correlate variables that contain
/// an honest factor, they would have to prove knowledge of a factor that contains its inverse.
template <class C>
class ceremony {
 public:
  using state = ceremony_state<C>;

  /// tau = 1 for all. @errors those of validate(shape)
  [[nodiscard]] static result<state> start(const grid_shape& shape) {
    if (auto valid = validate(shape); !valid) return valid.error();
    return state{shape,
                 std::vector<affine_point<g1>>(static_cast<std::size_t>(shape.size()), g1::generator()),
                 std::vector<affine_point<g2>>(shape.rank, g2::generator()),
                 {}};
  }

  /// Multiplies every variable by a secret derived from `entropy`, and appends the proof. Verify `before` first: a
  /// contribution to a broken state is wasted. The secrets are wiped from memory as well as C++ permits; the arithmetic
  /// is not constant-time, so contribute on a machine that nobody else measures, and destroy `entropy` afterwards.
  /// Complexity: one full-width multiplication per point. `progress` is called with the share done.
  /// @pre entropy holds at least 32 bytes from a secure source, used once
  template <class Progress = no_progress>
  [[nodiscard]] static state contribute(state before, byte_view entropy, Progress&& progress = {}) {
    ASSAY_EXPECTS(entropy.size() >= 32 && before.monomials.size() == before.shape.size());
    const std::size_t rank = before.shape.rank;
    const digest previous = before.history();
    detail::secret_scalars<scalar> factors{rank}, nonces{rank};
    for (std::size_t j = 0; j < rank; ++j) {
      factors[j] = detail::derive_secret<scalar>(entropy, previous, "factor", j);
      nonces[j] = detail::derive_secret<scalar>(entropy, previous, "nonce", j);
    }
    const auto tau_before = before.tau_g2;
    detail::scale_monomials<g1>(before.shape, before.monomials, factors.get(), progress);
    for (std::size_t j = 0; j < rank; ++j)
      before.tau_g2[j] = multiply(xyzz_point<g2>{tau_before[j]}, factors[j]).to_affine();
    before.contributions.push_back(detail::prove_contribution<C>(previous, before.points_digest(), tau_before,
                                                                 before.tau_g2, factors.get(), nonces.get()));
    return before;
  }

  /// Checks one step: `after` is `before` and one more honest contribution. `entropy` is for the verifier's random
  /// coefficients, as for verified_srs. Says nothing of `before`.
  /// @errors shape_mismatch; conflicting (earlier contributions were changed); of the new proof: duplicate,
  ///   wrong_statement, invalid_proof (`where`: axis); commitment_mismatch (the proof speaks of other points);
  ///   identity_point, not_on_curve, not_in_subgroup (`where`: point); untrusted_parameters (`where`: the axis whose
  ///   points do not belong to its variable, or the rank if the first point is not the generator)
  template <class Progress = no_progress>
  [[nodiscard]] static result<void> verify_contribution(const state& before, const state& after, byte_view entropy = {},
                                                        Progress&& progress = {}) {
    if (auto sizes = check_sizes(after); !sizes) return sizes;
    if (before.shape != after.shape || before.tau_g2.size() != after.tau_g2.size())
      return fail(errc::shape_mismatch, "ceremony: the shape was changed");
    if (after.contributions.size() != before.contributions.size() + 1)
      return fail(errc::conflicting, "ceremony: not one contribution more than before", after.contributions.size());
    for (std::size_t i = 0; i < before.contributions.size(); ++i)
      if (after.contributions[i] != before.contributions[i])
        return fail(errc::conflicting, "ceremony: an earlier contribution was changed", i);
    if (auto proof = detail::verify_proof<C>(before.history(), before.tau_g2, after.contributions.back()); !proof)
      return proof;
    return check_points(after, entropy, progress);
  }

  /// Checks a whole ceremony from its last state alone: the chain of proofs from tau = 1 on, then the points, which
  /// [tau_j]_2 determine. Points of the states between are not needed.
  /// @errors as verify_contribution; for a contribution's proof `where` is its index, counted from 0
  template <class Progress = no_progress>
  [[nodiscard]] static result<void> verify(const state& last, byte_view entropy = {}, Progress&& progress = {}) {
    if (auto sizes = check_sizes(last); !sizes) return sizes;
    std::vector<affine_point<g2>> tau(last.shape.rank, g2::generator());
    digest history = last.history(0);
    for (std::size_t i = 0; i < last.contributions.size(); ++i) {
      const auto& c = last.contributions[i];
      if (auto proof = detail::verify_proof<C>(history, tau, c); !proof)
        return fail(proof.error().code, proof.error().message, i);
      tau = c.tau_g2, history = detail::extend_history(history, c);
    }
    return check_points(last, entropy, progress);
  }

  /// The reference string of a ceremony, in the Lagrange basis. Verify the ceremony first.
  /// Complexity: per axis of n nodes N multi-scalar multiplications of n points. `progress` as above.
  /// @errors shape_mismatch, incomplete (nobody contributed), untrusted_parameters (a tau_j is a node; `where`: point)
  template <class Progress = no_progress>
  [[nodiscard]] static result<structured_reference_string<C>> finalise(const state& last, Progress&& progress = {}) {
    if (auto sizes = check_sizes(last); !sizes) return sizes.error();
    if (last.contributions.empty()) return fail(errc::incomplete, "ceremony: nobody contributed");
    structured_reference_string<C> srs{last.shape, last.monomials, last.tau_g2};
    detail::to_lagrange_basis<g1>(srs.shape, srs.lagrange, progress);
    for (std::size_t i = 0; i < srs.lagrange.size(); ++i)
      if (srs.lagrange[i].is_infinity())
        return fail(errc::untrusted_parameters, "ceremony: a variable is a node of the grid", i);
    return srs;
  }

 private:
  using g1 = typename C::g1;
  using g2 = typename C::g2;
  using scalar = typename C::fr;

  static result<void> check_sizes(const state& s) {
    if (auto valid = validate(s.shape); !valid) return valid;
    if (s.monomials.size() != s.shape.size() || s.tau_g2.size() != s.shape.rank)
      return fail(errc::shape_mismatch, "ceremony: not as many points as the shape says", s.monomials.size());
    return {};
  }

  /// That the points are those of the last proof, and the powers of one tau_j along each axis: M_0 is the generator and
  /// tau_j M_a = M_{a + e_j} for all neighbours, which determines every point from [tau_j]_2.
  template <class Progress>
  static result<void> check_points(const state& s, byte_view entropy, Progress& progress) {
    const digest points = s.points_digest();
    if (!s.contributions.empty() &&
        (s.contributions.back().points != points || s.contributions.back().tau_g2 != s.tau_g2))
      return fail(errc::commitment_mismatch, "ceremony: the last proof speaks of other points");
    if (s.contributions.empty() && s.tau_g2 != std::vector<affine_point<g2>>(s.shape.rank, g2::generator()))
      return fail(errc::untrusted_parameters, "ceremony: it does not start with 1", s.shape.rank);
    transcript t{domains::ceremony};
    detail::random_coefficients random{
        t.text("step", "check").digest("points", points).bytes("entropy", entropy).finish()};
    if (auto ok = detail::check_points<g1>(s.monomials, random); !ok) return ok;
    if (auto ok = detail::check_points<g2>(s.tau_g2, random, s.monomials.size()); !ok) return ok;
    if (s.monomials[0] != g1::generator())
      return fail(errc::untrusted_parameters, "ceremony: the first point is not the generator", s.shape.rank);
    msm_workspace<g1> work;
    for (std::size_t j = 0; j < s.shape.rank; ++j) {
      const std::size_t n = s.shape.extents[j];
      detail::slice_weights<scalar> w{std::vector<scalar>(n), std::vector<scalar>(n)};
      for (std::size_t i = 0; i + 1 < n; ++i) {
        const limbs<2> bits = random.next();
        w.left[i] = w.right[i + 1] = scalar::from_limbs({bits[0], bits[1]});
      }
      const auto [a, b] = detail::combine_slices<g1>(s.shape, j, s.monomials, w, random, work);
      if (!detail::has_ratio<C>(a, b, s.tau_g2[j]))
        return fail(errc::untrusted_parameters, "ceremony: points of an axis are not the powers of its variable", j);
      progress(static_cast<double>(j + 1) / s.shape.rank);
    }
    return {};
  }
};

}  // namespace assay::inline v0

#endif
