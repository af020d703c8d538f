// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tensor of the host's, described without owning it: any element type, any strides, any alignment.
#ifndef ASSAY_CORE_TENSOR_VIEW_HPP
#define ASSAY_CORE_TENSOR_VIEW_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <assay/core/dtype.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0 {

/// Where a tensor's memory lies.
enum class device : std::uint8_t {
  host = 0,
  host_pinned = 1,  ///< page-locked; the CPU reads it like any other memory
  managed = 2,      ///< migrates on access; the CPU may read it
  cuda = 3,
  rocm = 4,
  metal = 5,
  vulkan = 6,
  other = 7,
};

[[nodiscard]] constexpr bool readable_by_cpu(device where) noexcept {
  return where == device::host || where == device::host_pinned || where == device::managed;
}

/// Non-owning view, valid while the host's memory is. Dimensions go from outermost to innermost.
/// Strides are in bytes and may be 0 or negative; `data` is the address of element (0, …, 0), of any alignment.
/// The stride of a dimension with extent 0 or 1 means nothing and is never used.
struct tensor_view {
  static constexpr int max_rank = 6;

  const std::byte* data = nullptr;
  std::array<std::int64_t, max_rank> extent{};
  std::array<std::int64_t, max_rank> stride_bytes{};
  std::int8_t rank = 0;
  dtype type = dtype::f32;
  device where = device::host;
  std::int8_t device_id = 0;
};

static_assert(std::is_trivially_copyable_v<tensor_view> && sizeof(tensor_view) <= 112);

namespace detail {
/// Adds what dimension `d` can move the address by, downwards or upwards. False if that does not fit.
[[nodiscard]] inline bool grow_span(const tensor_view& view, std::size_t d, std::int64_t& lowest,
                                    std::int64_t& highest) noexcept {
  if (view.extent[d] <= 1) return true;
  std::int64_t reach = 0;
  if (__builtin_mul_overflow(view.extent[d] - 1, view.stride_bytes[d], &reach)) return false;
  std::int64_t& end = reach < 0 ? lowest : highest;
  return !__builtin_add_overflow(end, reach, &end);
}
}  // namespace detail

/// Checks that the CPU can read every element the view describes, as far as a description can tell.
/// @errors shape_mismatch (rank), out_of_range (an extent is negative; where: the dimension), overflow (number of elements
///         or of bytes), unsupported (opaque or unknown element type, memory of a device), empty (elements but no data)
[[nodiscard]] inline result<void> validate(const tensor_view& view) {
  if (view.rank < 0 || view.rank > tensor_view::max_rank)
    return fail(errc::shape_mismatch, "tensor: rank must be 0 to 6");
  if (size_of(view.type) == 0) return fail(errc::unsupported, "tensor: the element type has no scalar elements");
  std::int64_t elements = 1, lowest = 0, highest = static_cast<std::int64_t>(size_of(view.type));
  bool empty = false, fits = true;
  for (std::size_t d = 0; d < static_cast<std::size_t>(view.rank); ++d) {
    if (view.extent[d] < 0) return fail(errc::out_of_range, "tensor: negative extent", d);
    empty = empty || view.extent[d] == 0;
    if (view.extent[d] != 0) fits = fits && !__builtin_mul_overflow(elements, view.extent[d], &elements);
    fits = fits && detail::grow_span(view, d, lowest, highest);
  }
  if (empty) return {};
  std::int64_t bytes = 0;
  if (!fits || __builtin_mul_overflow(elements, static_cast<std::int64_t>(size_of(view.type)), &bytes) ||
      __builtin_sub_overflow(highest, lowest, &bytes))
    return fail(errc::overflow, "tensor: more elements or bytes than 63 bits can count");
  if (!readable_by_cpu(view.where))
    return fail(errc::unsupported, "tensor: the CPU cannot read this memory; use a row_source");
  if (view.data == nullptr) return fail(errc::empty, "tensor: elements without data");
  return {};
}

/// Number of elements. @pre validate(view)
[[nodiscard]] constexpr std::int64_t element_count(const tensor_view& view) noexcept {
  std::int64_t count = 1;
  for (std::size_t d = 0; d < static_cast<std::size_t>(view.rank); ++d) count *= view.extent[d];
  return count;
}

namespace detail {
template <class T>
[[nodiscard]] consteval dtype element_dtype() {
  if constexpr (std::is_same_v<T, float>) return dtype::f32;
  else if constexpr (std::is_same_v<T, double>) return dtype::f64;
  else if constexpr (std::is_same_v<T, std::int8_t>) return dtype::i8;
  else if constexpr (std::is_same_v<T, std::uint8_t>) return dtype::u8;
  else if constexpr (std::is_same_v<T, std::int16_t>) return dtype::i16;
  else if constexpr (std::is_same_v<T, std::int32_t>) return dtype::i32;
  else if constexpr (std::is_same_v<T, std::uint32_t>) return dtype::u32;
  else if constexpr (std::is_same_v<T, std::int64_t>) return dtype::i64;
  else return dtype::opaque;
}
}  // namespace detail

/// A C++ type that is one element type and no other (a 16-bit code may be f16 or bf16, so std::uint16_t is not).
template <class T>
concept tensor_element = detail::element_dtype<T>() != dtype::opaque;

/// The element type of a C++ arithmetic type.
template <tensor_element T>
inline constexpr dtype dtype_of = detail::element_dtype<T>();

/// A matrix with rows of any element type, `row_stride` and `column_stride` bytes apart.
[[nodiscard]] inline tensor_view matrix_view(const void* data, dtype type, std::int64_t rows, std::int64_t columns,
                                             std::int64_t row_stride, std::int64_t column_stride) noexcept {
  return {static_cast<const std::byte*>(data), {rows, columns}, {row_stride, column_stride}, 2, type, device::host, 0};
}

/// A dense row-major matrix of any element type.
[[nodiscard]] inline tensor_view matrix_view(const void* data, dtype type, std::int64_t rows,
                                             std::int64_t columns) noexcept {
  const auto size = static_cast<std::int64_t>(size_of(type));
  std::int64_t row_stride = 0;
  if (__builtin_mul_overflow(columns, size, &row_stride)) row_stride = 0;  // validate refuses the extents
  return matrix_view(data, type, rows, columns, row_stride, size);
}

/// A dense row-major matrix.
template <tensor_element T>
[[nodiscard]] inline tensor_view matrix_view(const T* data, std::int64_t rows, std::int64_t columns) noexcept {
  return matrix_view(data, dtype_of<T>, rows, columns);
}

/// A dense vector of any element type.
[[nodiscard]] inline tensor_view vector_view(const void* data, dtype type, std::int64_t size) noexcept {
  return {static_cast<const std::byte*>(data),
          {size},
          {static_cast<std::int64_t>(size_of(type))},
          1,
          type,
          device::host,
          0};
}

/// A dense vector.
template <tensor_element T>
[[nodiscard]] inline tensor_view vector_view(const T* data, std::int64_t size) noexcept {
  return vector_view(data, dtype_of<T>, size);
}

}  // namespace assay::inline v0

#endif
