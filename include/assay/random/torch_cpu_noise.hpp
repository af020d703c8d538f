// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The noise of PyTorch's exponential_() on the CPU: a Mersenne Twister, replayed row by row.
#ifndef ASSAY_RANDOM_TORCH_CPU_NOISE_HPP
#define ASSAY_RANDOM_TORCH_CPU_NOISE_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/random/elementary.hpp>
#include <assay/random/mt19937.hpp>
#include <assay/random/noise.hpp>

namespace assay::inline v0 {

/// Exp(1) noise of `tensor.exponential_(generator)` on contiguous float32 or float64 rows of one vocabulary, one call per
/// token: r = two outputs, the first one high; u = the low 53 bits of r times 2^-53; E = -ln(1 - u).
///
/// The stream has no random access: `seek` draws a whole row, and moving on costs the rows between. Only the low 32 bits of a seed
/// matter to PyTorch. Versions: recorded from PyTorch 2.15.0 on x86-64, and equal in 2.7.1, 2.8.0 and 2.9.1, with every
/// kernel set. The x86-64 builds of 2.2.2 to 2.6.0 draw through MKL instead: other noise, not covered. To tell them
/// apart: `torch.empty(1).exponential_(generator=torch.Generator().manual_seed(42))` is 0.0599 here and 0.2889 there.
/// Determinism: the uniform bits are exact. Float32 draws were PyTorch's to the bit in all recorded rows and in 4 million
/// more; float64 ones differ from glibc's log1p by up to two units in the last place.
class torch_cpu_noise {
 public:
  /// -ln of the smallest draw above zero, 2^-53, rounded up. A draw of zero (one in 2^53) is taken for it.
  static constexpr double gumbel_max = 36.736800569678;

  /// @param single whether rows are float32 (else float64) @errors out_of_range
  [[nodiscard]] static result<torch_cpu_noise> make(std::uint64_t seed, std::uint32_t vocabulary, bool single = true) {
    if (vocabulary == 0 || vocabulary > 1u << 24)
      return fail(errc::out_of_range, "CPU noise: vocabulary out of range", vocabulary);
    return torch_cpu_noise{static_cast<std::uint32_t>(seed), vocabulary, single};
  }

  /// Draws the row of a step, so that `gumbel` can be asked for it. Complexity: O(vocabulary) for the next step; going
  /// back starts over.
  void seek(std::uint32_t step) {
    if (step == row_ && !bits_.empty()) return;
    if (step < next_) generator_ = mt19937{seed_}, next_ = 0;
    generator_.discard(std::uint64_t{2} * vocabulary_ * (step - next_));
    bits_.resize(vocabulary_);
    for (std::uint64_t& r : bits_) {
      const std::uint64_t high = generator_.next_u32();
      r = (high << 32 | generator_.next_u32()) & ((std::uint64_t{1} << 53) - 1);
    }
    row_ = step;
    next_ = step + 1;
  }

  /// @pre seek(step) came last, id < vocabulary
  [[nodiscard]] double uniform(std::uint32_t step, token_id id) const {
    ASSAY_EXPECTS(step == row_ && id.value < bits_.size());
    return static_cast<double>(bits_[id.value]) * 0x1p-53;
  }
  [[nodiscard]] double exponential(std::uint32_t step, token_id id) const {
    const double e = -fp::log(1.0 - uniform(step, id));  // 1 - u is exact
    return single_ ? static_cast<double>(static_cast<float>(e)) : e;
  }
  /// The key is that of the seed given to `make`.
  [[nodiscard]] double gumbel(noise_key, std::uint32_t step, token_id id) const {
    const double e = exponential(step, id);
    return e > 0 ? -fp::log(e) : gumbel_max;
  }

 private:
  torch_cpu_noise(std::uint32_t seed, std::uint32_t vocabulary, bool single)
      : seed_(seed), vocabulary_(vocabulary), single_(single), generator_(seed) {}

  std::uint32_t seed_, vocabulary_;
  bool single_;
  mt19937 generator_;
  std::uint32_t row_ = 0, next_ = 0;
  std::vector<std::uint64_t> bits_;
};

}  // namespace assay::inline v0

#endif
