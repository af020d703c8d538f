// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes: parse_cbor answers without a crash, and what it reads survives another round through both carriers.
#include "fuzz/codec_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return assay_tests::fuzz_codec(data, size,
                                 []<class T>(assay::byte_view bytes) { return assay::codec::parse_cbor<T>(bytes); });
}
