// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The random combination of many openings, on its way to one product of pairings.
#ifndef ASSAY_POLYCOMMIT_DETAIL_PST_ACCUMULATOR_HPP
#define ASSAY_POLYCOMMIT_DETAIL_PST_ACCUMULATOR_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include <assay/math/msm.hpp>
#include <assay/math/pairing.hpp>
#include <assay/polycommit/encoding.hpp>
#include <assay/polycommit/pst_verifier_key.hpp>

namespace assay::inline v0::detail {

template <class Fr>
[[nodiscard]] Fr scalar_of(Fr, const limbs<2>& k) noexcept {
  return Fr::from_limbs({k[0], k[1], 0, 0});
}
template <class Fr>
[[nodiscard]] Fr sum_of(std::span<const limbs<2>> coefficients) noexcept {
  Fr sum;
  for (const auto& k : coefficients) sum += scalar_of(Fr{}, k);
  return sum;
}
/// a P for a small number: no table, few doublings.
template <class G>
[[nodiscard]] xyzz_point<G> small_multiple(const affine_point<G>& p, std::uint32_t a) noexcept {
  xyzz_point<G> r;
  for (unsigned bit = 32u - static_cast<unsigned>(__builtin_clz(a | 1u)); bit-- > 0;) {
    r = r.doubled();
    if (((a >> bit) & 1u) != 0) r += p;
  }
  return r;
}

/// The first coordinate in which a tile differs from the one before; 0 for the first tile.
[[nodiscard]] inline std::size_t first_new_coordinate(std::span<const std::uint32_t> places, std::size_t fixed,
                                                      std::size_t tile) noexcept {
  std::size_t j = 0;
  if (tile == 0) return j;
  while (j < fixed && places[tile * fixed + j] == places[(tile - 1) * fixed + j]) ++j;
  return j;
}

/// Points to be multiplied by 128-bit coefficients, and others by whole scalars.
template <class C>
struct pst_terms {
  using g1 = typename C::g1;
  std::vector<affine_point<g1>> points, scalar_points;
  std::vector<limbs<2>> coefficients;
  std::vector<typename C::fr> scalars;

  void add(const affine_point<g1>& p, const limbs<2>& k) { points.push_back(p), coefficients.push_back(k); }
  void add(const affine_point<g1>& p, const typename C::fr& k) { scalar_points.push_back(p), scalars.push_back(k); }
  [[nodiscard]] xyzz_point<g1> sum(msm_workspace<g1>& work) const {
    xyzz_point<g1> total;
    if (!points.empty()) total = msm<g1>(points, std::span<const limbs<2>>{coefficients}, work);
    if (!scalars.empty()) total += msm<g1>(scalar_points, std::span<const typename C::fr>{scalars}, work);
    return total;
  }
};

/// Collects P_0 = sum rho (C - [values]_1 + sum_j a_j pi_j) and P_j = sum rho pi_j; then
/// e(P_0, -[1]_2) prod_j e(P_j, [tau_j]_2) = 1 says that all equations hold.
template <class C>
class pst_accumulator {
 public:
  using g1 = typename C::g1;
  using fr = typename C::fr;
  using point = affine_point<g1>;

  explicit pst_accumulator(const pst_pairing_key<C>& key) : key_(&key), quotients_(key.axes()) {}

  template <class Coefficient>
  void add_quotient(std::size_t axis, const point& p, const Coefficient& k) {
    quotients_[axis].add(p, k);
  }
  void add_term(const point& p, const limbs<2>& k) { first_.add(p, k); }
  void add_term(const point& p, const fr& k) { first_.add(p, k); }
  /// Sums that are not affine yet share an inversion at the end.
  void add_term(const xyzz_point<g1>& p, const limbs<2>& k) {
    extended_.push_back(p), extended_coefficients_.push_back(k);
  }
  void add_generator(const fr& k) { generator_ += k; }

  /// P_0 -= k sum values[i] basis[i]. Tiles with the same bases and type of values wait for each other.
  void subtract_tile(std::span<const point> basis, const value_span<fr>& values, const limbs<2>& k) {
    if (basis.size() == 1 && basis[0] == g1::generator()) {
      generator_ -= scalar_of(fr{}, k) * std::visit([](const auto& v) { return to_fr(v[0]); }, values);
      return;
    }
    for (tile_group& g : tiles_)
      if (g.basis.data() == basis.data() && g.values[0].index() == values.index())
        return g.values.push_back(values), g.coefficients.push_back(k);
    tiles_.push_back({basis, {values}, {k}});
  }

  [[nodiscard]] bool holds() {
    msm_workspace<g1> work;
    for (const tile_group& g : tiles_) finish(g, work);
    first_.add(g1::generator(), generator_);
    std::vector<point> affine(extended_.size());
    to_affine<g1>(extended_, affine);
    for (std::size_t i = 0; i < affine.size(); ++i) first_.add(affine[i], extended_coefficients_[i]);
    std::vector<xyzz_point<g1>> sums{first_.sum(work) + rest_};
    for (const auto& q : quotients_) sums.push_back(q.sum(work));
    std::vector<point> p(sums.size());
    to_affine<g1>(sums, p);
    std::vector<pairing_term<C>> terms{{p[0], &key_->minus_one()}};
    for (std::size_t j = 0; j < quotients_.size(); ++j) terms.push_back({p[j + 1], &key_->tau(j)});
    return pairing_product_is_one<C>(std::span<const pairing_term<C>>{terms});
  }

 private:
  struct tile_group {
    std::span<const point> basis;
    std::vector<value_span<fr>> values;  // of one type
    std::vector<limbs<2>> coefficients;
  };

  template <class V>
  static fr to_fr(const V& v) noexcept {
    if constexpr (std::signed_integral<V>) return fr::from_i64(v);
    else return v;
  }

  /// Few tiles of small integers are summed as they are. Many, or scalars, are combined first and summed once in full.
  void finish(const tile_group& g, msm_workspace<g1>& work) {
    std::visit(
        [&](const auto& first) {
          using V = typename std::remove_cvref_t<decltype(first)>::value_type;
          if constexpr (std::signed_integral<V>) {
            constexpr std::size_t bytes_per_scalar = 40;  // what a whole scalar costs, in bytes of small integers
            if (g.values.size() * sizeof(V) < bytes_per_scalar) return sum_integers<V>(g, work);
          }
          sum_scalars<V>(g, work);
        },
        g.values[0]);
  }

  template <class V>
  void sum_integers(const tile_group& g, msm_workspace<g1>& work) {
    std::vector<node_values<V>> nodes;
    for (const auto& values : g.values) nodes.push_back({std::get<std::span<const V>>(values)});
    std::vector<point> sums(nodes.size());
    msm_many<g1, V>(g.basis, std::span<const node_values<V>>{nodes}, sums, work);
    for (std::size_t i = 0; i < sums.size(); ++i) first_.add(-sums[i], g.coefficients[i]);
  }

  template <class V>
  void sum_scalars(const tile_group& g, msm_workspace<g1>& work) {
    std::vector<fr> combined(g.basis.size());
    for (std::size_t t = 0; t < g.values.size(); ++t) {
      const auto values = std::get<std::span<const V>>(g.values[t]);
      const fr k = scalar_of(fr{}, g.coefficients[t]);
      for (std::size_t i = 0; i < values.size(); ++i) combined[i] += k * to_fr(values[i]);
    }
    rest_ = rest_ - msm<g1>(g.basis, std::span<const fr>{combined}, work);
  }

  const pst_pairing_key<C>* key_;
  pst_terms<C> first_;
  std::vector<pst_terms<C>> quotients_;
  std::vector<xyzz_point<g1>> extended_;
  std::vector<limbs<2>> extended_coefficients_;
  std::vector<tile_group> tiles_;
  fr generator_;
  xyzz_point<g1> rest_;
};

}  // namespace assay::inline v0::detail

#endif
