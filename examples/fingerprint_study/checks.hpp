// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The checks of the study: each turns a request's states, claimed and recomputed, into scores, and says what it sends.
#ifndef ASSAY_FINGERPRINT_STUDY_CHECKS_HPP
#define ASSAY_FINGERPRINT_STUDY_CHECKS_HPP

#include <memory>
#include <vector>

#include <assay/core/result.hpp>
#include <assay/evaluation/sweep.hpp>

#include "provider.hpp"

namespace study {

class check {
 public:
  explicit check(assay::evaluation::sweep_check about) : about_(std::move(about)) {}
  virtual ~check() = default;
  [[nodiscard]] const assay::evaluation::sweep_check& about() const noexcept { return about_; }
  /// One score for each unit of tokens; larger is worse.
  [[nodiscard]] virtual assay::result<std::vector<double>> score(const traced& request) const = 0;

 protected:
  assay::evaluation::sweep_check about_;
};

using check_list = std::vector<std::unique_ptr<check>>;

/// What a committed fingerprint costs on the wire; measured with the protocol itself, see wire.hpp.
struct committed_bytes {
  std::uint32_t positions = 0;  ///< opened in a request
  double bytes = 0;             ///< receipt, challenge and openings of a request
};

/// All checks. Quantisation steps are fitted to requests that no other part of the study uses.
assay::result<check_list> all_checks(const world& with, const std::vector<traced>& to_fit,
                                     const std::vector<committed_bytes>& committed);

}  // namespace study

#endif
