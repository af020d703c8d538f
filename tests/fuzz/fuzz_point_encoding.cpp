// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes: points of all four groups parse or not, compressed and as the precompiles spell them; what parses lies in
// its group and has one encoding.
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/eip.hpp>
#include <assay/math/point_encoding.hpp>

using namespace assay;

namespace {

void require(bool condition) {
  if (!condition) __builtin_trap();
}

template <class G>
void use(byte_view bytes) {
  if (const auto p = parse_compressed<G>(bytes)) {
    require(equal_bytes_vartime(encode_compressed(*p), bytes));
    require(p->is_on_curve() && is_in_subgroup(*p));
    const auto again = parse_eip<G>(encode_eip(*p));
    require(again && *again == *p);
  }
  if (const auto p = parse_eip<G>(bytes, subgroup_check::skipped)) {
    require(equal_bytes_vartime(encode_eip(*p), bytes));
    require(p->is_on_curve());
    const auto checked = parse_eip<G>(bytes);
    require(checked.has_value() == is_in_subgroup(*p));
    const auto again = parse_compressed<G>(encode_compressed(*p));
    require(again.has_value() == checked.has_value());
    if (again) require(*again == *p);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const byte_view bytes{reinterpret_cast<const std::byte*>(data), size};
  use<bn254::g1>(bytes);
  use<bn254::g2>(bytes);
  use<bls12_381::g1>(bytes);
  use<bls12_381::g2>(bytes);
  return 0;
}
