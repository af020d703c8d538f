// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes small safetensors and GGUF files for tests of their readers.
#ifndef ASSAY_TESTS_SUPPORT_MODEL_FILES_HPP
#define ASSAY_TESTS_SUPPORT_MODEL_FILES_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <assay/core/bytes.hpp>
#include <assay/core/endian.hpp>

namespace assay_tests {

using byte_string = std::vector<std::byte>;

template <class T>
void put(byte_string& to, T value) {
  std::byte raw[sizeof(T)];
  assay::store_le(raw, value);
  to.insert(to.end(), raw, raw + sizeof(T));
}
inline void put(byte_string& to, assay::byte_view bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

/// A safetensors file out of a header's text and the bytes of all tensors.
inline byte_string safetensors(std::string_view header, assay::byte_view data) {
  byte_string file;
  put<std::uint64_t>(file, header.size());
  put(file, assay::as_bytes(header));
  put(file, data);
  return file;
}

/// Collects metadata and tensors and writes them as the reference implementation would.
class gguf_writer {
 public:
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;

  /// A value whose payload is given as in the file.
  gguf_writer& value(std::string_view key, std::uint32_t type, assay::byte_view payload) {
    text(values_, key);
    put(values_, type);
    put(values_, payload);
    ++value_count_;
    return *this;
  }
  gguf_writer& u32(std::string_view key, std::uint32_t v) {
    byte_string payload;
    put(payload, v);
    return value(key, 4, payload);
  }
  gguf_writer& f32(std::string_view key, float v) {
    byte_string payload;
    put(payload, std::bit_cast<std::uint32_t>(v));
    return value(key, 6, payload);
  }
  gguf_writer& string(std::string_view key, std::string_view v) {
    byte_string payload;
    text(payload, v);
    return value(key, 8, payload);
  }
  /// `shape` is outermost first; the file wants it innermost first.
  gguf_writer& tensor(std::string_view name, std::span<const std::uint64_t> shape, std::uint32_t type,
                      assay::byte_view data) {
    pad(data_);
    text(infos_, name);
    put<std::uint32_t>(infos_, static_cast<std::uint32_t>(shape.size()));
    for (std::size_t d = shape.size(); d-- > 0;) put(infos_, shape[d]);
    put(infos_, type);
    put<std::uint64_t>(infos_, data_.size());
    put(data_, data);
    ++tensor_count_;
    return *this;
  }
  [[nodiscard]] byte_string finish() const {
    byte_string file;
    put<std::uint32_t>(file, 0x46554747u);
    put(file, version);
    put(file, tensor_count_);
    put(file, value_count_);
    put(file, assay::byte_view{values_});
    put(file, assay::byte_view{infos_});
    if (tensor_count_ != 0) pad(file);
    put(file, assay::byte_view{data_});
    return file;
  }

 private:
  static void text(byte_string& to, std::string_view s) {
    put<std::uint64_t>(to, s.size());
    put(to, assay::as_bytes(s));
  }
  void pad(byte_string& to) const { to.resize((to.size() + alignment - 1) / alignment * alignment); }

  byte_string values_, infos_, data_;
  std::uint64_t value_count_ = 0, tensor_count_ = 0;
};

}  // namespace assay_tests

#endif
