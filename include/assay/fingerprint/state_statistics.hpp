// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counting how two parties' hidden states differ: signs, exponents, mantissas, exact sums of differences.
#ifndef ASSAY_FINGERPRINT_STATE_STATISTICS_HPP
#define ASSAY_FINGERPRINT_STATE_STATISTICS_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/bytes.hpp>
#include <assay/core/dtype.hpp>
#include <assay/core/endian.hpp>
#include <assay/core/float_formats.hpp>
#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/fingerprint/state_counts.hpp>
#include <assay/fingerprint/state_kernels.hpp>

namespace assay::inline v0 {

/// What counts as a small deviation of mantissas (where exponents match) and as a large one (where they do not).
/// A mantissa is the stored field of p bits; `fraction` divides a deviation by 2^p, `steps` takes it as an integer.
struct state_tolerances {
  enum class unit : std::uint8_t { fraction, steps };
  double small = 0.2;  ///< small: below this
  double large = 0.5;  ///< large: above this
  unit of = unit::fraction;

  friend bool operator==(const state_tolerances&, const state_tolerances&) = default;
};

/// Counts pairs of one format under one set of tolerances. Cheap to make; one per layer and thread, then merge.
/// Determinism: exact. Source: VeriLLM (arXiv 2509.24257); fields, units and conditions are our reading.
class state_comparison {
 public:
  /// @errors unsupported (format is not bf16, f16 or f32), out_of_range (a tolerance is negative, NaN or infinite)
  [[nodiscard]] static result<state_comparison> make(dtype format, const state_tolerances& tolerances = {}) {
    if (format != dtype::bf16 && format != dtype::f16 && format != dtype::f32)
      return fail(errc::unsupported, "hidden states: the format is not bf16, f16 or f32");
    for (const double t : {tolerances.small, tolerances.large})
      if (!(t >= 0) || !fp::is_finite(t)) return fail(errc::out_of_range, "hidden states: a tolerance makes no sense");
    return state_comparison{format, tolerances};
  }

  /// Counts rows of numbers in the format, little-endian, as commitments hold them.
  /// @errors length_mismatch (sizes differ or are no multiple of an element's): nothing is counted
  result<void> add(byte_view claimed, byte_view reference) {
    const std::size_t size = size_of(format_);
    if (claimed.size() != reference.size() || claimed.size() % size != 0)
      return fail(errc::length_mismatch, "hidden states: rows of different lengths", claimed.size());
    each_tile(claimed.size() / size, [&](std::size_t first, std::size_t n, detail::state_tile& tile) {
      const auto load = size == 2 ? &load_codes<std::uint16_t> : &load_codes<std::uint32_t>;
      load(claimed.data() + first * size, n, tile.claimed.data());
      load(reference.data() + first * size, n, tile.reference.data());
    });
    return {};
  }

  /// Counts rows of floats, each rounded to the format first (to nearest, ties to even; no rounding for f32).
  /// @errors length_mismatch: nothing is counted
  result<void> add(std::span<const float> claimed, std::span<const float> reference) {
    if (claimed.size() != reference.size())
      return fail(errc::length_mismatch, "hidden states: rows of different lengths", claimed.size());
    each_tile(claimed.size(), [&](std::size_t first, std::size_t n, detail::state_tile& tile) {
      for (std::size_t i = 0; i < n; ++i) {
        tile.claimed[i] = round(claimed[first + i]);
        tile.reference[i] = round(reference[first + i]);
      }
    });
    return {};
  }

  /// Adds another comparison's counts. @errors calibration_mismatch (another format or other tolerances): nothing
  /// changes
  result<void> merge(const state_comparison& other) {
    if (other.format_ != format_ || other.tolerances_ != tolerances_)
      return fail(errc::calibration_mismatch, "hidden states: counts of another format or other tolerances");
    counts_.merge(other.counts_);
    return {};
  }

  [[nodiscard]] const state_counts& counts() const noexcept { return counts_; }
  [[nodiscard]] dtype format() const noexcept { return format_; }
  [[nodiscard]] const state_tolerances& tolerances() const noexcept { return tolerances_; }

 private:
  state_comparison(dtype format, const state_tolerances& tolerances) : format_(format), tolerances_(tolerances) {
    const unsigned bits = format == dtype::f32 ? 23 : format == dtype::f16 ? 10 : 7;
    const double scale =
        tolerances.of == state_tolerances::unit::fraction ? static_cast<double>(std::uint32_t{1} << bits) : 1.0;
    // d < t iff d <= ceil(t) - 1, and d > t iff d >= floor(t) + 1, for integers d below 2^24.
    const double small = std::min(tolerances.small * scale, 0x1p24), large = std::min(tolerances.large * scale, 0x1p24);
    const auto whole = static_cast<std::int32_t>(small);
    limits_.small_below = static_cast<double>(whole) < small ? whole + 1 : whole;
    limits_.large_above = static_cast<std::int32_t>(large);
  }

  template <class Word>
  static void load_codes(const std::byte* from, std::size_t n, std::uint32_t* out) noexcept {
    constexpr std::size_t piece = 8;  // through a local array: bytes may alias anything
    std::size_t i = 0;
    for (; i + piece <= n; i += piece) {
      std::uint32_t words[piece];
      for (std::size_t j = 0; j < piece; ++j) words[j] = load_le<Word>(from + (i + j) * sizeof(Word));
      std::copy_n(words, piece, out + i);
    }
    for (; i < n; ++i) out[i] = load_le<Word>(from + i * sizeof(Word));
  }

  [[nodiscard]] std::uint32_t round(float x) const noexcept {
    if (format_ == dtype::bf16) return float_to_bf16(x);
    return format_ == dtype::f16 ? float_to_f16(x) : std::bit_cast<std::uint32_t>(x);
  }

  template <class Fill>
  void each_tile(std::size_t count, Fill fill) {
    detail::state_tile tile;
    for (std::size_t first = 0; first < count; first += detail::state_tile::size) {
      const std::size_t n = std::min(detail::state_tile::size, count - first);
      fill(first, n, tile);
      detail::count_states(format_, tile, n, limits_, counts_);
    }
    tile.take(counts_);
  }

  dtype format_;
  state_tolerances tolerances_;
  detail::state_limits limits_;
  state_counts counts_;
};

}  // namespace assay::inline v0

#endif
