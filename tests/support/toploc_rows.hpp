// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rows behind tests/vectors/toploc_package.json, made from seeds as generators/toploc_package.py says.
#ifndef ASSAY_TESTS_SUPPORT_TOPLOC_ROWS_HPP
#define ASSAY_TESTS_SUPPORT_TOPLOC_ROWS_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <assay/core/float_formats.hpp>
#include <assay/core/result.hpp>
#include <assay/core/tensor_view.hpp>

namespace assay_tests {

using bf16_codes = std::vector<std::uint16_t>;

/// Output i of splitmix64 with state `seed`.
inline std::uint64_t splitmix_word(std::uint64_t seed, std::uint64_t i) {
  std::uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// Nearly normal, of standard deviation 1.15: the sum of four uniform numbers.
inline float normal_from(std::uint64_t w) {
  const std::uint64_t total = (w & 0xffff) + (w >> 16 & 0xffff) + (w >> 32 & 0xffff) + (w >> 48);
  return static_cast<float>(static_cast<std::int64_t>(total) - 131070) / 32768.0f;
}

inline std::uint16_t toploc_code(std::string_view kind, std::uint64_t w, std::uint64_t i, std::uint64_t width) {
  const std::uint64_t sign = w >> 63 << 15;
  const auto code = [](std::uint64_t bits) { return static_cast<std::uint16_t>(bits); };
  const auto heavy = [&] {
    const std::uint64_t field = w >> 7 & ((std::uint64_t{1} << 56) - 1);
    const int zeros = field == 0 ? 56 : std::countr_zero(field);
    return code(sign | static_cast<std::uint64_t>(std::max(130 - zeros, 100)) << 7 | (w & 0x7f));
  };
  constexpr std::uint16_t special[] = {0x7fc0, 0xffc0, 0x7f80, 0xff80, 0x7fa1, 0xffd8, 0xffff, 0x8000};
  if (kind == "normal") return assay::float_to_bf16(normal_from(w));
  if (kind == "negative") return code(assay::float_to_bf16(normal_from(w)) | 0x8000u);
  if (kind == "outliers") return code(assay::float_to_bf16(normal_from(w)) + (i % width % 64 == 5 ? 3u << 7 : 0u));
  if (kind == "heavy") return heavy();
  if (kind == "sparse") return (w >> 56 & 15) == 0 ? heavy() : code(sign);
  if (kind == "special" && (w >> 32 & 63) == 0) return special[w & 7];
  if (kind == "coarse" || kind == "special") return code(sign | (0x3f80 + 16 * (w & 7)));
  if (kind == "tiny") return code(sign | (w & 0x7f));
  if (kind == "raw") return code((w & 0x7f80) == 0x7f80 ? w & 0xbfff : w);
  if (kind == "constant") return 0x4000;
  if (kind == "ramp") return code(0x3f80 + i % 2048);
  throw std::runtime_error("toploc vectors: an unknown kind of rows");
}

inline bf16_codes toploc_codes(std::string_view kind, std::uint64_t seed, std::size_t count, std::uint64_t width) {
  bf16_codes codes(count);
  if (kind == "normal")  // nearly all of the work
    for (std::size_t i = 0; i < count; ++i) codes[i] = assay::float_to_bf16(normal_from(splitmix_word(seed, i)));
  else
    for (std::size_t i = 0; i < count; ++i) codes[i] = toploc_code(kind, splitmix_word(seed, i), i, width);
  return codes;
}

/// What the verifier has instead.
inline bf16_codes toploc_changed(const bf16_codes& own, std::string_view kind, std::string_view change,
                                 std::uint64_t seed, std::uint64_t width) {
  if (change == "none") return own;
  if (change == "other") return toploc_codes(kind, seed + 2, own.size(), width);
  bf16_codes out(own.size());
  for (std::size_t i = 0; i < own.size(); ++i) {
    const std::uint64_t r = splitmix_word(seed + 1, i);
    const int magnitude = (own[i] & 0x7fff) + static_cast<int>(r % 7) - 3;
    out[i] = static_cast<std::uint16_t>((own[i] & 0x8000) | std::clamp(magnitude, 0, 0x7f7f));
    if (change == "mixed" && r >> 58 == 0) out[i] = static_cast<std::uint16_t>(0x3f80 + (r >> 8) % 512);
  }
  return out;
}

inline assay::tensor_view bf16_matrix(const std::uint16_t* codes, std::size_t rows, std::size_t width) {
  return assay::matrix_view(codes, assay::dtype::bf16, static_cast<std::int64_t>(rows),
                            static_cast<std::int64_t>(width));
}

/// A file of tests/vectors; the package's answers may be a fresh file, named by the environment.
inline nlohmann::json toploc_vectors(const char* name) {
  const char* fresh = std::string_view(name) == "toploc_package.json" ? std::getenv("ASSAY_TOPLOC_FILE") : nullptr;
  std::ifstream file(fresh != nullptr ? std::string(fresh) : std::string(ASSAY_TEST_DATA_DIR) + "/" + name);
  if (!file) throw std::runtime_error(std::string("cannot read ") + name);
  return nlohmann::json::parse(file);
}

}  // namespace assay_tests

#endif
