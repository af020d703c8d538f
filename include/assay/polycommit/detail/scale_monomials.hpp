// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A ceremony's main work: every monomial's point times its own power of the contributor's secrets.
#ifndef ASSAY_POLYCOMMIT_DETAIL_SCALE_MONOMIALS_HPP
#define ASSAY_POLYCOMMIT_DETAIL_SCALE_MONOMIALS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/math/batch_add.hpp>
#include <assay/math/glv.hpp>
#include <assay/math/point.hpp>
#include <assay/polycommit/contribution.hpp>
#include <assay/polycommit/grid.hpp>

namespace assay::inline v0::detail {

/// points[i] *= scalars[i], all points doubling and adding in step, so that additions share inversions. About 220
/// batched additions each. Exact. Variable time. @pre equal sizes, below 2^28; points of prime order
template <class G>
class lockstep_multiplier {
 public:
  void operator()(std::span<affine_point<G>> points, std::span<const typename G::scalar> scalars) {
    ASSAY_EXPECTS(points.size() == scalars.size() && points.size() < (std::size_t{1} << 28));
    const std::size_t n = points.size();
    halves_.resize(n), buffer_.resize(4 * n), sums_.resize(n), left_.resize(n), right_.resize(n), out_.resize(n);
    for (std::size_t i = 0; i < n;
         ++i) {  // buffer: accumulators, then P, Q = lambda P and P + Q with the halves' signs
      halves_[i] = glv_split<G>(scalars[i].to_limbs());
      const affine_point<G> image = glv_image(points[i]);
      buffer_[i] = {};
      buffer_[n + i] = halves_[i][0].negative ? -points[i] : points[i];
      buffer_[2 * n + i] = halves_[i][1].negative ? -image : image;
      left_[i] = index(n + i), right_[i] = index(2 * n + i), out_[i] = static_cast<std::uint32_t>(i);
    }
    add(n);
    for (std::size_t i = 0; i < n; ++i) buffer_[3 * n + i] = sums_[i];
    for (unsigned bit = 127; bit-- > 0;) {
      for (std::size_t i = 0; i < n; ++i) left_[i] = right_[i] = index(i), out_[i] = static_cast<std::uint32_t>(i);
      add(n);
      for (std::size_t i = 0; i < n; ++i) buffer_[i] = sums_[i];
      std::size_t count = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const std::size_t which =
            bits_of(halves_[i][0].magnitude, bit, 1) + 2 * bits_of(halves_[i][1].magnitude, bit, 1);
        if (which == 0) continue;
        left_[count] = index(i), right_[count] = index(which * n + i), out_[count++] = static_cast<std::uint32_t>(i);
      }
      add(count);
      for (std::size_t k = 0; k < count; ++k) buffer_[out_[k]] = sums_[out_[k]];
    }
    for (std::size_t i = 0; i < n; ++i) points[i] = buffer_[i];
    wipe(halves_.data(), halves_.size() * sizeof(halves_[0]));
    wipe(right_.data(), right_.size() * sizeof(std::uint32_t));
  }

 private:
  static std::uint32_t index(std::size_t i) noexcept { return static_cast<std::uint32_t>(2 * i); }
  void add(std::size_t count) {
    batch_add<G>(buffer_.data(), left_.data(), right_.data(), out_.data(), sums_.data(), count, work_);
  }

  std::vector<std::array<glv_half, 2>> halves_;
  std::vector<affine_point<G>> buffer_, sums_;
  std::vector<std::uint32_t> left_, right_, out_;
  batch_add_workspace<G> work_;
};

/// points[a] *= prod_j factors[j]^{a_j}. @pre as many points as the shape says, one factor per axis
template <class G, class Progress>
void scale_monomials(const grid_shape& shape, std::span<affine_point<G>> points,
                     std::span<const typename G::scalar> factors, Progress& progress) {
  using scalar = typename G::scalar;
  constexpr std::size_t batch = 1024;
  secret_scalars<scalar> powers{batch}, start{shape.rank + std::size_t{1}};
  std::array<std::uint32_t, grid_limits::axes> exponents{};
  lockstep_multiplier<G> multiply_all;
  for (std::size_t j = 0; j <= shape.rank; ++j) start[j] = scalar::one();  // product of the powers of the first j axes
  for (std::size_t begin = 0; begin < points.size(); begin += batch) {
    const std::size_t n = points.size() - begin < batch ? points.size() - begin : batch;
    for (std::size_t k = 0; k < n; ++k) {
      powers[k] = start[shape.rank];
      std::size_t j = shape.rank;
      while (j > 0 && ++exponents[j - 1] == shape.extents[j - 1]) exponents[--j] = 0;
      if (j == 0) continue;
      start[j] *= factors[j - 1];
      for (; j < shape.rank; ++j) start[j + 1] = start[j];
    }
    multiply_all(points.subspan(begin, n), powers.get().first(n));
    progress(static_cast<double>(begin + n) / static_cast<double>(points.size()));
  }
}

}  // namespace assay::inline v0::detail

#endif
