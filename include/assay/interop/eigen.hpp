// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Eigen's matrices, vectors, maps, references and blocks as tensors, in their own storage order. Needs Eigen.
#ifndef ASSAY_INTEROP_EIGEN_HPP
#define ASSAY_INTEROP_EIGEN_HPP

#include <cstdint>
#include <type_traits>

#include <Eigen/Core>

#include <assay/core/tensor_like.hpp>

namespace assay::inline v0 {

namespace detail {

template <class Scalar>
[[nodiscard]] consteval dtype eigen_dtype() {
  if constexpr (std::is_same_v<Scalar, Eigen::half>) return dtype::f16;
  else if constexpr (std::is_same_v<Scalar, Eigen::bfloat16>) return dtype::bf16;
  else if constexpr (tensor_element<Scalar>) return dtype_of<Scalar>;
  else return dtype::opaque;
}

/// A scalar that has an element type here.
template <class Scalar>
concept eigen_scalar = eigen_dtype<Scalar>() != dtype::opaque;

/// Element (i, j) of the view is coefficient (i, j), whether the storage is column-major (Eigen's default) or row-major.
/// A vector, row or column, is one row of rank 1.
template <class Dense>
struct eigen_adapter {
  static_assert((Dense::Flags & Eigen::DirectAccessBit) != 0,
                "assay: this Eigen expression has no storage; evaluate it first");

  [[nodiscard]] static tensor_view view(const Dense& dense) noexcept {
    using scalar = typename Dense::Scalar;
    constexpr auto size = static_cast<std::int64_t>(sizeof(scalar));
    const auto* data = reinterpret_cast<const std::byte*>(dense.data());
    if constexpr (Dense::IsVectorAtCompileTime) {
      return {data, {dense.size()}, {dense.innerStride() * size}, 1, eigen_dtype<scalar>(), device::host, 0};
    } else {
      return {data, {dense.rows(), dense.cols()}, {dense.rowStride() * size, dense.colStride() * size},
              2,    eigen_dtype<scalar>(),        device::host,
              0};
    }
  }
};

}  // namespace detail

template <detail::eigen_scalar Scalar, int Rows, int Cols, int Options, int MaxRows, int MaxCols>
struct tensor_adapter<Eigen::Matrix<Scalar, Rows, Cols, Options, MaxRows, MaxCols>>
    : detail::eigen_adapter<Eigen::Matrix<Scalar, Rows, Cols, Options, MaxRows, MaxCols>> {};

template <detail::eigen_scalar Scalar, int Rows, int Cols, int Options, int MaxRows, int MaxCols>
struct tensor_adapter<Eigen::Array<Scalar, Rows, Cols, Options, MaxRows, MaxCols>>
    : detail::eigen_adapter<Eigen::Array<Scalar, Rows, Cols, Options, MaxRows, MaxCols>> {};

template <class Plain, int Options, class Stride>
  requires detail::eigen_scalar<typename Plain::Scalar>
struct tensor_adapter<Eigen::Map<Plain, Options, Stride>> : detail::eigen_adapter<Eigen::Map<Plain, Options, Stride>> {
};

template <class Plain, int Options, class Stride>
  requires detail::eigen_scalar<typename Plain::Scalar>
struct tensor_adapter<Eigen::Ref<Plain, Options, Stride>> : detail::eigen_adapter<Eigen::Ref<Plain, Options, Stride>> {
};

template <class Whole, int Rows, int Cols, bool InnerPanel>
  requires(detail::eigen_scalar<typename Whole::Scalar> &&
           (Eigen::Block<Whole, Rows, Cols, InnerPanel>::Flags & Eigen::DirectAccessBit) != 0)
struct tensor_adapter<Eigen::Block<Whole, Rows, Cols, InnerPanel>>
    : detail::eigen_adapter<Eigen::Block<Whole, Rows, Cols, InnerPanel>> {};

}  // namespace assay::inline v0

#endif
