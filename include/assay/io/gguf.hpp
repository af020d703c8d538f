// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Strict reader of GGUF files (llama.cpp's model format, versions 2 and 3, little-endian).
#ifndef ASSAY_IO_GGUF_HPP
#define ASSAY_IO_GGUF_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <assay/core/endian.hpp>
#include <assay/io/named_tensor.hpp>

namespace assay::inline v0 {

/// Bounds on what a GGUF header may ask for. Counts are also bounded by the bytes that are left in the file.
struct gguf_limits {
  std::uint64_t metadata_entries = 1u << 14;
  std::uint64_t tensors = 1u << 16;
  std::uint64_t name_bytes = 512;
};

/// Type of a metadata value, with the numbers of the file format.
enum class gguf_type : std::uint32_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12
};

/// A metadata value that was checked and left in the file's bytes.
struct gguf_value {
  gguf_type type{};
  gguf_type element{};      ///< of an array; never an array itself
  std::uint64_t count = 1;  ///< elements of an array
  byte_view bytes;          ///< scalars and arrays as in the file; a string without its length

  /// The value if it is an integer that is not negative, or true or false. @errors wrong_type, out_of_range
  [[nodiscard]] result<std::uint64_t> as_u64() const;
  /// The value if it is a floating-point number. @errors wrong_type
  [[nodiscard]] result<double> as_f64() const;
  /// The value if it is a string. Not checked to be UTF-8. @errors wrong_type
  [[nodiscard]] result<std::string_view> as_string() const {
    if (type != gguf_type::string) return fail(errc::wrong_type, "gguf: a metadata value is no string");
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
};

/// What a GGUF file lists. Tensors keep the file's order; extents are outermost first, so a weight is [outputs, inputs].
struct gguf_file {
  std::uint32_t version = 0;
  std::vector<std::pair<std::string, gguf_value>> metadata;
  std::vector<named_tensor> tensors;

  /// The value of that key; nullptr if there is none. O(n)
  [[nodiscard]] const gguf_value* find_value(std::string_view key) const noexcept {
    for (const auto& [name, value] : metadata)
      if (name == key) return &value;
    return nullptr;
  }
  /// The tensor of that name; nullptr if there is none. O(n)
  [[nodiscard]] const named_tensor* find(std::string_view name) const noexcept {
    for (const named_tensor& t : tensors)
      if (t.name == name) return &t;
    return nullptr;
  }
};

namespace detail {

/// Elements and bytes of one block of a tensor type; bytes == 0: unknown.
struct gguf_block {
  std::uint16_t elements = 0, bytes = 0;
  dtype type = dtype::opaque;
};

[[nodiscard]] constexpr gguf_block gguf_block_of(std::uint32_t tensor_type) noexcept {
  switch (tensor_type) {
    case 0: return {1, 4, dtype::f32};  // F32
    case 1: return {1, 2, dtype::f16};  // F16
    case 2: return {32, 18};  // Q4_0
    case 3: return {32, 20};  // Q4_1
    case 6: return {32, 22};  // Q5_0
    case 7: return {32, 24};  // Q5_1
    case 8: return {32, 34};  // Q8_0
    case 9: return {32, 36};  // Q8_1
    case 10: return {256, 84};  // Q2_K
    case 11: return {256, 110};  // Q3_K
    case 12: return {256, 144};  // Q4_K
    case 13: return {256, 176};  // Q5_K
    case 14: return {256, 210};  // Q6_K
    case 15: return {256, 292};  // Q8_K
    case 16: return {256, 66};  // IQ2_XXS
    case 17: return {256, 74};  // IQ2_XS
    case 18: return {256, 98};  // IQ3_XXS
    case 19: return {256, 50};  // IQ1_S
    case 20: return {32, 18};  // IQ4_NL
    case 21: return {256, 110};  // IQ3_S
    case 22: return {256, 82};  // IQ2_S
    case 23: return {256, 136};  // IQ4_XS
    case 24: return {1, 1, dtype::i8};  // I8
    case 25: return {1, 2, dtype::i16};  // I16
    case 26: return {1, 4, dtype::i32};  // I32
    case 27: return {1, 8, dtype::i64};  // I64
    case 28: return {1, 8, dtype::f64};  // F64
    case 29: return {256, 56};  // IQ1_M
    case 30: return {1, 2, dtype::bf16};  // BF16
    case 34: return {256, 54};  // TQ1_0
    case 35: return {256, 66};  // TQ2_0
    case 39: return {32, 17};  // MXFP4
    default: return {};
  }
}

/// Bytes of a scalar metadata type; 0 for strings, arrays and unknown types.
[[nodiscard]] constexpr std::uint64_t gguf_scalar_size(gguf_type type) noexcept {
  constexpr std::array<std::uint8_t, 13> sizes{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  const auto i = static_cast<std::uint32_t>(type);
  return i < sizes.size() ? sizes[i] : 0;
}

/// Walks the file; after the first failure every read yields zero and `failed()` is true.
class gguf_cursor {
 public:
  explicit gguf_cursor(byte_view bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint64_t offset() const noexcept { return at_; }
  [[nodiscard]] std::uint64_t left() const noexcept { return bytes_.size() - at_; }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] error truncated() const noexcept {
    return fail(errc::truncated, "gguf: the file ends inside a field", at_);
  }

  template <class T>
  [[nodiscard]] T number() {
    const byte_view b = take(sizeof(T));
    return b.size() == sizeof(T) ? load_le<T>(b.data()) : T{0};
  }
  [[nodiscard]] byte_view take(std::uint64_t count) {
    if (failed_ || count > left()) {
      failed_ = true;
      return {};
    }
    const byte_view taken = bytes_.subspan(at_, static_cast<std::size_t>(count));
    at_ += taken.size();
    return taken;
  }
  [[nodiscard]] byte_view string() { return take(number<std::uint64_t>()); }

 private:
  byte_view bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

[[nodiscard]] inline result<std::string> read_gguf_name(gguf_cursor& in, const gguf_limits& limits) {
  const byte_view text = in.string();
  if (in.failed()) return in.truncated();
  if (text.empty()) return fail(errc::empty, "gguf: an empty name", in.offset());
  if (text.size() > limits.name_bytes) return fail(errc::too_large, "gguf: a name is too long", in.offset());
  return std::string(reinterpret_cast<const char*>(text.data()), text.size());
}

[[nodiscard]] inline bool all_booleans(byte_view bytes) noexcept {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b <= std::byte{1}; });
}

/// Takes `count` strings without storing them. Each costs 8 bytes at least, so the loop is bounded by the file.
inline void skip_gguf_strings(gguf_cursor& in, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) static_cast<void>(in.string());
}

[[nodiscard]] inline result<gguf_value> read_gguf_array(gguf_cursor& in, byte_view file) {
  gguf_value value;
  value.type = gguf_type::array;
  value.element = static_cast<gguf_type>(in.number<std::uint32_t>());
  value.count = in.number<std::uint64_t>();
  if (in.failed()) return in.truncated();
  if (value.element == gguf_type::array) return fail(errc::unsupported, "gguf: an array of arrays", in.offset());
  const std::uint64_t begin = in.offset(), size = gguf_scalar_size(value.element);
  if (value.element == gguf_type::string) {
    if (value.count > in.left() / 8) return in.truncated();
    skip_gguf_strings(in, value.count);
  } else {
    if (size == 0) return fail(errc::wrong_type, "gguf: an unknown metadata type", begin);
    if (value.count > in.left() / size) return in.truncated();
    static_cast<void>(in.take(value.count * size));
  }
  if (in.failed()) return in.truncated();
  value.bytes = file.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(in.offset() - begin));
  if (value.element == gguf_type::boolean && !all_booleans(value.bytes))
    return fail(errc::non_canonical, "gguf: a boolean that is neither 0 nor 1", begin);
  return value;
}

[[nodiscard]] inline result<gguf_value> read_gguf_value(gguf_cursor& in, byte_view file) {
  gguf_value value;
  value.type = static_cast<gguf_type>(in.number<std::uint32_t>());
  if (in.failed()) return in.truncated();
  if (value.type == gguf_type::array) return read_gguf_array(in, file);
  const std::uint64_t at = in.offset(), size = gguf_scalar_size(value.type);
  if (value.type == gguf_type::string) value.bytes = in.string();
  else if (size == 0) return fail(errc::wrong_type, "gguf: an unknown metadata type", at);
  else value.bytes = in.take(size);
  if (in.failed()) return in.truncated();
  if (value.type == gguf_type::boolean && !all_booleans(value.bytes))
    return fail(errc::non_canonical, "gguf: a boolean that is neither 0 nor 1", at);
  return value;
}

/// A tensor's entry before its bytes are placed.
struct gguf_entry {
  named_tensor tensor;
  std::uint64_t offset = 0, size = 0;
};

[[nodiscard]] inline result<gguf_entry> read_gguf_tensor(gguf_cursor& in, const gguf_limits& limits) {
  gguf_entry entry;
  auto name = read_gguf_name(in, limits);
  if (!name) return name.error();
  entry.tensor.name = std::move(*name);
  const auto rank = in.number<std::uint32_t>();
  if (!in.failed() && rank > 4)
    return fail(errc::shape_mismatch, "gguf: a tensor of more than 4 dimensions", in.offset());
  std::array<std::uint64_t, 4> extents{};
  for (std::size_t d = rank; !in.failed() && d-- > 0;)
    extents[d] = in.number<std::uint64_t>();  // the file lists the innermost first
  const gguf_block block = gguf_block_of(in.number<std::uint32_t>());
  entry.offset = in.number<std::uint64_t>();
  if (in.failed()) return in.truncated();
  if (block.bytes == 0) return fail(errc::unsupported, "gguf: an unknown tensor type", in.offset());

  const auto count = describe_dense(std::span(extents).first(rank), block.type, entry.tensor.view);
  if (!count) return count.error();
  const std::uint64_t innermost = rank == 0 ? 1 : extents[rank - 1];
  if (innermost % block.elements != 0)
    return fail(errc::shape_mismatch, "gguf: a row is no whole number of blocks", in.offset());
  const auto size = checked_mul(*count / block.elements, block.bytes);
  if (!size) return size.error();
  entry.size = *size;
  return entry;
}

template <class Items, class Name>
[[nodiscard]] result<void> check_distinct(const Items& items, Name name_of) {
  std::vector<std::string_view> names;
  names.reserve(items.size());
  for (const auto& item : items) names.push_back(name_of(item));
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end())
    return fail(errc::duplicate, "gguf: the same name occurs twice");
  return {};
}

/// The file's alignment of tensors: a power of two, 32 unless stated.
[[nodiscard]] inline result<std::uint64_t> gguf_alignment(const gguf_file& file) {
  const gguf_value* stated = file.find_value("general.alignment");
  if (stated == nullptr) return std::uint64_t{32};
  if (stated->type != gguf_type::u32) return fail(errc::wrong_type, "gguf: general.alignment is no u32");
  const auto alignment = stated->as_u64();
  if (!std::has_single_bit(*alignment) || *alignment > 1u << 20)
    return fail(errc::out_of_range, "gguf: general.alignment is no power of two, or too large", *alignment);
  return *alignment;
}

/// Gives each entry its bytes. Offsets must be the running sum of padded sizes, as every writer lays them out.
[[nodiscard]] inline result<void> place_gguf_tensors(std::vector<gguf_entry>& entries, byte_view file,
                                                     std::uint64_t header_end, std::uint64_t alignment,
                                                     std::vector<named_tensor>& out) {
  const std::uint64_t start = (header_end + alignment - 1) / alignment * alignment;
  if (entries.empty()) {
    if (file.size() > start) return fail(errc::trailing_bytes, "gguf: bytes that belong to no tensor", start);
    return {};
  }
  if (start > file.size()) return fail(errc::truncated, "gguf: the file ends before the tensors", file.size());
  const byte_view data = file.subspan(static_cast<std::size_t>(start));
  std::uint64_t expected = 0, end = 0;
  out.reserve(entries.size());
  for (gguf_entry& e : entries) {
    if (e.offset != expected)
      return fail(errc::wrong_order, "gguf: a tensor is not where the previous one ends", e.offset);
    if (e.offset > data.size() || e.size > data.size() - e.offset)
      return fail(errc::truncated, "gguf: the file ends inside a tensor", e.offset);
    e.tensor.bytes = data.subspan(static_cast<std::size_t>(e.offset), static_cast<std::size_t>(e.size));
    e.tensor.view.data = e.tensor.bytes.data();
    out.push_back(std::move(e.tensor));
    end = e.offset + e.size;
    expected = (end + alignment - 1) / alignment * alignment;
  }
  if (data.size() > expected)
    return fail(errc::trailing_bytes, "gguf: bytes that belong to no tensor", start + expected);
  return {};
}

}  // namespace detail

inline result<std::uint64_t> gguf_value::as_u64() const {
  const auto widen = [&]<class U>(U raw) -> result<std::uint64_t> {
    const auto value = static_cast<std::make_signed_t<U>>(raw);
    if (value < 0) return fail(errc::out_of_range, "gguf: a metadata value is negative");
    return static_cast<std::uint64_t>(value);
  };
  switch (type) {
    case gguf_type::u8:
    case gguf_type::boolean: return std::uint64_t{load_le<std::uint8_t>(bytes.data())};
    case gguf_type::u16: return std::uint64_t{load_le<std::uint16_t>(bytes.data())};
    case gguf_type::u32: return std::uint64_t{load_le<std::uint32_t>(bytes.data())};
    case gguf_type::u64: return load_le<std::uint64_t>(bytes.data());
    case gguf_type::i8: return widen(load_le<std::uint8_t>(bytes.data()));
    case gguf_type::i16: return widen(load_le<std::uint16_t>(bytes.data()));
    case gguf_type::i32: return widen(load_le<std::uint32_t>(bytes.data()));
    case gguf_type::i64: return widen(load_le<std::uint64_t>(bytes.data()));
    default: return fail(errc::wrong_type, "gguf: a metadata value is no integer");
  }
}

inline result<double> gguf_value::as_f64() const {
  if (type == gguf_type::f32) return static_cast<double>(std::bit_cast<float>(load_le<std::uint32_t>(bytes.data())));
  if (type == gguf_type::f64) return std::bit_cast<double>(load_le<std::uint64_t>(bytes.data()));
  return fail(errc::wrong_type, "gguf: a metadata value is no floating-point number");
}

/// Lists metadata and tensors of a GGUF file; values and views point into `bytes`. f32, f16, bf16, f64 and integer tensors
/// can be read; block-quantised ones are listed as opaque, with checked bytes. Memory is bounded by the file's own size.
/// @errors bad_magic, unsupported_version, truncated, too_large, wrong_type, non_canonical, duplicate, shape_mismatch,
///         overflow, unsupported (tensor type, nested array), wrong_order, out_of_range (alignment), trailing_bytes
[[nodiscard]] inline result<gguf_file> parse_gguf(byte_view bytes, const gguf_limits& limits = {}) {
  detail::gguf_cursor in{bytes};
  gguf_file file;
  if (in.number<std::uint32_t>() != 0x46554747u)
    return fail(errc::bad_magic, "gguf: the file does not start with GGUF");
  file.version = in.number<std::uint32_t>();
  if (file.version != 2 && file.version != 3)
    return fail(errc::unsupported_version, "gguf: only versions 2 and 3, little-endian, are read", 4);
  const auto tensor_count = in.number<std::uint64_t>(), value_count = in.number<std::uint64_t>();
  if (in.failed()) return in.truncated();
  if (tensor_count > limits.tensors) return fail(errc::too_large, "gguf: too many tensors", tensor_count);
  if (value_count > limits.metadata_entries)
    return fail(errc::too_large, "gguf: too many metadata entries", value_count);

  for (std::uint64_t i = 0; i < value_count; ++i) {
    auto key = detail::read_gguf_name(in, limits);
    if (!key) return key.error();
    auto value = detail::read_gguf_value(in, bytes);
    if (!value) return value.error();
    file.metadata.emplace_back(std::move(*key), *value);
  }
  std::vector<detail::gguf_entry> entries;
  for (std::uint64_t i = 0; i < tensor_count; ++i) {
    auto entry = detail::read_gguf_tensor(in, limits);
    if (!entry) return entry.error();
    entries.push_back(std::move(*entry));
  }
  if (auto ok = detail::check_distinct(file.metadata, [](const auto& m) { return std::string_view(m.first); }); !ok)
    return ok.error();
  if (auto ok = detail::check_distinct(entries, [](const auto& e) { return std::string_view(e.tensor.name); }); !ok)
    return ok.error();
  const auto alignment = detail::gguf_alignment(file);
  if (!alignment) return alignment.error();
  if (auto ok = detail::place_gguf_tensors(entries, bytes, in.offset(), *alignment, file.tensors); !ok)
    return ok.error();
  return file;
}

}  // namespace assay::inline v0

#endif
