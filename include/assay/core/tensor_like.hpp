// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a host's tensor type becomes a tensor_view: a trait to specialise, because the host's namespace is not ours.
#ifndef ASSAY_CORE_TENSOR_LIKE_HPP
#define ASSAY_CORE_TENSOR_LIKE_HPP

#include <concepts>
#include <span>

#include <assay/core/tensor_view.hpp>

namespace assay::inline v0 {

/// Specialise for a tensor type `T` of the host: `static tensor_view view(const T&) noexcept`.
template <class T>
struct tensor_adapter;

/// A type with a `tensor_adapter`.
template <class T>
concept tensor_like = requires(const T& tensor) {
  { tensor_adapter<T>::view(tensor) } -> std::same_as<tensor_view>;
};

/// The view of a host's tensor; it must not outlive the tensor.
template <tensor_like T>
[[nodiscard]] tensor_view as_view(const T& tensor) {
  return tensor_adapter<T>::view(tensor);
}

template <>
struct tensor_adapter<tensor_view> {
  [[nodiscard]] static tensor_view view(const tensor_view& tensor) noexcept { return tensor; }
};

/// A span of numbers is one row.
template <class T>
  requires tensor_element<std::remove_const_t<T>>
struct tensor_adapter<std::span<T>> {
  [[nodiscard]] static tensor_view view(std::span<T> row) noexcept {
    return vector_view(row.data(), dtype_of<std::remove_const_t<T>>, static_cast<std::int64_t>(row.size()));
  }
};

}  // namespace assay::inline v0

#endif
