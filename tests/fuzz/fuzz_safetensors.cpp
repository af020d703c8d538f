// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes: parse_safetensors answers without a crash, and every view it returns can be read to its last byte.
#include <assay/io/safetensors.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = assay::parse_safetensors({reinterpret_cast<const std::byte*>(data), size});
  if (!parsed) return 0;
  unsigned sum = 0;
  for (const assay::named_tensor& t : parsed->tensors) {
    if (parsed->find(t.name) != &t) __builtin_trap();  // names are unique
    for (std::byte b : t.bytes) sum += std::to_integer<unsigned>(b);
    if (t.view.type == assay::dtype::opaque) continue;
    if (!assay::validate(t.view)) __builtin_trap();
    if (static_cast<std::uint64_t>(assay::element_count(t.view)) * assay::size_of(t.view.type) != t.bytes.size())
      __builtin_trap();
  }
  volatile unsigned keep = sum;
  static_cast<void>(keep);
  return 0;
}
