// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tensor inside the bytes of a file, as the readers of model files list it.
#ifndef ASSAY_IO_NAMED_TENSOR_HPP
#define ASSAY_IO_NAMED_TENSOR_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <assay/core/bytes.hpp>
#include <assay/core/checked.hpp>
#include <assay/core/tensor_view.hpp>

namespace assay::inline v0 {

/// Name and place of a tensor; `view` and `bytes` lie in the caller's buffer, at any alignment.
/// An opaque tensor has its extents in `view`, but only `bytes` can be read.
struct named_tensor {
  std::string name;
  tensor_view view;
  byte_view bytes;
};

namespace detail {

/// Fills in extents and dense row-major strides; returns the number of elements.
/// @errors shape_mismatch (rank), overflow
[[nodiscard]] inline result<std::uint64_t> describe_dense(std::span<const std::uint64_t> extents, dtype type,
                                                          tensor_view& view) {
  if (extents.size() > static_cast<std::size_t>(tensor_view::max_rank))
    return fail(errc::shape_mismatch, "a tensor of more than 6 dimensions", extents.size());
  view.rank = static_cast<std::int8_t>(extents.size());
  view.type = type;
  constexpr auto largest = static_cast<std::uint64_t>(INT64_MAX);
  std::uint64_t elements = 1, stride = size_of(type);
  bool fits = true;
  for (std::size_t d = extents.size(); d-- > 0;) {
    view.extent[d] = static_cast<std::int64_t>(extents[d]);
    view.stride_bytes[d] = static_cast<std::int64_t>(stride);
    const std::uint64_t factor = extents[d] == 0 ? 1 : extents[d];  // so that an extent of 0 hides no overflow
    fits = fits && extents[d] <= largest && !__builtin_mul_overflow(stride, factor, &stride) && stride <= largest &&
           !__builtin_mul_overflow(elements, factor, &elements) && elements <= largest;
  }
  if (!fits) return fail(errc::overflow, "a tensor with more elements or bytes than 63 bits can count");
  for (std::uint64_t extent : extents)
    if (extent == 0) return std::uint64_t{0};
  return elements;
}

}  // namespace detail
}  // namespace assay::inline v0

#endif
