// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Openings of PST commitments at grid points and tiles: quotients straight from differences of values.
#ifndef ASSAY_POLYCOMMIT_PST_OPEN_HPP
#define ASSAY_POLYCOMMIT_PST_OPEN_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/polycommit/pst.hpp>

namespace assay::inline v0 {

/// Points of the proof for tiles at these places, `fixed` coordinates per tile, tiles strictly ascending: one per
/// distinct non-empty prefix. A proof lists them tile by tile, short prefixes first, each where it first occurs.
/// @pre fixed divides places.size(), or both are 0
[[nodiscard]] inline std::size_t count_quotients(std::span<const std::uint32_t> places, std::size_t fixed) noexcept {
  std::size_t count = fixed == 0 ? 0 : places.size();
  for (std::size_t t = fixed; fixed != 0 && t < places.size(); t += fixed)
    for (std::size_t j = 0; j < fixed && places[t + j] == places[t + j - fixed]; ++j) --count;
  return count;
}

namespace detail {

/// A type for differences of values. @pre 64-bit values are below 2^62 in magnitude
template <class V>
struct difference_of {
  using type = V;
};
template <>
struct difference_of<std::int8_t> {
  using type = std::int16_t;
};
template <>
struct difference_of<std::int16_t> {
  using type = std::int32_t;
};
template <>
struct difference_of<std::int32_t> {
  using type = std::int64_t;
};

template <class Fr, class V>
[[nodiscard]] Fr to_scalar(const V& v) noexcept {
  if constexpr (std::signed_integral<V>) return Fr::from_i64(v);
  else return v;
}

}  // namespace detail

/// Opens one tensor, any number of times; keeps the quotients it made, for openings that share leading coordinates.
/// V is a signed integer type (64-bit values below 2^62) or `fr`. For one thread.
///
/// With coordinates a, since f - f|_{X_j = a_j} = sum_{i != a_j} (v_i - v_{a_j}) L_{j,i} .., the quotient for axis j is
///
///     pi_j = sum_{i != a_j} sum_rest (v[a_0..a_{j-1}, i, rest] - v[a_0..a_j, rest]) H_{i,rest}   (H: quotient_table)
///
/// and C - [f restricted]_1 = sum_j (tau_j - a_j) pi_j. Opening a point takes N - 1 differences in all.
template <class C, class V>
class pst_opener {
 public:
  using g1 = typename C::g1;
  using fr = typename C::fr;
  using point = affine_point<g1>;

  /// @pre values.size() == key.grid().size(); both outlive the opener
  pst_opener(const pst_key<C>& key, std::span<const V> values) : key_(&key), values_(values) {
    ASSAY_EXPECTS(values.size() == key.grid().size());
  }

  /// The proof for tiles, laid out as `count_quotients` says. Exact.
  /// @pre places: `fixed` coordinates per tile, tiles strictly ascending, each below its extent; fixed <= rank
  [[nodiscard]] std::vector<point> open(std::span<const std::uint32_t> places, std::size_t fixed) {
    const pst_grid& g = key_->grid();
    ASSAY_EXPECTS(fixed <= g.rank && (fixed == 0 ? places.empty() : places.size() % fixed == 0));
    std::vector<point> proof;
    proof.reserve(count_quotients(places, fixed));
    for (std::size_t t = 0; t < places.size(); t += fixed) {
      bool shared = t != 0;
      std::size_t prefix = 0;
      for (std::size_t j = 0; j < fixed; ++j) {
        const std::uint32_t a = places[t + j];
        ASSAY_EXPECTS(a < g.extents[j] && (!shared || a >= places[t + j - fixed]));
        shared = shared && a == places[t + j - fixed];
        if (!shared) proof.push_back(quotient(j, prefix, a));
        prefix = prefix * g.extents[j] + a;
      }
      ASSAY_EXPECTS(!shared);  // a tile twice
    }
    return proof;
  }

  /// Differences that went into multi-scalar multiplications so far.
  [[nodiscard]] std::size_t terms() const noexcept { return terms_; }

 private:
  static constexpr std::size_t short_slice = 32;  // below, whole scalars cost less than a product per slice

  /// The quotient for axis j, in the part of the tensor that leading coordinates pick by their row-major number.
  const point& quotient(std::size_t j, std::size_t prefix, std::uint32_t a) {
    const std::uint32_t extent = key_->grid().extents[j];
    const auto [at, is_new] = cache_.try_emplace({j, prefix * extent + a});
    if (!is_new) return at->second;
    const std::size_t rest = key_->grid().tile_size(j + 1);
    const std::span<const V> part = values_.subspan(prefix * extent * rest, extent * rest);
    if constexpr (std::signed_integral<V>) {
      if (key_->quotients(j).exists()) return at->second = from_table(j, part, a, rest);
      if (rest > short_slice) return at->second = from_slices(j, part, a, rest);
    }
    return at->second = from_scalars(j, part, a, rest);
  }

  using difference = typename detail::difference_of<V>::type;

  /// (v_i - v_a) for one slice; a slice beyond the extent is zero.
  void append_differences(std::span<const V> part, std::uint32_t i, std::uint32_t a, std::size_t rest) {
    const V* at_a = part.data() + a * rest;
    const V* at_i = i * rest < part.size() ? part.data() + i * rest : nullptr;
    for (std::size_t t = 0; t < rest; ++t)
      differences_.push_back(
          static_cast<difference>((at_i != nullptr ? difference{at_i[t]} : difference{}) - difference{at_a[t]}));
  }

  point from_table(std::size_t j, std::span<const V> part, std::uint32_t a, std::size_t rest) {
    const quotient_table<C>& table = key_->quotients(j);
    const std::uint32_t extent = key_->grid().extents[j];
    differences_.clear();
    for (std::uint32_t i = 0; i < extent; ++i)
      if (i != a) append_differences(part, i, a, rest);
    if (extent < key_->grid().nodes[j]) append_differences(part, extent, a, rest);
    terms_ += differences_.size();
    auto sum = msm<g1>(table.bases(a), std::span<const difference>{differences_}, work_);
    if (table.scaled()) sum = multiply(sum, table.divisor_inverse(a));
    return sum.to_affine();
  }

  /// Without a table: sum_{i != a} S_i / (i - a) - Z, S_i = sum_rest (v_i - v_a) G_i with small integers, and
  /// Z = sum_rest (sum_i w_i/w_a (v_i - v_a) / (i - a)) G_a with whole scalars.
  point from_slices(std::size_t j, std::span<const V> part, std::uint32_t a, std::size_t rest) {
    const lagrange_axis<fr>& axis = key_->axis(j);
    const std::span<const point> bases = key_->slices(j);
    std::vector<fr> at_a(rest), factors;
    std::vector<xyzz_point<g1>> sums;
    for (std::uint32_t i = 0; i < axis.nodes(); ++i) {
      if (i == a) continue;
      differences_.clear();
      append_differences(part, i, a, rest);
      terms_ += rest;
      sums.push_back(msm<g1>(bases.subspan(i * rest, rest), std::span<const difference>{differences_}, work_));
      factors.push_back(axis.inverse_difference(i, a));
      subtract_multiples(at_a, axis.weight_ratio(i, a) * factors.back());
    }
    std::vector<point> affine(sums.size());
    to_affine<g1>(sums, affine);
    const auto total = msm<g1>(affine, std::span<const fr>{factors}, work_) +
                       msm<g1>(bases.subspan(a * rest, rest), std::span<const fr>{at_a}, work_);
    return total.to_affine();
  }

  /// to[t] -= factor * differences_[t]. A factor times R makes the product with a bare integer an ordinary product.
  void subtract_multiples(std::span<fr> to, const fr& factor) const {
    const fr lifted = factor * fr::from_limbs(fr::one().montgomery_form());
    for (std::size_t t = 0; t < to.size(); ++t) {
      const auto d = static_cast<std::int64_t>(differences_[t]);
      const fr bare = fr::from_montgomery({d < 0 ? 0 - static_cast<std::uint64_t>(d) : static_cast<std::uint64_t>(d)});
      if (d < 0) to[t] += lifted * bare;
      else to[t] -= lifted * bare;
    }
  }

  /// Everything on slices(j) with whole scalars: (v_i - v_a) / (i - a), and on slice a what is subtracted.
  point from_scalars(std::size_t j, std::span<const V> part, std::uint32_t a, std::size_t rest) {
    const lagrange_axis<fr>& axis = key_->axis(j);
    std::vector<fr> scalars(axis.nodes() * rest);
    const auto value = [&](std::uint32_t i, std::size_t t) {
      return i * rest < part.size() ? detail::to_scalar<fr>(part[i * rest + t]) : fr{};
    };
    for (std::uint32_t i = 0; i < axis.nodes(); ++i) {
      if (i == a) continue;
      const fr inverse = axis.inverse_difference(i, a), ratio = axis.weight_ratio(i, a);
      for (std::size_t t = 0; t < rest; ++t) {
        const fr q = (value(i, t) - value(a, t)) * inverse;
        scalars[i * rest + t] = q;
        scalars[a * rest + t] -= ratio * q;
      }
    }
    terms_ += scalars.size() - rest;
    return sum_of_scalars(j, scalars);
  }

  point sum_of_scalars(std::size_t j, std::span<const fr> scalars) {
    if (const auto* table = detail::table_for<fr>(*key_, j)) {
      const node_values<fr> node{scalars, {}};
      point sum;
      sum_many<g1, fr>(*table, std::span{&node, 1}, std::span{&sum, 1}, work_);
      return sum;
    }
    return msm<g1>(key_->slices(j), scalars, work_).to_affine();
  }

  const pst_key<C>* key_;
  std::span<const V> values_;
  std::map<std::pair<std::size_t, std::size_t>, point> cache_;
  std::vector<difference> differences_;
  msm_workspace<g1> work_;
  std::size_t terms_ = 0;
};

}  // namespace assay::inline v0

#endif
