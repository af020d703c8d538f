// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A TOPLOC proof and its bytes: a modulus and the coefficients, all 16-bit and big-endian.
#ifndef ASSAY_FINGERPRINT_TOPLOC_PROOF_HPP
#define ASSAY_FINGERPRINT_TOPLOC_PROOF_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <assay/core/bytes.hpp>
#include <assay/core/endian.hpp>
#include <assay/fingerprint/toploc_base64.hpp>
#include <assay/fingerprint/toploc_polynomial.hpp>

namespace assay::inline v0::toploc {

/// What is sent for one chunk: at the position of each large entry, modulo `modulus`, the polynomial has the entry's
/// code.
struct proof {
  std::uint16_t modulus = 0;
  std::vector<std::uint16_t> coefficients;  ///< lowest power first, with leading zeros: always top_k of them

  friend bool operator==(const proof&, const proof&) = default;
};

/// @errors length_mismatch (not top_k coefficients), out_of_range (the modulus is not in top_k … 65497, or a
///         coefficient is not below 65497; where: its number), empty (the null proof that the package sends when it
///         failed to build one)
[[nodiscard]] inline result<void> validate(const proof& p, std::uint32_t top_k) {
  if (p.coefficients.size() != top_k || top_k == 0)
    return fail(errc::length_mismatch, "toploc: not as many coefficients as agreed", p.coefficients.size());
  std::uint32_t used = 0;
  for (std::size_t i = 0; i < p.coefficients.size(); ++i) {
    if (p.coefficients[i] >= prime) return fail(errc::out_of_range, "toploc: a coefficient is not below 65497", i);
    used |= p.coefficients[i];
  }
  if (p.modulus == 0 && used == 0) return fail(errc::empty, "toploc: a null proof, the sign of a failed build");
  if (p.modulus < top_k || p.modulus > prime)
    return fail(errc::out_of_range, "toploc: no modulus that separates the positions", p.modulus);
  return {};
}

/// The code that a proof claims for a position of its chunk. @pre p.modulus != 0
[[nodiscard]] constexpr std::uint16_t claimed_code(const proof& p, std::uint32_t position) noexcept {
  return evaluate(p.coefficients, position % p.modulus);
}

/// The package's bytes: 2 + 2 top_k.
[[nodiscard]] inline std::vector<std::byte> encode(const proof& p) {
  std::vector<std::byte> bytes(2 + 2 * p.coefficients.size());
  store_be(bytes.data(), p.modulus);
  for (std::size_t i = 0; i < p.coefficients.size(); ++i) store_be(bytes.data() + 2 + 2 * i, p.coefficients[i]);
  return bytes;
}

/// The package's text.
[[nodiscard]] inline std::string encode_base64(const proof& p) { return detail::encode_base64(encode(p)); }

/// Reads a proof for the agreed top_k. The package's decoder takes any length, coefficient and modulus instead.
/// @errors length_mismatch (not 2 + 2 top_k bytes), those of validate
[[nodiscard]] inline result<proof> parse_proof(byte_view bytes, std::uint32_t top_k) {
  if (bytes.size() != proof_bytes(top_k))
    return fail(errc::length_mismatch, "toploc: not the length of a proof", bytes.size());
  proof p;
  p.modulus = load_be<std::uint16_t>(bytes.data());
  p.coefficients.resize(top_k);
  for (std::size_t i = 0; i < top_k; ++i) p.coefficients[i] = load_be<std::uint16_t>(bytes.data() + 2 + 2 * i);
  if (auto valid = validate(p, top_k); !valid) return valid.error();
  return p;
}

/// Reads the text of a proof, in canonical base64 only. @errors those of parse_proof, non_canonical (where: the
/// character)
[[nodiscard]] inline result<proof> parse_proof_base64(std::string_view text, std::uint32_t top_k) {
  if (text.size() != (proof_bytes(top_k) + 2) / 3 * 4)
    return fail(errc::length_mismatch, "toploc: not the length of a proof's text", text.size());
  const auto bytes = detail::decode_base64(text);
  if (!bytes) return bytes.error();
  return parse_proof(*bytes, top_k);
}

/// Reads proofs that lie one after another, as the authors' experiments store a request's.
/// @errors length_mismatch (no whole number of proofs), those of parse_proof (where counts within the faulty proof)
[[nodiscard]] inline result<std::vector<proof>> parse_proofs(byte_view bytes, std::uint32_t top_k) {
  const auto size = static_cast<std::size_t>(proof_bytes(top_k));
  if (bytes.size() % size != 0) return fail(errc::length_mismatch, "toploc: no whole number of proofs", bytes.size());
  std::vector<proof> proofs;
  proofs.reserve(bytes.size() / size);
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    auto p = parse_proof(bytes.subspan(at, size), top_k);
    if (!p) return p.error();
    proofs.push_back(*std::move(p));
  }
  return proofs;
}

}  // namespace assay::inline v0::toploc

#endif
