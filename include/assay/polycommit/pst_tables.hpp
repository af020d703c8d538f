// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bases of quotients on a short axis: with them an opening is a sum of small integers times points.
#ifndef ASSAY_POLYCOMMIT_PST_TABLES_HPP
#define ASSAY_POLYCOMMIT_PST_TABLES_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/math/msm.hpp>
#include <assay/math/point.hpp>

namespace assay::inline v0 {

/// For one axis of n nodes and the points G_{i,rest} of this and the later axes, the points
///
///     D_a H_{i,rest},   H_{i,rest} = [L_i(tau) / (tau - a) * rest]_1 = (G_{i,rest} - w_i/w_a G_{a,rest}) / (i - a),
///
/// for all a and i != a below the extent, and the sum over all i beyond it, where values are zero. The integer
/// D_a = lcm(1..n-1) C(n-1, a) makes both coefficients integers of at most 32 bits, so a table costs little; small
/// tables are divided by D_a at once, large ones once per opening.
template <class C>
class quotient_table {
 public:
  using fr = typename C::fr;
  using point = affine_point<typename C::g1>;

  /// Longest axis: beyond, the integers outgrow the saving.
  static constexpr std::uint32_t most_nodes = 16;
  /// Tables of at most so many points are divided.
  static constexpr std::size_t divided_points = 2048;

  /// Points of a table, for budgets.
  [[nodiscard]] static constexpr std::size_t size_of(std::uint32_t extent, std::uint32_t nodes,
                                                     std::size_t rest) noexcept {
    return rest * extent * (extent - 1u + (extent < nodes ? 1u : 0u));
  }

  /// No table.
  quotient_table() = default;
  /// @pre points: nodes x rest, 2 <= extent <= nodes <= most_nodes
  quotient_table(std::span<const point> points, std::uint32_t extent, std::uint32_t nodes, std::size_t rest,
                 msm_workspace<typename C::g1>& work)
      : extent_(extent), slices_(extent - 1u + (extent < nodes ? 1u : 0u)), rest_(rest) {
    ASSAY_EXPECTS(extent >= 2 && extent <= nodes && nodes <= most_nodes && points.size() == nodes * rest);
    points_.resize(size_of(extent, nodes, rest));
    for (std::uint32_t a = 0; a < extent; ++a) fill(points, nodes, a, work);
    divisor_inverse_.resize(extent);
    for (std::uint32_t a = 0; a < extent; ++a)
      divisor_inverse_[a] =
          fr::from_u64(static_cast<std::uint64_t>(least_common_multiple(nodes) * binomial(nodes - 1, a))).inverse();
    if (points_.size() <= divided_points) divide();
  }

  [[nodiscard]] bool exists() const noexcept { return !points_.empty(); }
  /// Bases for a: slices i = 0, 1, .. without a, each of `rest` points, and last, if the extent is short, the sum of
  /// the slices beyond it.
  [[nodiscard]] std::span<const point> bases(std::uint32_t a) const {
    return std::span{points_}.subspan(a * slices_ * rest_, slices_ * rest_);
  }
  /// True if the points are D_a times what they should be.
  [[nodiscard]] bool scaled() const noexcept { return !divided_; }
  /// 1 / D_a
  [[nodiscard]] const fr& divisor_inverse(std::uint32_t a) const { return divisor_inverse_[a]; }

 private:
  static constexpr std::int64_t least_common_multiple(std::uint32_t nodes) noexcept {
    std::int64_t m = 1;
    for (std::uint32_t i = 2; i < nodes; ++i) m = std::lcm(m, static_cast<std::int64_t>(i));
    return m;
  }
  static constexpr std::int64_t binomial(std::uint32_t n, std::uint32_t k) noexcept {
    std::int64_t b = 1;
    for (std::uint32_t i = 1; i <= k; ++i) b = b * (n - k + i) / i;
    return b;
  }
  /// D_a / (i - a) and -D_a w_i / (w_a (i - a)).
  static constexpr std::array<std::int64_t, 2> coefficients(std::uint32_t nodes, std::uint32_t i,
                                                            std::uint32_t a) noexcept {
    const std::int64_t m = least_common_multiple(nodes) / (static_cast<std::int64_t>(i) - static_cast<std::int64_t>(a));
    const std::int64_t sign = (i + a) % 2 == 0 ? -1 : 1;
    return {m * binomial(nodes - 1, a), sign * m * binomial(nodes - 1, i)};
  }

  void fill(std::span<const point> points, std::uint32_t nodes, std::uint32_t a, msm_workspace<typename C::g1>& work) {
    std::vector<std::array<std::int64_t, 2>> c(nodes);
    for (std::uint32_t i = 0; i < nodes; ++i)
      if (i != a) c[i] = coefficients(nodes, i, a);
    std::vector<std::int64_t> values;
    std::vector<std::uint32_t> bases;
    std::vector<std::size_t> ends;
    const auto add = [&](std::int64_t value, std::uint32_t i, std::size_t t) {
      values.push_back(value);
      bases.push_back(static_cast<std::uint32_t>(i * rest_ + t));
    };
    for (std::uint32_t i = 0; i < extent_; ++i)
      for (std::size_t t = 0; i != a && t < rest_; ++t) {
        add(c[i][0], i, t), add(c[i][1], a, t);
        ends.push_back(values.size());
      }
    for (std::size_t t = 0; extent_ < nodes && t < rest_; ++t) {
      std::int64_t at_a = 0;
      for (std::uint32_t i = extent_; i < nodes; ++i) add(c[i][0], i, t), at_a += c[i][1];
      add(at_a, a, t);
      ends.push_back(values.size());
    }
    std::vector<node_values<std::int64_t>> sums(ends.size());
    for (std::size_t k = 0, from = 0; k < ends.size(); from = ends[k++])
      sums[k] = {std::span{values}.subspan(from, ends[k] - from), std::span{bases}.subspan(from, ends[k] - from)};
    const std::span<point> out = std::span{points_}.subspan(a * slices_ * rest_, slices_ * rest_);
    msm_many<typename C::g1, std::int64_t>(points, sums, out, work);
  }

  void divide() {
    std::vector<xyzz_point<typename C::g1>> quotients(points_.size());
    for (std::size_t k = 0; k < points_.size(); ++k)
      quotients[k] = multiply(xyzz_point<typename C::g1>{points_[k]}, divisor_inverse_[k / (slices_ * rest_)]);
    to_affine<typename C::g1>(quotients, points_);
    divided_ = true;
  }

  std::uint32_t extent_ = 0;
  std::size_t slices_ = 0, rest_ = 0;
  std::vector<point> points_;
  std::vector<fr> divisor_inverse_;
  bool divided_ = false;
};

}  // namespace assay::inline v0

#endif
