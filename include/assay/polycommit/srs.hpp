// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reference strings that keys may be made from: every point was checked; and, by another name, those for tests.
#ifndef ASSAY_POLYCOMMIT_SRS_HPP
#define ASSAY_POLYCOMMIT_SRS_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/bytes.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/math/msm.hpp>
#include <assay/polycommit/detail/grid_check.hpp>
#include <assay/polycommit/detail/weak_parameters.hpp>
#include <assay/polycommit/insecure_srs.hpp>
#include <assay/polycommit/reference_string.hpp>

namespace assay::inline v0 {

/// A reference string of which every point is what it must be. Only this type makes keys. Cheap to copy.
///
/// Checked is the structure, not the secrecy: nobody can see from the points whether somebody knows tau (only a few
/// well-known mistakes are recognised). For that, pin the digest of a string whose ceremony you trust (`verify` with
/// `agreed`; polycommit/ceremony.hpp).
///
/// Why the check determines every point, given [tau_j]_2. Along axis j with n nodes, L_i(X) = w_i l(X) / (X - i), so
///     (X - i) L_i(X) / w_i = (X - i - 1) L_{i+1}(X) / w_{i+1},   w_{i+1} / w_i = -(n-1-i) / (i+1),
/// and therefore, for all neighbours G_i, G_{i+1} on a line of that axis,
///     tau [(n-1-i) G_i + (i+1) G_{i+1}] = (n-1-i) i G_i + (i+1)^2 G_{i+1}.                            (*)
/// Conversely let (*) hold. If tau is a node k, the pair (k-1, k) forces G_{k-1} = 0 or (k, k+1) forces G_{k+1} = 0; an
/// identity is refused, so tau is no node. Then (*) gives each point of a line from its first one: the line is a
/// multiple of the L_i(tau). Over all axes, G_i = c prod_j L_{j,i_j}(tau_j) with one c for the whole grid; the sum of
/// all points is c G because Lagrange polynomials add up to 1, and it must be the generator, so c = 1.
/// The instances of (*) of an axis are checked together, with random coefficients s_i r_rest of 128 bits each, as
/// e(A, [tau_j]_2) = e(B, [1]_2): a false one survives with probability at most 2^-127.
template <class C>
class verified_srs {
 public:
  /// Checks a string that may come from anybody. `entropy` makes the random coefficients unpredictable to whoever made
  /// the string; without it they are derived from the string alone, which takes 2^128 tries to abuse.
  /// `progress` is called with the share done. Exact, up to the stated probability.
  /// Complexity: one multi-scalar multiplication of N points by 128-bit scalars and two pairings per axis.
  /// @errors those of `validate`, shape_mismatch (numbers of points), identity_point, not_on_curve, not_in_subgroup
  ///   (`where`: index of the point, those of G2 after those of G1), untrusted_parameters (`where`: the axis whose
  ///   points do not belong to one tau, or whose tau is known or correlated in one of the ways that show; the rank if
  ///   the sum of all points is not the generator)
  template <class Progress = no_progress>
  [[nodiscard]] static result<verified_srs> verify(structured_reference_string<C> data, byte_view entropy = {},
                                                   Progress&& progress = {}) {
    if (auto shape = check_sizes(data); !shape) return shape.error();
    const digest id = data.id();
    if (auto sound = check_structure(data, id, entropy, progress); !sound) return sound.error();
    return verified_srs{std::move(data), id};
  }

  /// The same, and the string must be the one that was agreed on. @errors also untrusted_parameters (`where`: rank + 1)
  template <class Progress = no_progress>
  [[nodiscard]] static result<verified_srs> verify(structured_reference_string<C> data, const digest& agreed,
                                                   byte_view entropy = {}, Progress&& progress = {}) {
    if (auto shape = check_sizes(data); !shape) return shape.error();
    const digest id = data.id();
    if (id != agreed)
      return fail(errc::untrusted_parameters, "reference string: not the one that was agreed on", data.shape.rank + 1u);
    if (auto sound = check_structure(data, id, entropy, progress); !sound) return sound.error();
    return verified_srs{std::move(data), id};
  }

  [[nodiscard]] const structured_reference_string<C>& get() const noexcept { return *data_; }
  [[nodiscard]] std::shared_ptr<const structured_reference_string<C>> shared() const noexcept { return data_; }
  [[nodiscard]] const digest& id() const noexcept { return id_; }

 private:
  using g1 = typename C::g1;
  using scalar = typename C::fr;

  verified_srs(structured_reference_string<C> data, const digest& id)
      : data_(std::make_shared<const structured_reference_string<C>>(std::move(data))), id_(id) {}

  static result<void> check_sizes(const structured_reference_string<C>& data) {
    if (auto valid = validate(data.shape); !valid) return valid;
    if (data.lagrange.size() != data.shape.size() || data.tau_g2.size() != data.shape.rank)
      return fail(errc::shape_mismatch, "reference string: not as many points as its shape says", data.lagrange.size());
    return {};
  }

  /// s_i times both sides of (*), collected by slice: slice i occurs in the relations i (first) and i - 1 (second).
  static detail::slice_weights<scalar> neighbour_weights(std::size_t n, detail::random_coefficients& random) {
    detail::slice_weights<scalar> w{std::vector<scalar>(n), std::vector<scalar>(n)};
    for (std::size_t i = 0; i + 1 < n; ++i) {
      const limbs<2> bits = random.next();
      const scalar s = scalar::from_limbs({bits[0], bits[1]});
      const scalar first = s * scalar::from_u64(n - 1 - i), second = s * scalar::from_u64(i + 1);
      w.left[i] += first, w.right[i] += first * scalar::from_u64(i);
      w.left[i + 1] += second, w.right[i + 1] += second * scalar::from_u64(i + 1);
    }
    return w;
  }

  template <class Progress>
  static result<void> check_structure(const structured_reference_string<C>& data, const digest& id, byte_view entropy,
                                      Progress& progress) {
    transcript t{domains::srs};
    detail::random_coefficients random{t.digest("check", id).bytes("entropy", entropy).finish()};
    if (auto ok = detail::check_points<g1>(data.lagrange, random); !ok) return ok;
    if (auto ok = detail::check_points<typename C::g2>(data.tau_g2, random, data.lagrange.size()); !ok) return ok;
    const double steps = data.shape.rank + 1.0;
    progress(1 / steps);
    msm_workspace<g1> work;
    for (std::size_t j = 0; j < data.shape.rank; ++j) {
      const auto weights = neighbour_weights(data.shape.extents[j], random);
      const auto [a, b] = detail::combine_slices<g1>(data.shape, j, data.lagrange, weights, random, work);
      if (!detail::has_ratio<C>(a, b, data.tau_g2[j]))
        return fail(errc::untrusted_parameters, "reference string: points of an axis do not belong to its variable", j);
      progress((static_cast<double>(j) + 2) / steps);
    }
    const std::vector<std::uint8_t> ones(data.lagrange.size(), 1);
    if (msm<g1>(data.lagrange, std::span<const std::uint8_t>{ones}, work).to_affine() != g1::generator())
      return fail(errc::untrusted_parameters, "reference string: its points do not add up to the generator",
                  data.shape.rank);
    return detail::check_not_obviously_weak<C>(data, work);
  }

  std::shared_ptr<const structured_reference_string<C>> data_;
  digest id_;
};

}  // namespace assay::inline v0

#endif
