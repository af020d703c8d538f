// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The default projection: random signs, a Walsh-Hadamard transform, a few of its outputs. Additions only, so the
// sketch has the same bits on every machine, and it costs less than reading the row twice.
#ifndef ASSAY_FINGERPRINT_HADAMARD_HPP
#define ASSAY_FINGERPRINT_HADAMARD_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/endian.hpp>
#include <assay/core/result.hpp>
#include <assay/fingerprint/hadamard_kernels.hpp>
#include <assay/fingerprint/projection.hpp>
#include <assay/random/sample.hpp>
#include <assay/random/seed.hpp>
#include <assay/random/stream.hpp>

namespace assay::inline v0 {

/// f = S H D h / sqrt(k): D flips signs at random, H is the Walsh-Hadamard matrix with entries 1 and -1 of the next
/// power of two n (h is padded with zeros), S picks k distinct outputs at random.
///
/// Over the seed, E ||f||^2 = ||h||^2, and a projection of all n outputs keeps the length exactly up to rounding.
/// Determinism: exact in the default rounding mode, with subnormals, and for rows whose sketch is finite.
/// Source: Ailon and Chazelle, "The fast Johnson-Lindenstrauss transform", 2009; Tropp, "Improved analysis of the
/// subsampled randomized Hadamard transform", 2011. Activation-DiFR itself uses a dense Gaussian matrix.
class hadamard_projection {
 public:
  static constexpr std::uint32_t max_width = 1u << 24;

  /// Draws a projection. @errors out_of_range (width not in 1 … 2^24, sketch not in 1 … n)
  [[nodiscard]] static result<hadamard_projection> derive(const seed& from, std::uint32_t width, std::uint32_t sketch) {
    if (width == 0 || width > max_width) return fail(errc::out_of_range, "projection: width out of range", width);
    if (sketch == 0 || sketch > std::bit_ceil(width))
      return fail(errc::out_of_range, "projection: sketch out of range", sketch);
    return hadamard_projection{from, width, sketch};
  }

  [[nodiscard]] std::uint32_t width() const noexcept { return static_cast<std::uint32_t>(signs_.size()); }
  [[nodiscard]] std::uint32_t sketch() const noexcept { return static_cast<std::uint32_t>(outputs_.size()); }
  [[nodiscard]] std::size_t scratch_size() const noexcept { return std::size_t{1} << order_; }

  /// Writes the sketch of `row`. Never allocates; any alignment. Time: about n (log2 k + 1) additions, vectorised.
  /// @pre row, out and scratch have width(), sketch() and at least scratch_size() elements and do not overlap
  void project(std::span<const float> row, std::span<float> out, std::span<float> scratch) const {
    detail::hadamard_dispatch(task(row, out, scratch));
  }

  /// The same bits, the textbook's way.
  void project_ref(std::span<const float> row, std::span<float> out, std::span<float> scratch) const {
    detail::hadamard_ref(task(row, out, scratch));
  }

  /// What the kernels get; for tests of a particular kernel. @pre as for project
  [[nodiscard]] detail::hadamard_task task(std::span<const float> row, std::span<float> out,
                                           std::span<float> scratch) const {
    ASSAY_EXPECTS(row.size() == width() && out.size() == sketch() && scratch.size() >= scratch_size());
    return {row.data(), signs_.data(), width(), order_, outputs_.data(), sketch(), scale_, out.data(), scratch.data()};
  }

 private:
  hadamard_projection(const seed& from, std::uint32_t width, std::uint32_t sketch)
      : order_(static_cast<std::uint32_t>(std::bit_width(std::bit_ceil(width))) - 1),
        scale_(static_cast<float>(fp::div(1.0, __builtin_sqrt(static_cast<double>(sketch))))), signs_(width),
        outputs_(sketch) {
    std::array<std::byte, 8> shape;
    store_le(shape.data(), width);
    store_le(shape.data() + 4, sketch);
    const seed own = derive_seed(from, "hadamard-projection", shape);
    random_stream flips{own, "signs"};
    std::uint32_t word = 0;
    for (std::uint32_t i = 0; i < width; ++i) {
      word = i % 32 == 0 ? flips.next_u32() : word >> 1;
      signs_[i] = word << 31;  // bit i mod 32 of word i / 32
    }
    random_stream picks{own, "outputs"};
    const auto picked = sample_without_replacement(picks, std::uint64_t{1} << order_, sketch);
    for (std::uint32_t j = 0; j < sketch; ++j) outputs_[j] = static_cast<std::uint32_t>(picked[j]);
  }

  std::uint32_t order_;
  float scale_;
  std::vector<std::uint32_t> signs_;
  std::vector<std::uint32_t> outputs_;
};

static_assert(projection<hadamard_projection>);

}  // namespace assay::inline v0

#endif
