// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the two codec fuzz targets share: the first byte picks the kind of document, and whatever is read must survive
// another round through both carriers.
#ifndef ASSAY_TESTS_FUZZ_CODEC_TARGET_HPP
#define ASSAY_TESTS_FUZZ_CODEC_TARGET_HPP

#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/codec.hpp>

namespace assay_tests {

namespace codec = assay::codec;

template <class T>
void check_reread(const assay::result<T>& read) {
  if (!read) {
    if (assay::name(read.error().code) == std::string_view{"unknown"}) __builtin_trap();
    return;
  }
  const auto tree = codec::to_json(*read);
  const auto from_text = codec::parse_json_text<T>(codec::to_json_text(*read));
  const auto bytes = codec::to_cbor(*read);
  const auto from_bytes = codec::parse_cbor<T>(bytes);
  if (!from_text || !from_bytes) __builtin_trap();  // it was written in a form that is not read
  if (codec::to_json(*from_text) != tree || codec::to_cbor(*from_bytes) != bytes) __builtin_trap();
}

/// Calls read<T>(the input after its first byte) for the kind that the first byte picks.
template <class Read>
int fuzz_codec(const std::uint8_t* data, std::size_t size, Read&& read) {
  if (size == 0) return 0;
  const assay::byte_view rest{reinterpret_cast<const std::byte*>(data + 1), size - 1};
  constexpr unsigned kinds = 11;
  switch ((data[0] + kinds * '2' - '2') % kinds) {  // '2' is the first
    case 0: check_reread(read.template operator()<assay::run_description>(rest)); break;
    case 1: check_reread(read.template operator()<assay::request>(rest)); break;
    case 2: check_reread(read.template operator()<codec::token_list>(rest)); break;
    case 3: check_reread(read.template operator()<assay::receipt>(rest)); break;
    case 4: check_reread(read.template operator()<assay::challenge>(rest)); break;
    case 5: check_reread(read.template operator()<codec::encoded_openings>(rest)); break;
    case 6: check_reread(read.template operator()<assay::verdict>(rest)); break;
    case 7: check_reread(read.template operator()<assay::request_evidence>(rest)); break;
    case 8: check_reread(read.template operator()<assay::verification_policy>(rest)); break;
    case 9: check_reread(read.template operator()<assay::calibration>(rest)); break;
    default: check_reread(read.template operator()<assay::calibration_profile>(rest)); break;
  }
  return 0;
}

}  // namespace assay_tests

#endif
