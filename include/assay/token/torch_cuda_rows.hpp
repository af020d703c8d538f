// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PyTorch CUDA noise where a request's calls are not one fresh row each: several rows per call, and rewound generators.
#ifndef ASSAY_TOKEN_TORCH_CUDA_ROWS_HPP
#define ASSAY_TOKEN_TORCH_CUDA_ROWS_HPP

#include <cstdint>

#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/torch_cuda_noise.hpp>

namespace assay::inline v0 {

/// One row of exponential_() calls that each fill a contiguous [rows, vocabulary] block: sample `row` of n in one
/// request. Element (row, id) is element row * vocabulary + id of the call, so the rows' noise is not that of n
/// separate calls; only row 0 has that of a single row, while the row is uncapped and the call takes one pass.
///
/// Step s is the s-th call since the start, which `first_block` moves: the generator's offset there, divided by 4.
/// Where the number of rows changes on the way (samples that end early; in vLLM V0 the largest n of the batch in the
/// prompt step), make one object per stretch: its first_block is the `block_after` of the stretch before.
template <class Real>
class torch_cuda_row_noise {
 public:
  static constexpr double gumbel_max = torch_cuda_noise<Real>::gumbel_max;

  /// @param row_layout of one row alone @errors out_of_range (also if rows * vocabulary exceeds 2^31)
  [[nodiscard]] static result<torch_cuda_row_noise> make(const torch_cuda_layout& row_layout, std::uint32_t rows,
                                                         std::uint32_t row, std::uint64_t first_block = 0) {
    if (row >= rows) return fail(errc::out_of_range, "CUDA noise: a row beyond those of the call", row);
    if (row_layout.vocabulary > std::uint64_t{1} << 31)
      return fail(errc::out_of_range, "CUDA noise: vocabulary out of range", row_layout.vocabulary);
    if (first_block > std::uint64_t{1} << 62)
      return fail(errc::out_of_range, "CUDA noise: offset out of range", first_block);
    const auto block = torch_cuda_noise<Real>::make({row_layout.vocabulary * rows, row_layout.largest_grid});
    if (!block) return block.error();
    const auto first_element = static_cast<std::uint32_t>(row_layout.vocabulary * row);  // below 2^31
    return torch_cuda_row_noise{*block, first_element, first_block};
  }

  /// Exact. @pre id < vocabulary
  [[nodiscard]] Real uniform(noise_key key, std::uint32_t step, token_id id) const noexcept {
    return call_.uniform_from(key, first_block_ + step * call_.passes(), token_id{first_element_ + id.value});
  }
  [[nodiscard]] Real exponential(noise_key key, std::uint32_t step, token_id id) const noexcept {
    return call_.exponential_of(uniform(key, step, id));
  }
  [[nodiscard]] double gumbel(noise_key key, std::uint32_t step, token_id id) const noexcept {
    return -fp::log(static_cast<double>(exponential(key, step, id)));
  }

  /// Where the generator is after so many calls: its offset divided by 4.
  [[nodiscard]] std::uint64_t block_after(std::uint32_t calls) const noexcept {
    return first_block_ + calls * call_.passes();
  }

 private:
  torch_cuda_row_noise(const torch_cuda_noise<Real>& call, std::uint32_t first_element, std::uint64_t first_block)
      : call_(call), first_element_(first_element), first_block_(first_block) {}

  torch_cuda_noise<Real> call_;
  std::uint32_t first_element_;
  std::uint64_t first_block_;
};

/// Where the generator stands after chunked prefill has sampled for so many unfinished chunks: vLLM V1 throws each such
/// draw away and sets the offset back by 4. 0 while a call advances by 4; on a small GPU with a large vocabulary a call
/// advances further, and each chunk leaves the rest behind, so the number of chunks must be known.
template <class Real>
[[nodiscard]] constexpr std::uint64_t block_after_chunks(const torch_cuda_noise<Real>& noise,
                                                         std::uint32_t discarded_calls) noexcept {
  return (noise.passes() - 1) * discarded_calls;
}

}  // namespace assay::inline v0

#endif
