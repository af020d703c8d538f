// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any text: parse_json_text answers without a crash, and what it reads survives another round through both carriers.
#include "fuzz/codec_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return assay_tests::fuzz_codec(data, size, []<class T>(assay::byte_view text) {
    return assay::codec::parse_json_text<T>({reinterpret_cast<const char*>(text.data()), text.size()});
  });
}
