// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Strict reader of safetensors files: a hostile header can neither point outside the file nor make two tensors overlap.
#ifndef ASSAY_IO_SAFETENSORS_HPP
#define ASSAY_IO_SAFETENSORS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <assay/core/endian.hpp>
#include <assay/io/named_tensor.hpp>

#include <nlohmann/json.hpp>

namespace assay::inline v0 {

/// Bounds on what a safetensors header may ask for. The format itself allows headers of 100 MB.
struct safetensors_limits {
  std::size_t header_bytes = std::size_t{16} << 20;
  std::size_t tensors = 1u << 16;
  std::size_t name_bytes = 512;
  std::size_t metadata_entries = 4096;
};

/// What a safetensors file lists; tensors are ordered by their place in the file.
struct safetensors_file {
  std::vector<named_tensor> tensors;
  std::vector<std::pair<std::string, std::string>> metadata;

  /// The tensor of that name; nullptr if there is none. O(n)
  [[nodiscard]] const named_tensor* find(std::string_view name) const noexcept {
    for (const named_tensor& t : tensors)
      if (t.name == name) return &t;
    return nullptr;
  }
};

namespace detail {

[[nodiscard]] inline result<dtype> safetensors_dtype(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, dtype>, 13> known{{{"F64", dtype::f64},
                                                                      {"F32", dtype::f32},
                                                                      {"F16", dtype::f16},
                                                                      {"BF16", dtype::bf16},
                                                                      {"F8_E4M3", dtype::f8_e4m3fn},
                                                                      {"F8_E5M2", dtype::f8_e5m2},
                                                                      {"I64", dtype::i64},
                                                                      {"I32", dtype::i32},
                                                                      {"U32", dtype::u32},
                                                                      {"I16", dtype::i16},
                                                                      {"U16", dtype::u16},
                                                                      {"I8", dtype::i8},
                                                                      {"U8", dtype::u8}}};
  for (const auto& [spelling, type] : known)
    if (text == spelling) return type;
  return fail(errc::unsupported, "safetensors: an element type this library does not know");
}

/// Receives the header's JSON events. The grammar is fixed (objects of objects with three known members), so nothing
/// is stored that is not asked for, and depth needs no stack.
class safetensors_header {
 public:
  struct entry {
    std::string name;
    dtype type{};
    std::array<std::uint64_t, tensor_view::max_rank> extents{};
    std::size_t rank = 0;
    std::array<std::uint64_t, 2> offsets{};
  };

  explicit safetensors_header(const safetensors_limits& limits) : limits_(limits) {}

  std::vector<entry> entries;
  std::vector<std::pair<std::string, std::string>> metadata;
  error problem = fail(errc::malformed, "safetensors: the header is not the JSON object the format asks for");

  // The interface that nlohmann::json::sax_parse calls; false stops it.
  bool start_object(std::size_t) {
    switch (at_) {
      case place::outside: at_ = place::names; return true;
      case place::tensor_value: return start_tensor();
      case place::metadata_value: at_ = place::metadata_names; return true;
      default: return refuse(errc::wrong_type, "safetensors: an object where none belongs");
    }
  }
  bool key(std::string& text) {
    switch (at_) {
      case place::names: return on_name(text);
      case place::metadata_names: return on_metadata_name(text);
      case place::members: return on_member(text);
      default: return refuse(errc::malformed, "safetensors: a key where none belongs");
    }
  }
  bool end_object() {
    switch (at_) {
      case place::members: return finish_tensor();
      case place::metadata_names: at_ = place::names; return true;
      case place::names: at_ = place::done; return true;
      default: return refuse(errc::malformed, "safetensors: an object ends where none began");
    }
  }
  bool string(std::string& text) {
    if (at_ == place::metadata_text) {
      metadata.back().second = std::move(text);
      at_ = place::metadata_names;
      return true;
    }
    if (at_ != place::dtype_value) return refuse(errc::wrong_type, "safetensors: text where none belongs");
    const auto type = safetensors_dtype(text);
    if (!type) return refuse(type.error().code, type.error().message);
    entries.back().type = *type;
    at_ = place::members;
    return true;
  }
  bool start_array(std::size_t) {
    if (at_ == place::shape_value) at_ = place::extents;
    else if (at_ == place::offsets_value) at_ = place::offsets;
    else return refuse(errc::wrong_type, "safetensors: an array where none belongs");
    count_ = 0;
    return true;
  }
  bool end_array() {
    if (at_ == place::extents) entries.back().rank = count_;
    else if (at_ != place::offsets || count_ != 2)
      return refuse(errc::length_mismatch, "safetensors: data_offsets must be two numbers");
    at_ = place::members;
    return true;
  }
  bool number_unsigned(std::uint64_t value) {
    if (at_ == place::extents) {
      if (count_ == entries.back().extents.size())
        return refuse(errc::shape_mismatch, "safetensors: a tensor of more than 6 dimensions");
      entries.back().extents[count_++] = value;
      return true;
    }
    if (at_ != place::offsets || count_ == 2)
      return refuse(errc::wrong_type, "safetensors: a number where none belongs");
    entries.back().offsets[count_++] = value;
    return true;
  }
  bool number_integer(std::int64_t) { return refuse(errc::out_of_range, "safetensors: a negative number"); }
  bool number_float(double, const std::string&) {
    return refuse(errc::wrong_type, "safetensors: a number that is no integer");
  }
  bool null() { return refuse(errc::wrong_type, "safetensors: null where a value is required"); }
  bool boolean(bool) { return refuse(errc::wrong_type, "safetensors: a boolean where none belongs"); }
  bool binary(std::vector<std::uint8_t>&) {
    return refuse(errc::wrong_type, "safetensors: binary data where none belongs");
  }
  template <class Exception>
  bool parse_error(std::size_t offset, const std::string&, const Exception&) {
    return refuse(errc::malformed, "safetensors: the header is not valid JSON", offset);
  }

 private:
  enum class place : std::uint8_t {
    outside,
    names,
    tensor_value,
    metadata_value,
    metadata_names,
    metadata_text,
    members,
    dtype_value,
    shape_value,
    extents,
    offsets_value,
    offsets,
    done
  };

  bool refuse(errc code, const char* message, std::uint64_t where = 0) {
    problem = fail(code, message, where == 0 ? entries.size() : where);
    return false;
  }
  bool on_name(std::string& text) {
    if (text == "__metadata__") {
      if (std::exchange(has_metadata_, true)) return refuse(errc::duplicate, "safetensors: __metadata__ occurs twice");
      at_ = place::metadata_value;
      return true;
    }
    if (text.size() > limits_.name_bytes) return refuse(errc::too_large, "safetensors: a tensor's name is too long");
    if (entries.size() == limits_.tensors) return refuse(errc::too_large, "safetensors: too many tensors");
    entries.emplace_back().name = std::move(text);
    at_ = place::tensor_value;
    return true;
  }
  bool on_metadata_name(std::string& text) {
    if (metadata.size() == limits_.metadata_entries)
      return refuse(errc::too_large, "safetensors: too many metadata entries");
    metadata.emplace_back(std::move(text), std::string{});
    at_ = place::metadata_text;
    return true;
  }
  bool on_member(std::string_view text) {
    const unsigned bit = text == "dtype" ? 1u : text == "shape" ? 2u : text == "data_offsets" ? 4u : 0u;
    if (bit == 0) return refuse(errc::unknown_field, "safetensors: a tensor has an unknown member");
    if ((seen_ & bit) != 0) return refuse(errc::duplicate, "safetensors: a tensor's member occurs twice");
    seen_ |= bit;
    at_ = bit == 1 ? place::dtype_value : bit == 2 ? place::shape_value : place::offsets_value;
    return true;
  }
  bool start_tensor() {
    seen_ = 0;
    at_ = place::members;
    return true;
  }
  bool finish_tensor() {
    if (seen_ != 7) return refuse(errc::missing_field, "safetensors: a tensor needs dtype, shape and data_offsets");
    at_ = place::names;
    return true;
  }

  const safetensors_limits& limits_;
  place at_ = place::outside;
  unsigned seen_ = 0;
  std::size_t count_ = 0;
  bool has_metadata_ = false;
};

[[nodiscard]] inline result<void> check_unique_names(const std::vector<safetensors_header::entry>& entries) {
  std::vector<std::string_view> names;
  names.reserve(entries.size());
  for (const auto& e : entries) names.push_back(e.name);
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end())
    return fail(errc::duplicate, "safetensors: two tensors of the same name");
  return {};
}

/// Turns entries, ordered by offset, into views; they must cover `data` without gap or overlap.
[[nodiscard]] inline result<std::vector<named_tensor>> place_tensors(std::vector<safetensors_header::entry>& entries,
                                                                     byte_view data) {
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.offsets < b.offsets; });
  std::vector<named_tensor> tensors;
  tensors.reserve(entries.size());
  std::uint64_t end = 0;
  for (auto& e : entries) {
    if (e.offsets[0] != end) return fail(errc::wrong_order, "safetensors: tensors overlap or leave a gap", end);
    if (e.offsets[1] < end || e.offsets[1] > data.size())
      return fail(errc::out_of_range, "safetensors: a tensor ends outside the file", end);
    named_tensor t;
    const auto count = describe_dense(std::span(e.extents).first(e.rank), e.type, t.view);
    if (!count) return count.error();
    const auto size = checked_mul(*count, size_of(e.type));
    if (!size) return size.error();
    if (*size != e.offsets[1] - end)
      return fail(errc::length_mismatch, "safetensors: a tensor's shape does not fit its offsets", end);
    t.bytes = data.subspan(static_cast<std::size_t>(end), static_cast<std::size_t>(*size));
    t.view.data = t.bytes.data();
    t.name = std::move(e.name);
    end = e.offsets[1];
    tensors.push_back(std::move(t));
  }
  if (end != data.size()) return fail(errc::trailing_bytes, "safetensors: bytes that belong to no tensor", end);
  return tensors;
}

}  // namespace detail

/// Lists the tensors of a safetensors file; the views point into `bytes`. Memory is bounded by the header's own size.
/// Stricter than the format in one respect: an unknown element type is an error, so every listed tensor can be read.
/// @errors truncated, too_large, malformed, wrong_type, duplicate, missing_field, unknown_field, unsupported,
///         shape_mismatch, length_mismatch, overflow, wrong_order (overlap or gap), out_of_range, trailing_bytes
[[nodiscard]] inline result<safetensors_file> parse_safetensors(byte_view bytes,
                                                                const safetensors_limits& limits = {}) {
  if (bytes.size() < 8) return fail(errc::truncated, "safetensors: the file ends inside the header's length");
  const auto header_size = load_le<std::uint64_t>(bytes.data());
  if (header_size > bytes.size() - 8) return fail(errc::truncated, "safetensors: the file ends inside the header");
  if (header_size > limits.header_bytes)
    return fail(errc::too_large, "safetensors: the header is too long", header_size);
  const auto text = bytes.subspan(8, static_cast<std::size_t>(header_size));
  if (text.empty() || text[0] != std::byte{'{'})
    return fail(errc::bad_magic, "safetensors: the header does not start with '{'", 8);

  detail::safetensors_header header{limits};
  const auto* first = reinterpret_cast<const char*>(text.data());
  if (!nlohmann::json::sax_parse(first, first + text.size(), &header)) return header.problem;
  if (auto unique = detail::check_unique_names(header.entries); !unique) return unique.error();
  auto tensors = detail::place_tensors(header.entries, bytes.subspan(8 + text.size()));
  if (!tensors) return tensors.error();
  return safetensors_file{std::move(*tensors), std::move(header.metadata)};
}

}  // namespace assay::inline v0

#endif
