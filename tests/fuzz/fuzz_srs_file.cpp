// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes as a reference string or a ceremony: reading never crashes, and what is read has exactly that spelling.
#include <cstring>
#include <vector>

#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/polycommit/ceremony_file.hpp>
#include <assay/polycommit/srs.hpp>
#include <assay/polycommit/srs_file.hpp>

using namespace assay;

namespace {

// A fuzzer never finds the digest at the end, so the right one is put there for a second try.
template <class C>
void check_srs(byte_view bytes) {
  const auto srs = parse_srs_file<C>(bytes);
  if (!srs) return;
  if (!equal_bytes_vartime(encode_srs_file(*srs), bytes)) __builtin_trap();
  if (srs->lagrange.size() > 64) return;
  if (const auto verified = verified_srs<C>::verify(*srs); verified && verified->get() != *srs) __builtin_trap();
}

template <class C>
void check_ceremony(byte_view bytes) {
  const auto state = parse_ceremony_file<C>(bytes);
  if (!state) return;
  if (!equal_bytes_vartime(encode_ceremony_file(*state), bytes)) __builtin_trap();
  if (state->monomials.size() > 64 || state->contributions.size() > 4) return;
  if (ceremony<C>::verify(*state) && ceremony<C>::finalise(*state).has_value() == state->contributions.empty())
    __builtin_trap();
}

template <class C>
void check(byte_view bytes) {
  check_srs<C>(bytes);
  check_ceremony<C>(bytes);
}

/// The bytes with the digest that ends them made right, if they have the form of a string otherwise.
template <class C>
void check_redigested(byte_view bytes) {
  const auto header = inspect_srs_file(bytes);
  if (!header || header->curve != C::id || bytes.size() != srs_file_size<C>(header->shape)) return;
  reader in{bytes.subspan(16 + 4u * header->shape.rank)};
  no_progress silent;
  structured_reference_string<C> srs;
  srs.shape = header->shape;
  auto lagrange = detail::parse_points<typename C::g1>(in, static_cast<std::size_t>(header->shape.size()), silent);
  if (!lagrange) return;
  auto tau = detail::parse_points<typename C::g2>(in, header->shape.rank, silent);
  if (!tau) return;
  srs.lagrange = *lagrange, srs.tau_g2 = *tau;
  std::vector<std::byte> mended(bytes.begin(), bytes.end());
  std::memcpy(mended.data() + mended.size() - sizeof(digest), srs.id().bytes.data(), sizeof(digest));
  if (!parse_srs_file<C>(mended)) __builtin_trap();
  check_srs<C>(mended);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const byte_view bytes{reinterpret_cast<const std::byte*>(data), size};
  static_cast<void>(inspect_srs_file(bytes));
  static_cast<void>(inspect_ceremony_file(bytes));
  check<bn254>(bytes);
  check<bls12_381>(bytes);
  check_redigested<bn254>(bytes);
  check_redigested<bls12_381>(bytes);
  return 0;
}
