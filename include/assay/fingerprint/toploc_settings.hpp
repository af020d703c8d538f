// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What two parties must agree on before a TOPLOC proof means anything: its format says none of it.
#ifndef ASSAY_FINGERPRINT_TOPLOC_SETTINGS_HPP
#define ASSAY_FINGERPRINT_TOPLOC_SETTINGS_HPP

#include <cstdint>

#include <assay/core/result.hpp>

/// TOPLOC proofs as the `toploc` Python package makes and reads them. Source: arXiv 2501.16007, and that package's
/// 0.1.6.
namespace assay::inline v0::toploc {

/// The field of the polynomials. Of the 16-bit codes only NaNs (0xffd9 … 0xffff) are not below it.
inline constexpr std::uint32_t prime = 65497;
/// Positions are 31-bit numbers in the package, which lets longer chunks wrap; here they are an error.
inline constexpr std::uint64_t max_elements = 0x7fffffff;

/// Which of the entries that tie for the last places are taken. In bf16 ties are the rule: of 131072 normal numbers
/// about eight tie for the last four of 128 places.
enum class tie_policy : std::uint8_t {
  torch_cpu = 0,  ///< those that PyTorch's topk takes on a CPU (libstdc++'s selection algorithms), on every platform
  lowest_index = 1,  ///< the first ones; easier to repeat elsewhere
};

/// How a request becomes proofs. The defaults are the package's.
struct settings {
  std::uint32_t top_k = 128;  ///< entries per proof, and coefficients
  std::uint32_t rows_per_proof = 32;  ///< decode steps per proof: the package's decode_batching_size
  bool skip_prefill = false;  ///< the prompt's rows get no proof
  tie_policy ties = tie_policy::torch_cpu;
  bool allow_non_finite = false;  ///< take NaN as largest, as the package does, instead of refusing NaN and infinity

  friend bool operator==(const settings&, const settings&) = default;
};

/// @errors out_of_range (top_k not in 1 … 65497, no row per proof)
[[nodiscard]] inline result<void> validate(const settings& how) {
  if (how.top_k == 0 || how.top_k > prime)
    return fail(errc::out_of_range, "toploc: top_k must be 1 to 65497", how.top_k);
  if (how.rows_per_proof == 0) return fail(errc::out_of_range, "toploc: no row per proof");
  return {};
}

/// Bytes of one proof.
[[nodiscard]] constexpr std::uint64_t proof_bytes(std::uint32_t top_k) noexcept { return 2 + 2 * std::uint64_t{top_k}; }

/// Proofs of a request with `prompt_rows` rows of prompt and `decode_rows` decode steps. @pre validate(how)
[[nodiscard]] constexpr std::uint64_t proof_count(const settings& how, std::uint64_t prompt_rows,
                                                  std::uint64_t decode_rows) noexcept {
  const std::uint64_t decode = decode_rows / how.rows_per_proof + (decode_rows % how.rows_per_proof != 0);
  return decode + (prompt_rows != 0 && !how.skip_prefill);
}

}  // namespace assay::inline v0::toploc

#endif
