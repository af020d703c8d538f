// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PST commitments (multivariate KZG) to small tensors of integers, in the Lagrange basis: no interpolation anywhere.
#ifndef ASSAY_POLYCOMMIT_PST_HPP
#define ASSAY_POLYCOMMIT_PST_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/math/fixed_base.hpp>
#include <assay/math/msm.hpp>
#include <assay/polycommit/pst_grid.hpp>
#include <assay/polycommit/pst_tables.hpp>
#include <assay/polycommit/srs.hpp>

namespace assay::inline v0 {

/// Memory that a prover's key may spend for speed. Nothing here changes a commitment or an opening.
struct pst_options {
  /// Bytes for the bases of quotients, over all axes; the last axes, which need the fewest, come first.
  std::size_t quotient_table_bytes = std::size_t{64} << 20;
  /// Bits of the signed integers that many small nodes hold, for tables of their bases: 0 none, `fr::bits` scalars.
  unsigned table_bits = 0;
  /// Most bytes of such a table.
  std::size_t table_bytes = std::size_t{64} << 20;
};

/// What a prover needs for tensors of one shape. Immutable: share it.
///
/// With the Lagrange basis L_{j,i} of axis j at nodes 0..n_j-1 and secret tau, G_i = [prod_j L_{j,i_j}(tau_j)]_1, and
/// the commitment to values v is sum v_i G_i = [f(tau)]_1 for the polynomial f with f(i) = v_i and degree below n_j in
/// each variable. Since sum_i L_{j,i} = 1, summing G over an axis takes its variable out: so come the bases for fewer
/// axes, and those of tiles.
/// Source: Papamanthou, Shi, Tamassia, Signatures of correct computation (TCC 2013), section 4.
template <class C>
class pst_key {
 public:
  using curve = C;
  using g1 = typename C::g1;
  using fr = typename C::fr;
  using point = affine_point<g1>;
  using reference = structured_reference_string<C>;

  /// A key for tensors with these extents, on the axes that `place_grid` chooses. @errors shape_mismatch
  /// Complexity: an addition per point of the reference string.
  [[nodiscard]] static result<pst_key> make(const verified_srs<C>& srs, std::span<const std::uint32_t> extents,
                                            const pst_options& options = {}) {
    return make(srs.shared(), srs.id(), extents, options);
  }
  [[nodiscard]] static result<pst_key> make_insecure_for_tests(const insecure_srs_for_tests<C>& srs,
                                                               std::span<const std::uint32_t> extents,
                                                               const pst_options& options = {}) {
    return make(srs.shared(), srs.id(), extents, options);
  }

  [[nodiscard]] const pst_grid& grid() const noexcept { return grid_; }
  [[nodiscard]] const digest& reference_id() const noexcept { return reference_id_; }

  /// [prod_{l >= j} L_l(tau_l)]_1: all nodes of axis j times the extents of the later axes; the generator for j = rank.
  [[nodiscard]] std::span<const point> slices(std::size_t j) const noexcept {
    return j == 0 && whole_ ? std::span{whole_->lagrange} : std::span{slices_[j]};
  }
  /// Bases of a tile whose first `fixed` coordinates are given. @pre fixed <= rank
  [[nodiscard]] std::span<const point> basis(std::size_t fixed) const noexcept {
    return slices(fixed).first(grid_.tile_size(fixed));
  }
  [[nodiscard]] const lagrange_axis<fr>& axis(std::size_t j) const noexcept { return axes_[j]; }
  /// Bases of quotients on axis j; may not exist.
  [[nodiscard]] const quotient_table<C>& quotients(std::size_t j) const noexcept { return quotients_[j]; }
  /// Multiples of slices(j), if they were asked for and serve values of that many bits.
  [[nodiscard]] const fixed_base_table<g1>* table(std::size_t j, unsigned bits) const noexcept {
    return j < tables_.size() && tables_[j] && bits <= table_bits_ ? &*tables_[j] : nullptr;
  }

 private:
  pst_key() = default;

  static result<pst_key> make(std::shared_ptr<const reference> srs, const digest& id,
                              std::span<const std::uint32_t> extents, const pst_options& options) {
    const auto grid = place_grid(srs->shape, extents);
    if (!grid) return grid.error();
    pst_key key;
    key.grid_ = *grid, key.reference_id_ = id;
    key.make_slices(std::move(srs));
    for (std::size_t j = 0; j < key.grid_.rank; ++j) key.axes_.emplace_back(key.grid_.nodes[j]);
    key.make_quotient_tables(options.quotient_table_bytes);
    key.make_tables(options);
    return key;
  }

  /// Sums out the axes that the grid does not have, then its own from the first on.
  void make_slices(std::shared_ptr<const reference> srs) {
    const std::size_t rank = grid_.rank;
    slices_.resize(rank + 1u);
    slices_[rank] = {g1::generator()};
    if (rank == 0) return;
    batch_add_workspace<g1> work;
    std::vector<point> points = srs->lagrange;
    std::size_t outer = 1, kept = 0;
    for (std::size_t axis = 0; axis < srs->shape.rank; ++axis) {
      const std::size_t n = srs->shape.extents[axis];
      if (kept < rank && grid_.axes[kept] == axis) {
        outer *= n, ++kept;
        continue;
      }
      const std::size_t inner = points.size() / (outer * n);
      points = detail::sum_axis<g1>(std::move(points), outer, n, inner, work);
    }
    for (std::size_t j = 0; j < rank; ++j) {
      if (j > 0) {
        const std::size_t n = grid_.nodes[j - 1u], inner = points.size() / n;
        points = detail::sum_axis<g1>(std::move(points), 1, n, inner, work);
      }
      if (j == 0 && srs->lagrange.size() == grid_.nodes[0] * grid_.tile_size(1)) whole_ = srs;
      else slices_[j] = restricted(points, j);
    }
  }

  /// Leaves out the nodes beyond the extents of axes after j.
  [[nodiscard]] std::vector<point> restricted(const std::vector<point>& points, std::size_t j) const {
    const std::size_t size = grid_.nodes[j] * grid_.tile_size(j + 1);
    if (points.size() == size) return points;
    std::vector<point> out;
    out.reserve(size);
    std::array<std::uint32_t, 8> at{};
    for (std::size_t k = 0; k < size; ++k) {
      std::size_t index = 0;
      for (std::size_t l = j; l < grid_.rank; ++l) index = index * grid_.nodes[l] + at[l];
      out.push_back(points[index]);
      for (std::size_t l = grid_.rank; l-- > j;) {
        if (++at[l] < (l == j ? grid_.nodes[l] : grid_.extents[l])) break;
        at[l] = 0;
      }
    }
    return out;
  }

  void make_quotient_tables(std::size_t budget) {
    quotients_.resize(grid_.rank);
    msm_workspace<g1> work;
    for (std::size_t j = grid_.rank; j-- > 0;) {
      const std::uint32_t extent = grid_.extents[j], nodes = grid_.nodes[j];
      const std::size_t rest = grid_.tile_size(j + 1u);
      if (extent < 2 || nodes > quotient_table<C>::most_nodes) continue;
      const std::size_t bytes = sizeof(point) * quotient_table<C>::size_of(extent, nodes, rest);
      if (bytes > budget) continue;
      budget -= bytes;
      quotients_[j] = quotient_table<C>{slices(j), extent, nodes, rest, work};
    }
  }

  void make_tables(const pst_options& options) {
    if (options.table_bits == 0) return;
    constexpr unsigned window = 8;
    table_bits_ = options.table_bits;
    tables_.resize(table_bits_ < fr::bits ? 1u : grid_.rank + std::size_t{1});  // scalars: openings use them too
    std::size_t budget = options.table_bytes;
    const unsigned windows = (table_bits_ + (table_bits_ == fr::bits ? 1 : 0) + window - 1) / window;
    const std::size_t bytes_per_base = windows * (std::size_t{1} << (window - 1)) * sizeof(point);
    for (std::size_t j = 0; j < tables_.size(); ++j) {
      if (slices(j).size() > budget / bytes_per_base) continue;
      budget -= slices(j).size() * bytes_per_base;
      tables_[j] = fixed_base_table<g1>::build(slices(j), table_bits_, window);
    }
  }

  pst_grid grid_;
  digest reference_id_;
  std::shared_ptr<const reference> whole_;  // instead of slices_[0] where that is the whole reference string
  std::vector<std::vector<point>> slices_;
  std::vector<lagrange_axis<fr>> axes_;
  std::vector<quotient_table<C>> quotients_;
  std::vector<std::optional<fixed_base_table<g1>>> tables_;
  unsigned table_bits_ = 0;
};

namespace detail {

/// Bits that a type's values need as signed integers; `fr::bits` for scalars.
template <class C, class V>
inline constexpr unsigned type_bits = [] {
  if constexpr (std::signed_integral<V>) return static_cast<unsigned>(8 * sizeof(V));
  else return C::fr::bits;
}();

/// A table that serves values of a type, if a key has one.
template <class V, class C>
[[nodiscard]] const fixed_base_table<typename C::g1>* table_for(const pst_key<C>& key, std::size_t j) noexcept {
  return key.table(j, type_bits<C, V>);
}

}  // namespace detail

/// Commits to many tensors of a key's shape at once: `values` holds them one after the other. V is a signed integer
/// type or `fr`. Exact. @pre values.size() == out.size() * key.grid().size()
template <class C, class V>
void commit_many(const pst_key<C>& key, std::span<const V> values, std::span<affine_point<typename C::g1>> out,
                 msm_workspace<typename C::g1>& work) {
  using g1 = typename C::g1;
  const std::size_t size = key.grid().size();
  ASSAY_EXPECTS(values.size() == out.size() * size);
  constexpr std::size_t large = 8192;  // from here on a node fills batches of its own
  const auto* table = detail::table_for<V>(key, 0);
  if (table != nullptr || (std::signed_integral<V> && size < large)) {
    std::vector<node_values<V>> nodes(out.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].values = values.subspan(i * size, size);
    if (table != nullptr) return sum_many<g1, V>(*table, std::span<const node_values<V>>{nodes}, out, work);
    if constexpr (std::signed_integral<V>)
      return msm_many<g1, V>(key.basis(0), std::span<const node_values<V>>{nodes}, out, work);
  }
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = msm<g1>(key.basis(0), values.subspan(i * size, size), work).to_affine();
}

/// Commits to one tensor. @pre values.size() == key.grid().size()
template <class C, class V>
[[nodiscard]] affine_point<typename C::g1> commit(const pst_key<C>& key, std::span<const V> values,
                                                  msm_workspace<typename C::g1>& work) {
  affine_point<typename C::g1> out;
  commit_many<C, V>(key, values, std::span{&out, 1}, work);
  return out;
}

/// The commitment to a tensor of which the part from `first` on has changed by `differences`: costs only that part.
/// @pre first + differences.size() <= key.grid().size()
template <class C, class V>
[[nodiscard]] affine_point<typename C::g1>
updated(const pst_key<C>& key, const affine_point<typename C::g1>& commitment, std::size_t first,
        std::span<const V> differences, msm_workspace<typename C::g1>& work) {
  using g1 = typename C::g1;
  ASSAY_EXPECTS(first <= key.grid().size() && differences.size() <= key.grid().size() - first);
  return (msm<g1>(key.basis(0).subspan(first), differences, work) + commitment).to_affine();
}

}  // namespace assay::inline v0

#endif
