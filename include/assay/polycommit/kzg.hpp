// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// KZG commitments to vectors: univariate polynomials given by their values at 0..n-1, never interpolated.
#ifndef ASSAY_POLYCOMMIT_KZG_HPP
#define ASSAY_POLYCOMMIT_KZG_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/math/fixed_base.hpp>
#include <assay/math/msm.hpp>
#include <assay/math/pairing.hpp>
#include <assay/polycommit/grid.hpp>
#include <assay/polycommit/srs.hpp>

namespace assay::inline v0 {

/// Memory that a prover's key may spend for speed. Nothing here changes a commitment or an opening.
struct kzg_options {
  /// Bits of the signed integers that many nodes hold, for tables of their bases: 0 none, `fr::bits` scalars too.
  unsigned table_bits = 0;
  /// Most bytes of such a table; without enough of them there is none.
  std::size_t table_bytes = std::size_t{64} << 20;
};

/// Parameters of both sides for vectors of up to `width()` values, from a reference string with one axis.
/// Immutable, cheap to copy, may be shared between threads.
///
/// With the Lagrange basis L_i of the nodes 0..n-1 and secret tau, G_i = [L_i(tau)]_1, and the commitment to values v
/// is sum v_i G_i = [f(tau)]_1 for the polynomial f of degree below n with f(i) = v_i. Values that are left out are 0.
/// Source: Kate, Zaverucha, Goldberg, Constant-size commitments to polynomials (Asiacrypt 2010).
template <class C>
class kzg_key {
 public:
  using curve = C;
  using g1 = typename C::g1;
  using fr = typename C::fr;
  using point = affine_point<g1>;

  /// @errors shape_mismatch (the reference string has several axes)
  [[nodiscard]] static result<kzg_key> make(const verified_srs<C>& srs, const kzg_options& options = {}) {
    return make(srs.shared(), srs.id(), options);
  }
  [[nodiscard]] static result<kzg_key> make_insecure_for_tests(const insecure_srs_for_tests<C>& srs,
                                                               const kzg_options& options = {}) {
    return make(srs.shared(), srs.id(), options);
  }

  [[nodiscard]] std::uint32_t width() const noexcept { return data_->srs->shape.extents[0]; }
  [[nodiscard]] const digest& reference_id() const noexcept { return data_->id; }
  [[nodiscard]] std::span<const point> basis() const noexcept { return data_->srs->lagrange; }
  /// Barycentric weights of the nodes.
  [[nodiscard]] std::span<const fr> weights() const noexcept { return data_->weights; }
  /// 1 / (i - a). @pre i != a, both are nodes
  [[nodiscard]] fr inverse_difference(std::uint32_t i, std::uint32_t a) const noexcept {
    return i > a ? data_->inverses[i - a] : -data_->inverses[a - i];
  }
  /// 1 / w_a
  [[nodiscard]] const fr& weight_inverse(std::uint32_t a) const noexcept { return data_->weight_inverses[a]; }
  [[nodiscard]] const prepared_g2<C>& generator_g2() const noexcept { return data_->generator_g2; }
  [[nodiscard]] const prepared_g2<C>& tau_g2() const noexcept { return data_->tau_g2; }
  /// Multiples of the basis, if they were asked for and serve values of that many bits.
  [[nodiscard]] const fixed_base_table<g1>* table(unsigned bits) const noexcept {
    const unsigned have = data_->table.value_bits();
    return have != 0 && bits <= have ? &data_->table : nullptr;
  }

 private:
  struct contents {
    std::shared_ptr<const structured_reference_string<C>> srs;
    digest id;
    std::vector<fr> weights, weight_inverses, inverses;
    prepared_g2<C> generator_g2, tau_g2;
    fixed_base_table<g1> table;
  };

  static result<kzg_key> make(std::shared_ptr<const structured_reference_string<C>> srs, const digest& id,
                              const kzg_options& options) {
    if (srs->shape.rank != 1)
      return fail(errc::shape_mismatch, "kzg: a reference string with one axis is needed", srs->shape.rank);
    contents d;
    const std::uint32_t n = srs->shape.extents[0];
    d.weights = barycentric_weights<fr>(n);
    d.weight_inverses = d.weights;
    d.inverses.resize(n);
    for (std::uint32_t i = 0; i < n; ++i) d.inverses[i] = fr::from_u64(i);
    std::vector<fr> scratch(n);
    invert_all<fr>(d.weight_inverses, scratch);
    invert_all<fr>(d.inverses, scratch);
    d.generator_g2 = prepared_g2<C>{C::g2::generator()};
    d.tau_g2 = prepared_g2<C>{srs->tau_g2[0]};
    constexpr std::size_t entries_per_byte = 128;  // windows of 8 bits
    if (options.table_bits != 0 &&
        n * ((options.table_bits + 8) / 8) * entries_per_byte <= options.table_bytes / sizeof(point))
      d.table = fixed_base_table<g1>::build(srs->lagrange, options.table_bits);
    d.srs = std::move(srs), d.id = id;
    kzg_key key;
    key.data_ = std::make_shared<const contents>(std::move(d));
    return key;
  }

  std::shared_ptr<const contents> data_;
};

/// A value and what proves it: one group element.
template <class C>
struct kzg_opening {
  typename C::fr value;
  affine_point<typename C::g1> proof;

  friend bool operator==(const kzg_opening&, const kzg_opening&) = default;
};

namespace detail {

/// What small integers are multiplied with for a sum of them: into[i] += factor * values[i].
template <class Fr, class V>
void add_scaled(std::span<const V> values, const Fr& factor, std::span<Fr> into) noexcept {
  if constexpr (std::same_as<V, Fr>) {
    for (std::size_t i = 0; i < values.size(); ++i) into[i] += factor * values[i];
  } else {
    // A Montgomery product of (factor R) R and a bare integer v is (factor v) R: one product per value.
    constexpr auto canonical_r = montgomery<typename Fr::parameters>::r1;
    const Fr shifted = factor * Fr::from_limbs(canonical_r);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::int64_t v = values[i];
      if (v == 0) continue;
      const std::uint64_t magnitude = v < 0 ? ~static_cast<std::uint64_t>(v) + 1 : static_cast<std::uint64_t>(v);
      const Fr product = shifted * Fr::from_montgomery(typename Fr::limbs_type{magnitude});
      into[i] = v < 0 ? into[i] - product : into[i] + product;
    }
  }
}

/// into += f / (X - a) in values at the nodes. @pre f(a) = 0
/// q_i = f_i / (i - a), and q_a = f'(a) = - sum_i (w_i / w_a) q_i.
template <class C>
void add_quotient_at_node(const kzg_key<C>& key, std::span<const typename C::fr> f, std::uint32_t a,
                          std::span<typename C::fr> into) noexcept {
  typename C::fr at_a;
  for (std::uint32_t i = 0; i < f.size(); ++i) {
    if (i == a) continue;
    const typename C::fr q = f[i] * key.inverse_difference(i, a);
    into[i] += q;
    at_a -= key.weights()[i] * q;
  }
  into[a] += at_a * key.weight_inverse(a);
}

/// f := f / (X - z) in values at the nodes. @pre f(z) = 0, z is no node
template <class Fr>
void divide_off_nodes(std::span<Fr> f, const Fr& z) {
  std::vector<Fr> inverses(f.size()), scratch(f.size());
  for (std::size_t i = 0; i < f.size(); ++i) inverses[i] = Fr::from_u64(i) - z;
  invert_all<Fr>(inverses, scratch);
  for (std::size_t i = 0; i < f.size(); ++i) f[i] *= inverses[i];
}

/// The node that z is, or `width`.
template <class Fr>
[[nodiscard]] std::uint32_t node_of_scalar(const Fr& z, std::uint32_t width) noexcept {
  const auto v = z.to_limbs();
  for (std::size_t i = 1; i < v.size(); ++i)
    if (v[i] != 0) return width;
  return v[0] < width ? static_cast<std::uint32_t>(v[0]) : width;
}

}  // namespace detail

/// The commitment to values at nodes 0, 1, ..; V is a signed integer type or the scalar field. Exact. Variable time.
/// @pre at most key.width() values
template <class C, class V>
[[nodiscard]] affine_point<typename C::g1> kzg_commit(const kzg_key<C>& key, std::span<const V> values,
                                                      msm_workspace<typename C::g1>& work) {
  ASSAY_EXPECTS(values.size() <= key.width());
  return msm<typename C::g1>(key.basis(), values, work).to_affine();
}

/// The polynomial's value at any point. Exact. @pre at most key.width() values
template <class C, class V>
[[nodiscard]] typename C::fr kzg_evaluate(const kzg_key<C>& key, std::span<const V> values, const typename C::fr& at) {
  using fr = typename C::fr;
  ASSAY_EXPECTS(values.size() <= key.width());
  const std::vector<fr> basis = lagrange_values<fr>(key.weights(), at);
  fr sum;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if constexpr (std::same_as<V, fr>) sum += values[i] * basis[i];
    else sum += fr::from_i64(values[i]) * basis[i];
  }
  return sum;
}

/// Opens a polynomial at any point, a node or not. Exact. @pre at most key.width() values
/// Complexity: one full-width multi-scalar multiplication of width().
template <class C, class V>
[[nodiscard]] kzg_opening<C> kzg_open(const kzg_key<C>& key, std::span<const V> values, const typename C::fr& at,
                                      msm_workspace<typename C::g1>& work) {
  using fr = typename C::fr;
  const fr value = kzg_evaluate<C, V>(key, values, at);
  std::vector<fr> f(key.width(), -value);
  detail::add_scaled<fr, V>(values, fr::one(), f);
  const std::uint32_t node = detail::node_of_scalar(at, key.width());
  if (node < key.width()) {
    std::vector<fr> quotient(f.size());
    detail::add_quotient_at_node<C>(key, f, node, quotient);
    f = std::move(quotient);
  } else {
    detail::divide_off_nodes<fr>(f, at);
  }
  return {value, kzg_commit<C, fr>(key, f, work)};
}

/// Checks e(C - y G + z pi, H) = e(pi, [tau]_2). @pre the points are in their groups, as parsed ones are
/// @errors invalid_proof
template <class C>
[[nodiscard]] result<void> kzg_verify(const kzg_key<C>& key, const affine_point<typename C::g1>& commitment,
                                      const typename C::fr& at, const kzg_opening<C>& opening) {
  using g1 = typename C::g1;
  const xyzz_point<g1> left = multiply(xyzz_point<g1>{opening.proof}, at) -
                              multiply(xyzz_point<g1>{g1::generator()}, opening.value) + commitment;
  const std::array<pairing_term<C>, 2> terms{
      {{left.to_affine(), &key.generator_g2()}, {-opening.proof, &key.tau_g2()}}};
  if (pairing_product_is_one<C>(terms)) return {};
  return fail(errc::invalid_proof, "kzg: the polynomial does not have this value there");
}

}  // namespace assay::inline v0

#endif
