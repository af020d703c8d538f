// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One fingerprint for several tokens: the signed sum of their sketches, in integers, so that the order in which rows
// arrive cannot change a bit.
#ifndef ASSAY_FINGERPRINT_SKETCH_SUM_HPP
#define ASSAY_FINGERPRINT_SKETCH_SUM_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>
#include <assay/fingerprint/quantiser.hpp>
#include <assay/fingerprint/row_signs.hpp>

namespace assay::inline v0 {

/// f_w = sum of s_j P^T h_j over the rows j of window w = [w J, (w + 1) J): one fingerprint for J rows of a checkpoint,
/// so 1/J of the bytes. Noise and deviations that are independent from row to row both grow as sqrt(J), and a window
/// tells them apart as well as one row does; a deviation of a single row is seen sqrt(J) times less clearly.
///
/// Give it the sketches of a checkpoint's rows in any order and in batches of any size, each row once. The last window
/// may be short. Sums are kept in units of step / 2^24: integers, so that order, batches and merges leave no trace, and
/// a window of one row gets exactly the codes of `quantise`. Where codes saturate, a coordinate of a row beyond 2^22
/// steps counts as 2^22 steps.
/// Determinism: exact in the default rounding mode. Memory: 8 bytes per coordinate of a window, and a bit per row.
/// Source: the tug-of-war sketch (Alon, Matias and Szegedy, 1999) over the rows of Activation-DiFR's fingerprints.
class sketch_sum {
 public:
  static constexpr std::uint32_t max_window = 1u << 16;
  static constexpr std::uint32_t max_sketch = 1u << 16;
  static constexpr std::uint64_t max_rows = std::uint64_t{1} << 32;

  /// Sums of sketches of `sketch` coordinates; rows are counted from 0 and are fewer than `most_rows`.
  /// @errors out_of_range (sketch, window, most_rows), those of validate(quantiser)
  [[nodiscard]] static result<sketch_sum> make(const seed& signs, std::uint32_t sketch, std::uint32_t window,
                                               const quantiser& coordinates, std::uint64_t most_rows) {
    if (sketch == 0 || sketch > max_sketch) return fail(errc::out_of_range, "sketch sum: sketch out of range", sketch);
    if (window == 0 || window > max_window) return fail(errc::out_of_range, "sketch sum: window out of range", window);
    if (most_rows == 0 || most_rows > max_rows)
      return fail(errc::out_of_range, "sketch sum: number of rows out of range", most_rows);
    if (auto valid = validate(coordinates); !valid) return valid.error();
    return sketch_sum{row_signs::derive(signs, window), sketch, coordinates, most_rows};
  }

  [[nodiscard]] std::uint32_t sketch() const noexcept { return sketch_; }
  [[nodiscard]] std::uint32_t window() const noexcept { return signs_.window(); }
  [[nodiscard]] const row_signs& signs() const noexcept { return signs_; }
  /// Bytes of one window's codes.
  [[nodiscard]] std::size_t fingerprint_bytes() const noexcept { return packed_size(coordinates_.type, sketch_); }
  /// Windows of `rows` rows, the last one perhaps short.
  [[nodiscard]] std::uint64_t windows_of(std::uint64_t rows) const noexcept {
    return rows / window() + (rows % window() != 0);
  }

  /// Adds the sketches of consecutive rows, sketch() coordinates each. On error nothing is added.
  /// @errors length_mismatch (not whole sketches), out_of_range (a row of most_rows or more), duplicate (where: the row),
  ///         non_finite (where: the coordinate)
  [[nodiscard]] result<void> add(std::uint64_t first_row, std::span<const float> sketches) {
    if (sketches.size() % sketch_ != 0)
      return fail(errc::length_mismatch, "sketch sum: not whole sketches", sketches.size());
    const std::uint64_t rows = sketches.size() / sketch_;
    if (first_row > most_rows_ || rows > most_rows_ - first_row)
      return fail(errc::out_of_range, "sketch sum: a row beyond the end", first_row);
    for (std::size_t i = 0; i < sketches.size(); ++i)
      if (!fp::is_finite(sketches[i])) return fail(errc::non_finite, "sketch sum: a coordinate is NaN or infinite", i);
    for (std::uint64_t row = first_row; row < first_row + rows; ++row)
      if (has(row)) return fail(errc::duplicate, "sketch sum: a row came twice", row);
    if (rows == 0) return {};
    reserve_rows(first_row + rows);
    for (std::uint64_t i = 0; i < rows; ++i)
      add_row(first_row + i, sketches.subspan(static_cast<std::size_t>(i) * sketch_, sketch_));
    return {};
  }

  /// Adds what another sum of the same settings has seen, as if its rows had been added here. On error nothing is added.
  /// @errors invalid_settings (other settings or signs), duplicate (where: the row), out_of_range (a row of most_rows or
  ///         more)
  [[nodiscard]] result<void> merge(const sketch_sum& other) {
    if (!(other.coordinates_ == coordinates_) || other.sketch_ != sketch_ || !(other.signs_ == signs_))
      return fail(errc::invalid_settings, "sketch sum: sums of different settings");
    for (std::size_t i = 0; i < std::min(seen_.size(), other.seen_.size()); ++i)
      if (const std::uint64_t both = seen_[i] & other.seen_[i]; both != 0)
        return fail(errc::duplicate, "sketch sum: a row came twice",
                    64 * i + static_cast<std::uint64_t>(__builtin_ctzll(both)));
    if (other.rows_end_ > most_rows_)
      return fail(errc::out_of_range, "sketch sum: a row beyond the end", other.rows_end_);
    reserve_rows(other.rows_end_);
    for (std::size_t i = 0; i < other.sums_.size(); ++i) sums_[i] += other.sums_[i];
    for (std::size_t i = 0; i < other.seen_.size(); ++i) seen_[i] |= other.seen_[i];
    return {};
  }

  [[nodiscard]] bool has(std::uint64_t row) const noexcept {
    return row / 64 < seen_.size() && (seen_[static_cast<std::size_t>(row / 64)] >> (row % 64) & 1) != 0;
  }

  /// The unrounded sum of a window, each coordinate rounded once to float: what steps are fitted to.
  /// @pre coordinates saturate; a row of the window was added; out.size() == sketch()
  void values(std::uint64_t window, std::span<float> out) const {
    ASSAY_EXPECTS(coordinates_.beyond == beyond_range::saturate);
    ASSAY_EXPECTS(window < sums_.size() / sketch_ && out.size() == sketch_);
    const std::int64_t* const sum = sums_of(window);
    const double step = static_cast<double>(coordinates_.step) / unit;  // exact
    for (std::uint32_t i = 0; i < sketch_; ++i)
      out[i] = static_cast<float>(fp::mul(static_cast<double>(sum[i]), step));
  }

  /// Writes the codes of all windows of rows 0 … rows - 1, in order; adds to `seen` what was beyond the range of codes.
  /// @pre out.size() == windows_of(rows) * fingerprint_bytes() @errors empty (no rows), incomplete (where: a missing row)
  [[nodiscard]] result<void> encode(std::uint64_t rows, mutable_byte_view out, range_count& seen) const {
    ASSAY_EXPECTS(out.size() == windows_of(rows) * fingerprint_bytes());
    if (rows == 0) return fail(errc::empty, "sketch sum: no rows");
    for (std::uint64_t row = 0; row < rows; ++row)
      if (!has(row)) return fail(errc::incomplete, "sketch sum: a row is missing", row);
    for (std::uint64_t w = 0; w < windows_of(rows); ++w)
      encode_window(w, out.subspan(static_cast<std::size_t>(w) * fingerprint_bytes(), fingerprint_bytes()), seen);
    return {};
  }
  /// The same as a value, without the count. @errors those of the other encode
  [[nodiscard]] result<std::vector<std::byte>> encode(std::uint64_t rows) const {
    if (rows > rows_end_) return fail(errc::incomplete, "sketch sum: a row is missing", rows_end_);
    std::vector<std::byte> codes(static_cast<std::size_t>(windows_of(rows)) * fingerprint_bytes());
    range_count seen;
    if (auto done = encode(rows, codes, seen); !done) return done.error();
    return codes;
  }

 private:
  static constexpr int guard_bits = 24;
  static constexpr double unit = 0x1p24;        ///< units of a step
  static constexpr double most_units = 0x1p46;  ///< of one row: a multiple of the range of any code, and 2^16 rows of it
                                                ///< stay within 2^62

  sketch_sum(const row_signs& signs, std::uint32_t sketch, const quantiser& coordinates, std::uint64_t most_rows)
      : signs_(signs), coordinates_(coordinates), most_rows_(most_rows), sketch_(sketch) {}

  [[nodiscard]] const std::int64_t* sums_of(std::uint64_t window) const noexcept {
    return sums_.data() + static_cast<std::size_t>(window) * sketch_;
  }

  void reserve_rows(std::uint64_t end) {
    if (end <= rows_end_) return;
    const auto windows = static_cast<std::size_t>(windows_of(end)), words = static_cast<std::size_t>((end + 63) / 64);
    sums_.resize(windows * sketch_);
    seen_.resize(words);
    rows_end_ = end;
  }

  /// The coordinate in units, to nearest: what `quantise` divides out, times a power of two, so that no rounding of it
  /// passes a code's boundary.
  [[nodiscard]] std::int64_t units_of(float x) const noexcept {
    const double scaled = static_cast<double>(x / coordinates_.step) * unit;  // exact after the float quotient
    const bool wraps = coordinates_.beyond == beyond_range::wrap;
    const double kept = wraps ? remainder_of(scaled) : std::clamp(scaled, -most_units, most_units);
    const auto whole = static_cast<std::int64_t>(kept);
    return detail::nearest(whole, kept - static_cast<double>(whole));
  }

  /// What is left of whole multiples of most_units. Exact; 24 bits above 2^100 leave nothing.
  [[nodiscard]] static double remainder_of(double scaled) noexcept {
    const double moderate = std::clamp(scaled, -0x1p100, 0x1p100);
    return moderate - __builtin_trunc(moderate / most_units) * most_units;
  }

  void add_row(std::uint64_t row, std::span<const float> sketch) noexcept {
    std::int64_t* const sum = sums_.data() + static_cast<std::size_t>(row / window()) * sketch_;
    const bool negative = signs_.negative(row);
    for (std::uint32_t i = 0; i < sketch_; ++i) {
      const std::int64_t units = units_of(sketch[i]);
      sum[i] += negative ? -units : units;
    }
    seen_[static_cast<std::size_t>(row / 64)] |= std::uint64_t{1} << (row % 64);
  }

  void encode_window(std::uint64_t window, mutable_byte_view out, range_count& seen) const noexcept {
    constexpr std::int64_t half = std::int64_t{1} << (guard_bits - 1), mask = 2 * half - 1;
    const std::int64_t most = largest_code(coordinates_.type);
    const std::int64_t* const sum = sums_of(window);
    for (std::uint32_t i = 0; i < sketch_; ++i) {
      std::int64_t code = sum[i] >> guard_bits;
      const std::int64_t rest = sum[i] & mask;
      code += rest > half || (rest == half && (code & 1) != 0);
      seen.beyond += code > most || code < -most - 1;
      const auto kept = coordinates_.beyond == beyond_range::wrap
                            ? detail::wrap_code(code, code_bits(coordinates_.type))
                            : static_cast<std::int32_t>(std::clamp(code, -most - 1, most));
      detail::store_code(coordinates_.type, out.data(), i, kept);
    }
    seen.codes += sketch_;
  }

  row_signs signs_;
  quantiser coordinates_;
  std::uint64_t most_rows_;
  std::uint32_t sketch_;
  std::uint64_t rows_end_ = 0;        ///< one past the last row there is room for
  std::vector<std::int64_t> sums_;    ///< sketch_ per window
  std::vector<std::uint64_t> seen_;   ///< a bit per row
};

}  // namespace assay::inline v0

#endif
