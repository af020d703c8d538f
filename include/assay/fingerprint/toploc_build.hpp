// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The prover's side of TOPLOC: proofs of a request, while it runs or afterwards.
#ifndef ASSAY_FINGERPRINT_TOPLOC_BUILD_HPP
#define ASSAY_FINGERPRINT_TOPLOC_BUILD_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/fingerprint/toploc_chunks.hpp>
#include <assay/fingerprint/toploc_modulus.hpp>
#include <assay/fingerprint/toploc_proof.hpp>

namespace assay::inline v0::toploc {

/// Scratch memory for proofs; one per thread.
struct workspace {
  polynomial_workspace polynomial;
  std::vector<std::uint64_t> residues;
  std::vector<std::uint16_t> points;
  std::vector<std::uint16_t> values;
};

/// Proves that the entries at these positions have these codes. Neither has to be sorted.
/// @pre as many codes as positions @errors those of injective_modulus
[[nodiscard]] inline result<proof> prove_points(std::span<const std::uint32_t> positions,
                                                std::span<const std::uint16_t> codes, workspace& work) {
  ASSAY_EXPECTS(positions.size() == codes.size());
  const auto modulus = injective_modulus(positions, work.residues);
  if (!modulus) return modulus.error();
  proof p;
  p.modulus = *modulus;
  p.coefficients.resize(positions.size());
  work.points.resize(positions.size());
  for (std::size_t j = 0; j < positions.size(); ++j)
    work.points[j] = static_cast<std::uint16_t>(positions[j] % p.modulus);
  interpolate(work.points, codes, p.coefficients, work.polynomial);
  return p;
}

/// Proves one chunk, given as bf16 codes row after row. @errors those of settings, top_k_selector and prove_points
[[nodiscard]] inline result<proof> build_chunk(std::span<const std::uint16_t> codes, const settings& how,
                                               workspace& work) {
  if (auto valid = validate(how); !valid) return valid.error();
  top_k_selector selector{how};
  selection selected;
  if (auto pushed = selector.push(std::as_bytes(codes)); !pushed) return pushed.error();
  if (auto found = selector.finish(selected); !found) return found.error();
  return prove_points(selected.positions, selected.codes, work);
}

/// Builds a request's proofs while its rows appear; keeps a few kilobytes of them (see top_k_selector).
/// An error stays until the request ends: there are no null proofs.
class builder {
 public:
  /// @errors those of validate(settings), out_of_range (width is 0)
  [[nodiscard]] static result<builder> make(const settings& how, std::uint32_t width) {
    if (auto valid = validate(how); !valid) return valid.error();
    if (width == 0) return fail(errc::out_of_range, "toploc: rows without entries");
    return builder{how, width};
  }

  /// Rows of the prompt, after the final norm; in one call or in several. @errors those of chunk_stream::prefill
  template <hidden_rows T>
  [[nodiscard]] result<void> prefill(const T& rows) {
    return chunks_.prefill(rows);
  }

  /// Rows of decode steps, one or more at a time. @errors those of chunk_stream::decode and prove_points
  template <hidden_rows T>
  [[nodiscard]] result<void> decode(const T& rows) {
    return chunks_.decode(rows, [this](const selection& chunk) { return prove(chunk); });
  }

  /// The request's proofs, one per chunk; the next request may begin. @errors the first error since the request began
  [[nodiscard]] result<std::vector<proof>> finish() {
    auto ended = chunks_.finish([this](const selection& chunk) { return prove(chunk); });
    std::vector<proof> proofs = std::exchange(proofs_, {});
    if (!ended) return ended.error();
    return proofs;
  }

 private:
  builder(const settings& how, std::uint32_t width) : chunks_(how, width) {}

  [[nodiscard]] result<void> prove(const selection& chunk) {
    auto p = prove_points(chunk.positions, chunk.codes, work_);
    if (!p) return p.error();
    proofs_.push_back(*std::move(p));
    return {};
  }

  chunk_stream chunks_;
  workspace work_;
  std::vector<proof> proofs_;
};

/// The proofs of a finished request: its prompt's rows, and a row for each decode step.
/// @errors those of builder
template <hidden_rows Prompt, hidden_rows Steps>
[[nodiscard]] result<std::vector<proof>> build_proofs(const Prompt& prompt, const Steps& steps, const settings& how) {
  const auto width = row_width(steps);
  if (!width) return width.error();
  const auto narrow = checked_cast<std::uint32_t>(*width);
  if (!narrow) return narrow.error();
  auto prover = builder::make(how, *narrow);
  if (!prover) return prover.error();
  if (auto taken = prover->prefill(prompt); !taken) return taken.error();
  if (auto taken = prover->decode(steps); !taken) return taken.error();
  return prover->finish();
}

}  // namespace assay::inline v0::toploc

#endif
