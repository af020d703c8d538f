// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of hidden states as bf16 codes: read in place where they are that already, rounded where they are not.
#ifndef ASSAY_FINGERPRINT_TOPLOC_ROWS_HPP
#define ASSAY_FINGERPRINT_TOPLOC_ROWS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/float_formats.hpp>
#include <assay/core/row_source.hpp>

namespace assay::inline v0::toploc {

/// Buffers for rows that have to be copied or rounded.
struct row_buffers {
  std::vector<float> floats;
  std::vector<std::uint16_t> codes;
};

/// Reads rows of bf16, f16 or f32. f16 and f32 are rounded to nearest, ties to even, as PyTorch's `.bfloat16()` does;
/// bf16 codes are taken as they are, NaNs included. Refers to the rows and to the buffers.
template <hidden_rows T>
class bf16_reader {
 public:
  /// @errors those of row_reader::open, unsupported (another element type)
  [[nodiscard]] static result<bf16_reader> open(const T& rows, row_buffers& buffers) {
    auto reader = row_reader<T>::open(rows);
    if (!reader) return reader.error();
    dtype type{};
    if constexpr (tensor_like<T>) type = as_view(rows).type;
    else type = rows.type();
    if (type != dtype::bf16 && type != dtype::f16 && type != dtype::f32)
      return fail(errc::unsupported, "toploc: rows are bf16, f16 or f32", static_cast<std::uint64_t>(type));
    return bf16_reader{*std::move(reader), rows, buffers, type};
  }

  [[nodiscard]] std::uint64_t count() const { return reader_.count(); }
  [[nodiscard]] std::uint64_t width() const { return reader_.width(); }

  /// The codes of one row, in the machine's byte order; valid until the next call.
  /// @errors those of row_reader::read
  [[nodiscard]] result<byte_view> row(std::uint64_t i) const {
    const auto size = static_cast<std::size_t>(width());
    if (type_ == dtype::bf16) return raw_row(i, size);
    buffers_->floats.resize(size);
    buffers_->codes.resize(size);
    if (auto read = reader_.read(i, buffers_->floats); !read) return read.error();
    for (std::size_t j = 0; j < size; ++j) buffers_->codes[j] = float_to_bf16(buffers_->floats[j]);
    return codes(size);
  }

 private:
  bf16_reader(row_reader<T> reader, const T& rows, row_buffers& buffers, dtype type)
      : reader_(std::move(reader)), rows_(&rows), buffers_(&buffers), type_(type) {}

  [[nodiscard]] byte_view codes(std::size_t size) const noexcept {
    return std::as_bytes(std::span{buffers_->codes}.first(size));
  }

  [[nodiscard]] result<byte_view> raw_row(std::uint64_t i, std::size_t size) const {
    if (i >= count()) return fail(errc::out_of_range, "rows: no such row", i);
    if (size == 0) return byte_view{};
    if constexpr (tensor_like<T>) {
      const tensor_view view = as_view(*rows_);
      const std::byte* first = view.data;
      if (view.rank == 2 && i != 0) first += static_cast<std::int64_t>(i) * view.stride_bytes[0];
      const std::int64_t stride = view.stride_bytes[view.rank == 2 ? 1 : 0];
      if (stride == 2 || size == 1) return byte_view{first, 2 * size};
      buffers_->codes.resize(size);
      for (std::size_t j = 0; j < size; ++j)
        std::memcpy(&buffers_->codes[j], first + static_cast<std::int64_t>(j) * stride, 2);
      return codes(size);
    } else {
      buffers_->codes.resize(size);
      if (!rows_->fetch(i, std::as_writable_bytes(std::span{buffers_->codes})))
        return fail(errc::host_failure, "rows: the host could not fetch a row", i);
      return codes(size);
    }
  }

  row_reader<T> reader_;
  const T* rows_;
  row_buffers* buffers_;
  dtype type_;
};

}  // namespace assay::inline v0::toploc

#endif
