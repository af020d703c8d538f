// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One contribution to a ceremony: proof that its author knows the factor by which every variable was multiplied.
#ifndef ASSAY_POLYCOMMIT_CONTRIBUTION_HPP
#define ASSAY_POLYCOMMIT_CONTRIBUTION_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include <assay/core/bytes.hpp>
#include <assay/core/endian.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/math/point.hpp>
#include <assay/math/subgroup.hpp>
#include <assay/polycommit/raw_point.hpp>

namespace assay::inline v0 {

/// Per axis a Schnorr proof of knowledge of x_j with [tau_j']_2 = x_j [tau_j]_2, all bound to the ceremony so far and
/// to the points after.
///
/// Equations, with base T_j = [tau_j]_2 before and T_j' after: R_j = k_j T_j; c_j = H(history, points after, all T, T'
/// and R, j), 128 bits; s_j = k_j + c_j x_j; check s_j T_j = R_j + c_j T_j'.
/// Why x_j can be extracted: two accepting answers to one R_j with different c_j give x_j = (s - s') / (c - c'), so an
/// author who convinces with more than 2^-128 per try can be rewound to a second answer (forking lemma, in the
/// random-oracle model); in the algebraic group model even without rewinding (Fuchsbauer, Plouviez, Seurin, EUROCRYPT
/// 2020). Every contribution is extracted on its own, from the finished ceremony, so several contributors do not
/// multiply the effort. The hash covers the history and T_j: a proof cannot be replayed at another step, nor can the
/// proof of one step be bent to other points.
template <class C>
struct contribution {
  digest previous;  ///< the ceremony's history() before
  digest points;  ///< points_digest() after
  std::vector<affine_point<typename C::g2>> tau_g2;  ///< [tau_j]_2 after
  std::vector<affine_point<typename C::g2>> nonces;  ///< R_j
  std::vector<typename C::fr> responses;  ///< s_j

  friend bool operator==(const contribution&, const contribution&) = default;
};

namespace detail {

/// Overwrites memory in a way that the compiler keeps.
inline void wipe(void* from, std::size_t bytes) noexcept {
  std::memset(from, 0, bytes);
  __asm__ __volatile__("" : : "r"(from) : "memory");
}

/// Scalars that are wiped when they go out of scope.
template <class F>
class secret_scalars {
 public:
  explicit secret_scalars(std::size_t count) : values_(count) {}
  secret_scalars(const secret_scalars&) = delete;
  secret_scalars& operator=(const secret_scalars&) = delete;
  ~secret_scalars() { wipe(values_.data(), values_.size() * sizeof(F)); }
  [[nodiscard]] F& operator[](std::size_t i) noexcept { return values_[i]; }
  [[nodiscard]] std::span<F> get() noexcept { return values_; }

 private:
  std::vector<F> values_;
};

/// A secret, uniform to 2^-250: two hashes of the entropy. Never 0 or 1.
template <class F>
[[nodiscard]] F derive_secret(byte_view entropy, const digest& history, std::string_view purpose, std::size_t axis) {
  std::array<std::byte, 64> wide;
  F value;
  for (std::uint64_t attempt = 0; value.is_zero() || value.is_one(); ++attempt) {
    for (std::size_t half = 0; half < 2; ++half) {
      transcript t{domains::ceremony};
      t.text("step", "secret").text("purpose", purpose).u64("axis", axis).u64("attempt", attempt).u64("half", half);
      digest d = t.digest("history", history).bytes("entropy", entropy).finish();
      std::memcpy(wide.data() + 32 * half, d.bytes.data(), 32);
      wipe(&d, sizeof d);
      wipe(&t, sizeof t);
    }
    value = F::reduce_le(wide);
  }
  wipe(wide.data(), wide.size());
  return value;
}

/// The history after a contribution.
template <class C>
[[nodiscard]] digest extend_history(const digest& history, const contribution<C>& c) {
  transcript t{domains::ceremony};
  t.text("step", "contribution").digest("history", history).digest("previous", c.previous).digest("points", c.points);
  t.digest("tau", digest_of_points<typename C::g2>(c.tau_g2))
      .digest("nonces", digest_of_points<typename C::g2>(c.nonces));
  std::array<std::byte, C::fr::byte_size> bytes;
  for (const auto& s : c.responses) {
    s.encode_le(bytes);
    t.bytes("response", bytes);
  }
  return t.finish();
}

template <class C>
[[nodiscard]] limbs<2> contribution_challenge(const contribution<C>& c,
                                              std::span<const affine_point<typename C::g2>> tau_before,
                                              std::size_t axis) {
  transcript t{domains::ceremony};
  t.text("step", "challenge").digest("previous", c.previous).digest("points", c.points).u64("axis", axis);
  t.digest("before", digest_of_points<typename C::g2>(tau_before))
      .digest("after", digest_of_points<typename C::g2>(c.tau_g2));
  const digest d = t.digest("nonces", digest_of_points<typename C::g2>(c.nonces)).finish();
  return {load_le<std::uint64_t>(d.bytes.data()), load_le<std::uint64_t>(d.bytes.data() + 8)};
}

template <class C>
[[nodiscard]] contribution<C> prove_contribution(const digest& previous, const digest& points,
                                                 std::span<const affine_point<typename C::g2>> tau_before,
                                                 std::span<const affine_point<typename C::g2>> tau_after,
                                                 std::span<const typename C::fr> factors,
                                                 std::span<const typename C::fr> nonces) {
  contribution<C> c{previous, points, {tau_after.begin(), tau_after.end()}, {}, {}};
  for (std::size_t j = 0; j < tau_before.size(); ++j)
    c.nonces.push_back(multiply(xyzz_point<typename C::g2>{tau_before[j]}, nonces[j]).to_affine());
  for (std::size_t j = 0; j < tau_before.size(); ++j) {
    const limbs<2> challenge = contribution_challenge<C>(c, tau_before, j);
    c.responses.push_back(nonces[j] + C::fr::from_limbs({challenge[0], challenge[1]}) * factors[j]);
  }
  return c;
}

/// Checks a contribution's proof, given what came before it.
/// @errors shape_mismatch, wrong_statement (it follows another history), identity_point (a variable became 0),
///   not_on_curve, not_in_subgroup, duplicate (a variable was left as it was), invalid_proof; `where` is the axis
template <class C>
[[nodiscard]] result<void> verify_proof(const digest& history, std::span<const affine_point<typename C::g2>> tau_before,
                                        const contribution<C>& c) {
  const std::size_t rank = tau_before.size();
  if (c.tau_g2.size() != rank || c.nonces.size() != rank || c.responses.size() != rank)
    return fail(errc::shape_mismatch, "contribution: not one proof per variable", c.tau_g2.size());
  if (c.previous != history) return fail(errc::wrong_statement, "contribution: it follows another history");
  for (std::size_t j = 0; j < rank; ++j) {
    for (const auto* p : {&c.tau_g2[j], &c.nonces[j]}) {
      if (p->is_infinity()) return fail(errc::identity_point, "contribution: a point is the identity", j);
      if (!p->is_on_curve()) return fail(errc::not_on_curve, "contribution: a point is not on the curve", j);
      if (!is_in_subgroup(*p))
        return fail(errc::not_in_subgroup, "contribution: a point is outside the group of prime order", j);
    }
    if (c.tau_g2[j] == tau_before[j]) return fail(errc::duplicate, "contribution: a variable was left as it was", j);
  }
  using point = xyzz_point<typename C::g2>;
  for (std::size_t j = 0; j < rank; ++j) {
    const limbs<2> challenge = contribution_challenge<C>(c, tau_before, j);
    if (multiply(point{tau_before[j]}, c.responses[j]) != multiply(point{c.tau_g2[j]}, challenge) + c.nonces[j])
      return fail(errc::invalid_proof, "contribution: no knowledge of the factor of a variable", j);
  }
  return {};
}

}  // namespace detail

}  // namespace assay::inline v0

#endif
