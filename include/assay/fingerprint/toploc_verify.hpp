// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The verifier's side of TOPLOC: its own rows against the proofs it was sent.
#ifndef ASSAY_FINGERPRINT_TOPLOC_VERIFY_HPP
#define ASSAY_FINGERPRINT_TOPLOC_VERIFY_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/fingerprint/toploc_build.hpp>
#include <assay/fingerprint/toploc_compare.hpp>

namespace assay::inline v0::toploc {

/// Compares the verifier's selection of a chunk with a proof. Positions are reduced by the proof's modulus, always: the
/// package's path for lists forgets to, and rejects every honest proof whose modulus is not 65497.
/// @errors those of validate(proof)
[[nodiscard]] inline result<comparison> compare(const selection& chunk, const proof& claimed, workspace& work) {
  const std::size_t n = chunk.positions.size();
  ASSAY_EXPECTS(n == chunk.codes.size());
  if (auto valid = validate(claimed, static_cast<std::uint32_t>(n)); !valid) return valid.error();
  work.points.resize(n);
  work.values.resize(n);
  for (std::size_t j = 0; j < n; ++j) work.points[j] = static_cast<std::uint16_t>(chunk.positions[j] % claimed.modulus);
  evaluate(claimed.coefficients, work.points, work.values, work.polynomial);
  comparison c;
  c.modulus = claimed.modulus;
  c.least_modulus = least_modulus(static_cast<std::uint32_t>(n), chunk.elements);
  for (std::size_t j = 0; j < n; ++j) add_entry(c, chunk.codes[j], work.values[j]);
  return c;
}

/// Verifies one chunk, given as bf16 codes row after row. @errors those of settings, top_k_selector and compare
[[nodiscard]] inline result<comparison> verify_chunk(std::span<const std::uint16_t> codes, const proof& claimed,
                                                     const settings& how, workspace& work) {
  if (auto valid = validate(how); !valid) return valid.error();
  if (auto valid = validate(claimed, how.top_k); !valid) return valid.error();
  top_k_selector selector{how};
  selection selected;
  if (auto pushed = selector.push(std::as_bytes(codes)); !pushed) return pushed.error();
  if (auto found = selector.finish(selected); !found) return found.error();
  return compare(selected, claimed, work);
}

/// A request's chunks against its proofs.
struct report {
  std::uint64_t proofs = 0;  ///< proofs sent
  std::uint64_t chunks = 0;  ///< chunks of the verifier
  std::vector<comparison> compared;  ///< as many as there are of both
};

/// What follows for a request. `where` is the first chunk that is rejected, or the number of chunks if proofs are
/// missing or too many.
struct verdict {
  reason why = reason::none;
  std::uint64_t where = 0;

  [[nodiscard]] constexpr bool accepted() const noexcept { return why == reason::none; }
};

/// Rejects a request at its first chunk beyond the limits. A single chunk is weak evidence: where something depends on
/// it, collect over requests.
[[nodiscard]] inline verdict judge(const report& r, const thresholds& limits) noexcept {
  if (r.proofs != r.chunks) return {reason::proof_count, r.chunks};
  if (r.chunks == 0) return {reason::nothing_compared, 0};
  for (std::size_t i = 0; i < r.compared.size(); ++i)
    if (const reason why = judge(r.compared[i], limits); why != reason::none) return {why, i};
  return {};
}

/// Verifies a request while the verifier's rows appear, in chunks or at once: a prefill of prompt and answer gives them
/// all. Errors are about the verifier's own rows and settings, or about proofs that no parser let through; what a
/// provider claims wrongly is in the report.
class verifier {
 public:
  /// @errors those of builder::make and validate(proof)
  [[nodiscard]] static result<verifier> make(const settings& how, std::uint32_t width, std::span<const proof> claimed) {
    if (auto valid = validate(how); !valid) return valid.error();
    if (width == 0) return fail(errc::out_of_range, "toploc: rows without entries");
    for (const proof& p : claimed)
      if (auto valid = validate(p, how.top_k); !valid) return valid.error();
    return verifier{how, width, claimed};
  }

  /// As builder::prefill.
  template <hidden_rows T>
  [[nodiscard]] result<void> prefill(const T& rows) {
    return chunks_.prefill(rows);
  }

  /// As builder::decode.
  template <hidden_rows T>
  [[nodiscard]] result<void> decode(const T& rows) {
    return chunks_.decode(rows, [this](const selection& chunk) { return check(chunk); });
  }

  /// The comparisons; the same proofs can be verified again. @errors the first error since the request began
  [[nodiscard]] result<report> finish() {
    auto ended = chunks_.finish([this](const selection& chunk) { return check(chunk); });
    report r = std::exchange(report_, {});
    r.proofs = claimed_.size();
    if (!ended) return ended.error();
    return r;
  }

 private:
  verifier(const settings& how, std::uint32_t width, std::span<const proof> claimed)
      : chunks_(how, width), claimed_(claimed.begin(), claimed.end()) {}

  [[nodiscard]] result<void> check(const selection& chunk) {
    const std::uint64_t i = report_.chunks++;
    if (i >= claimed_.size()) return {};
    auto c = compare(chunk, claimed_[static_cast<std::size_t>(i)], work_);
    if (!c) return c.error();
    report_.compared.push_back(*c);
    return {};
  }

  chunk_stream chunks_;
  std::vector<proof> claimed_;
  workspace work_;
  report report_;
};

/// Verifies a finished request: the prompt's rows, and a row for each decode step. @errors those of verifier
template <hidden_rows Prompt, hidden_rows Steps>
[[nodiscard]] result<report> verify_proofs(const Prompt& prompt, const Steps& steps, std::span<const proof> claimed,
                                           const settings& how) {
  const auto width = row_width(steps);
  if (!width) return width.error();
  const auto narrow = checked_cast<std::uint32_t>(*width);
  if (!narrow) return narrow.error();
  auto checker = verifier::make(how, *narrow, claimed);
  if (!checker) return checker.error();
  if (auto taken = checker->prefill(prompt); !taken) return taken.error();
  if (auto taken = checker->decode(steps); !taken) return taken.error();
  return checker->finish();
}

}  // namespace assay::inline v0::toploc

#endif
