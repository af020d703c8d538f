// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "forgeries.hpp"

#include <algorithm>
#include <memory>

#include <assay/fingerprint/hadamard.hpp>

namespace study {
namespace {

/// Per checkpoint, the mean of all rows that a forger has seen. [checkpoint][width]
std::vector<float> mean_rows(const std::vector<traced>& known) {
  const traced& first = known.front();
  std::vector<double> sums(std::size_t{first.checkpoints} * first.width);
  for (const traced& r : known)
    for (std::uint32_t c = 0; c < r.checkpoints; ++c)
      for (std::uint32_t t = 0; t < r.tokens; ++t) {
        const auto row = r.row(r.claimed, c, t);
        for (std::uint32_t j = 0; j < r.width; ++j) sums[std::size_t{c} * r.width + j] += static_cast<double>(row[j]);
      }
  std::vector<float> means;
  for (double s : sums) means.push_back(static_cast<float>(s / (static_cast<double>(known.size()) * first.tokens)));
  return means;
}

void claim_means(traced& r, const std::vector<float>& means) {
  for (std::size_t i = 0; i < r.claimed.size(); ++i) {
    const std::size_t checkpoint = i / (std::size_t{r.tokens} * r.width);
    r.claimed[i] = means[checkpoint * r.width + i % r.width];
  }
}

/// Turns signs so that the signed differences nearly cancel in every row.
void turn_signs(traced& r) {
  double balance = 0;
  for (std::size_t i = 0; i < r.claimed.size(); ++i) {
    if (i % r.width == 0) balance = 0;
    float& x = r.claimed[i];
    if (static_cast<double>(x) * balance <= 0) balance += static_cast<double>(x), x = -x;
  }
}

/// cheap + P^T (P P^T)^-1 (P honest - P cheap). For widths that are powers of two the rows of P are orthogonal, each of
/// squared length width / k.
void aim(traced& r, const std::vector<float>& cheap) {
  const std::uint32_t k = aimed_coordinates, width = r.width;
  const auto known = assay::hadamard_projection::derive(assay::derive_seed(r.request, "projection"), width, k);
  ASSAY_EXPECTS(known && (width & (width - 1)) == 0);
  std::vector<float> scratch(known->scratch_size()), unit(width), column(k), wanted(k), seen(k);
  std::vector<float> transposed(std::size_t{width} * k);
  for (std::uint32_t j = 0; j < width; ++j) {
    unit[j] = 1;
    known->project(unit, column, scratch);
    unit[j] = 0;
    for (std::uint32_t i = 0; i < k; ++i) transposed[std::size_t{j} * k + i] = column[i];
  }
  for (std::size_t at = 0; at < r.claimed.size(); at += width) {
    const std::span<float> honest{r.claimed.data() + at, width};
    known->project(honest, wanted, scratch);
    known->project(std::span{cheap}.subspan(at, width), seen, scratch);
    for (std::uint32_t j = 0; j < width; ++j) {
      float shift = 0;
      for (std::uint32_t i = 0; i < k; ++i) shift += transposed[std::size_t{j} * k + i] * (wanted[i] - seen[i]);
      honest[j] = cheap[at + j] + shift * static_cast<float>(k) / static_cast<float>(width);
    }
  }
}

}  // namespace

std::vector<std::pair<std::string, forgery>> forgeries_from(const std::vector<traced>& known) {
  const auto means = std::make_shared<const std::vector<float>>(mean_rows(known));
  return {{"forged-constant",
           [](traced& r, std::uint64_t) {
             std::ranges::fill(r.claimed, 0.0f);
             r.constant_proofs = true;
           }},
          {"forged-means", [means](traced& r, std::uint64_t) { claim_means(r, *means); }},
          {"forged-other-text",
           [&known](traced& r, std::uint64_t index) { r.claimed = known[index % known.size()].claimed; }},
          {"forged-aimed",
           [&known](traced& r, std::uint64_t index) { aim(r, known[index % known.size()].claimed); }},
          {"forged-signs", [](traced& r, std::uint64_t) { turn_signs(r); }}};
}

}  // namespace study
