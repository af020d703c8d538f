// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of hidden states, wherever they lie: a tensor the CPU can read, or memory only the host knows how to copy.
#ifndef ASSAY_CORE_ROW_SOURCE_HPP
#define ASSAY_CORE_ROW_SOURCE_HPP

#include <concepts>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>

#include <assay/core/bytes.hpp>
#include <assay/core/checked.hpp>
#include <assay/core/convert.hpp>
#include <assay/core/tensor_like.hpp>

namespace assay::inline v0 {

/// Rows in memory that the CPU cannot read, such as a GPU's. `fetch` copies row `row` as `cols()` raw elements of
/// `type()`, densely, and returns false if it could not; it is called with exactly cols() * size_of(type()) bytes.
template <class T>
concept row_source = requires(const T& source, std::uint64_t row, mutable_byte_view out) {
  { source.rows() } -> std::convertible_to<std::uint64_t>;
  { source.cols() } -> std::convertible_to<std::uint64_t>;
  { source.type() } -> std::same_as<dtype>;
  { source.fetch(row, out) } -> std::same_as<bool>;
};

/// What hooks accept: a matrix of rows, a single row (rank 1), or a row_source.
template <class T>
concept hidden_rows = tensor_like<T> || row_source<T>;

namespace detail {

[[nodiscard]] inline result<tensor_view> checked_rows(const tensor_view& view) {
  if (auto valid = validate(view); !valid) return valid.error();
  if (view.rank != 1 && view.rank != 2)
    return fail(errc::shape_mismatch, "rows: rank must be 1 or 2", static_cast<std::uint64_t>(view.rank));
  return view;
}

[[nodiscard]] inline std::uint64_t rows_of(const tensor_view& view) noexcept {
  return view.rank == 2 ? static_cast<std::uint64_t>(view.extent[0]) : 1;
}

[[nodiscard]] inline std::uint64_t width_of(const tensor_view& view) noexcept {
  return static_cast<std::uint64_t>(view.extent[view.rank == 2 ? 1 : 0]);
}

/// Widens elements that lie densely at the end of `out`'s own storage; each element is read before it is written over.
[[nodiscard]] inline bool widen_in_place(dtype type, std::span<float> out) noexcept {
  constexpr std::size_t piece = 256;
  std::byte copy[piece * 4];
  const std::size_t size = size_of(type), count = out.size();
  const std::byte* packed = reinterpret_cast<const std::byte*>(out.data()) + count * (sizeof(float) - size);
  for (std::size_t i = 0; i < count; i += piece) {
    const std::size_t n = count - i < piece ? count - i : piece;
    std::memcpy(copy, packed + i * size, n * size);
    if (!convert_to_float(type, copy, static_cast<std::int64_t>(size), out.subspan(i, n))) return false;
  }
  return true;
}

/// Elements wider than a float need storage of their own.
template <row_source T>
[[nodiscard]] result<void> fetch_wide(const T& source, std::uint64_t row, std::span<float> out) {
  const std::size_t size = size_of(source.type());
  struct buffer {
    std::byte* bytes;
    ~buffer() { delete[] bytes; }
  };
  const buffer staged{new (std::nothrow) std::byte[out.size() * size]};
  if (staged.bytes == nullptr) return fail(errc::host_failure, "rows: no memory to stage a row", row);
  if (!source.fetch(row, mutable_byte_view{staged.bytes, out.size() * size}))
    return fail(errc::host_failure, "rows: the host could not fetch a row", row);
  if (!convert_to_float(source.type(), staged.bytes, static_cast<std::int64_t>(size), out))
    return fail(errc::unsupported, "rows: the element type has no scalar elements");
  return {};
}

/// @pre checked_rows(rows) succeeded
[[nodiscard]] inline result<void> read_checked_row(const tensor_view& rows, std::uint64_t row, std::span<float> out) {
  if (row >= rows_of(rows)) return fail(errc::out_of_range, "rows: no such row", row);
  if (out.size() != width_of(rows))
    return fail(errc::shape_mismatch, "rows: width differs from the buffer", width_of(rows));
  if (out.empty()) return {};
  const std::byte* first = rows.data;
  if (rows.rank == 2 && row != 0) first += static_cast<std::int64_t>(row) * rows.stride_bytes[0];
  // The stride of a single element means nothing; convert as if it were dense.
  const auto size = static_cast<std::int64_t>(size_of(rows.type));
  const std::int64_t stride = out.size() == 1 ? size : rows.stride_bytes[rows.rank == 2 ? 1 : 0];
  if (!convert_to_float(rows.type, first, stride, out))
    return fail(errc::unsupported, "rows: the element type has no scalar elements");
  return {};
}

}  // namespace detail

/// Rows that were checked once and can be read many times: hooks run between the layers of an engine, where every cache
/// line counts. Refers to the tensor or source it was opened on.
template <hidden_rows T>
class row_reader {
 public:
  /// @errors those of validate(tensor_view), shape_mismatch (rank is neither 1 nor 2), unsupported (no scalar elements)
  [[nodiscard]] static result<row_reader> open(const T& rows) {
    row_reader reader;
    if constexpr (tensor_like<T>) {
      const auto view = detail::checked_rows(as_view(rows));
      if (!view) return view.error();
      reader.rows_ = *view;
    } else {
      if (size_of(rows.type()) == 0) return fail(errc::unsupported, "rows: the element type has no scalar elements");
      reader.rows_ = &rows;
    }
    return reader;
  }

  [[nodiscard]] std::uint64_t count() const {
    if constexpr (tensor_like<T>) return detail::rows_of(rows_);
    else return static_cast<std::uint64_t>(rows_->rows());
  }
  [[nodiscard]] std::uint64_t width() const {
    if constexpr (tensor_like<T>) return detail::width_of(rows_);
    else return static_cast<std::uint64_t>(rows_->cols());
  }

  /// Reads one row as floats: narrow formats and f32 exactly, f64 and wide integers rounded to nearest. Non-finite values
  /// pass. Allocates only for a row_source of 8-byte elements.
  /// @errors out_of_range (no such row), shape_mismatch (out has another size than a row), unsupported (no scalar
  ///         elements), host_failure (fetch failed; where: the row). On error `out` is unspecified.
  [[nodiscard]] result<void> read(std::uint64_t row, std::span<float> out) const {
    if constexpr (tensor_like<T>) {
      return detail::read_checked_row(rows_, row, out);
    } else {
      if (row >= count()) return fail(errc::out_of_range, "rows: no such row", row);
      if (out.size() != width()) return fail(errc::shape_mismatch, "rows: width differs from the buffer", width());
      return fetch(row, out);
    }
  }

 private:
  row_reader() = default;

  [[nodiscard]] result<void> fetch(std::uint64_t row, std::span<float> out) const
    requires row_source<T>
  {
    const std::size_t size = size_of(rows_->type());
    if (size > sizeof(float)) return detail::fetch_wide(*rows_, row, out);
    auto* packed = reinterpret_cast<std::byte*>(out.data()) + out.size() * (sizeof(float) - size);
    if (!rows_->fetch(row, mutable_byte_view{packed, out.size() * size}))
      return fail(errc::host_failure, "rows: the host could not fetch a row", row);
    if (!detail::widen_in_place(rows_->type(), out))
      return fail(errc::unsupported, "rows: the element type has no scalar elements");
    return {};
  }

  std::conditional_t<tensor_like<T>, tensor_view, const T*> rows_{};
};

/// Number of rows. @errors those of row_reader::open
template <hidden_rows T>
[[nodiscard]] result<std::uint64_t> row_count(const T& rows) {
  const auto reader = row_reader<T>::open(rows);
  if (!reader) return reader.error();
  return reader->count();
}

/// Elements per row. @errors those of row_reader::open
template <hidden_rows T>
[[nodiscard]] result<std::uint64_t> row_width(const T& rows) {
  const auto reader = row_reader<T>::open(rows);
  if (!reader) return reader.error();
  return reader->width();
}

/// Reads one row as floats; for many rows use a row_reader. @errors those of row_reader::open and row_reader::read
template <hidden_rows T>
[[nodiscard]] result<void> read_row(const T& rows, std::uint64_t row, std::span<float> out) {
  const auto reader = row_reader<T>::open(rows);
  if (!reader) return reader.error();
  return reader->read(row, out);
}

}  // namespace assay::inline v0

#endif
