// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a hidden state to the bytes that are committed; prover and verifier share this code.
#ifndef ASSAY_PROTOCOL_ROW_ENCODER_HPP
#define ASSAY_PROTOCOL_ROW_ENCODER_HPP

#include <bit>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/convert.hpp>
#include <assay/core/endian.hpp>
#include <assay/core/float_formats.hpp>
#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/fingerprint/hadamard.hpp>
#include <assay/fingerprint/quantiser.hpp>
#include <assay/protocol/run.hpp>

namespace assay::inline v0 {

/// Turns the states of one request into fingerprints and committed rows. Exact.
///
/// Rows that are committed in full, the LM head's input and those of `committed_rows`, are rounded to the committed type
/// first and fingerprinted after that, so that an opened row must have exactly the fingerprint that was committed for it.
class row_encoder {
 public:
  /// Prepares the request's projection. @pre validate(run)
  [[nodiscard]] static result<row_encoder> make(const run_description& run, const seed& projection) {
    auto derived = hadamard_projection::derive(projection, run.model.width, run.commitment.sketch);
    if (!derived) return derived.error();
    return row_encoder{run, std::move(*derived)};
  }

  [[nodiscard]] std::size_t fingerprint_bytes() const noexcept { return sketch_.size() * size_of(commitment_.sketch_type); }
  [[nodiscard]] std::size_t row_bytes() const noexcept { return width_ * size_of(commitment_.row_type); }
  [[nodiscard]] std::uint32_t sketch() const noexcept { return static_cast<std::uint32_t>(sketch_.size()); }
  [[nodiscard]] bool is_final(layer_index layer) const noexcept { return layer.value + 1 == commitment_.steps.size(); }
  /// Whether rows of a checkpoint are committed in full, and so rounded.
  [[nodiscard]] bool is_rounded(layer_index layer) const noexcept { return rounded_[layer.value] != 0; }

  /// Checks that a state can be committed: finite, of moderate size, and representable in the committed type if rounded.
  /// A finite but absurd final row would make honest logits overflow and look like the verifier's own trouble, so both
  /// sides refuse it: no honest prover seals what a verifier rejects. @errors non_finite (where: the element)
  [[nodiscard]] result<void> admit(layer_index layer, std::span<const float> row) const {
    // Magnitudes order like their bits, and NaN lies above infinity; a negative difference anywhere shows in the sign.
    const auto magnitude = [](float x) { return std::bit_cast<std::int32_t>(x) & 0x7fffffff; };
    const std::int32_t most = magnitude(is_rounded(layer) && commitment_.row_type == dtype::f16 ? 65504.0f : largest_state);
    std::int32_t differences = 0;
    for (float x : row) differences |= most - magnitude(x);
    if (differences >= 0) return {};
    std::size_t i = 0;
    while (magnitude(row[i]) <= most) ++i;
    return fail(errc::non_finite, "a state holds NaN, infinity or an absurd magnitude", i);
  }

  /// Fingerprints `row`, the state at a layer that is not rounded. @pre sizes match @errors those of admit
  [[nodiscard]] result<void> encode_state(layer_index layer, std::span<const float> row, mutable_byte_view fingerprint) {
    ASSAY_EXPECTS(row.size() == width_ && fingerprint.size() == fingerprint_bytes() && layer.value < commitment_.steps.size());
    if (auto admitted = admit(layer, row); !admitted) return admitted;
    return encode_admitted_state(layer, row, fingerprint);
  }

  /// The same for a row that `admit` has let pass. @pre admit(layer, row); sizes match @errors none then
  [[nodiscard]] result<void> encode_admitted_state(layer_index layer, std::span<const float> row, mutable_byte_view fingerprint) {
    projection_.project(row, sketch_, scratch_);
    return quantise(quantiser_of(layer), sketch_, fingerprint);
  }

  /// Rounds `row`, the state at a rounded checkpoint, in place to the committed type, writes its bits, and fingerprints
  /// the rounded row. @errors those of admit
  [[nodiscard]] result<void> encode_row(layer_index layer, std::span<float> row, mutable_byte_view bits, mutable_byte_view fingerprint) {
    ASSAY_EXPECTS(row.size() == width_ && bits.size() == row_bytes());
    if (auto admitted = admit(layer, row); !admitted) return admitted;
    return encode_admitted_row(layer, row, bits, fingerprint);
  }

  /// The same for a row that `admit` has let pass. @pre admit(layer, row); sizes match @errors none then
  [[nodiscard]] result<void> encode_admitted_row(layer_index layer, std::span<float> row, mutable_byte_view bits, mutable_byte_view fingerprint) {
    round_row(row, bits);
    return encode_admitted_state(layer, row, fingerprint);
  }

  /// `encode_row` for the LM head's input.
  [[nodiscard]] result<void> encode_final(std::span<float> row, mutable_byte_view bits, mutable_byte_view fingerprint) {
    return encode_row(final_layer(), row, bits, fingerprint);
  }

  /// Fingerprints any checkpoint's state, rounded in place if its rows are committed. @errors those of admit
  [[nodiscard]] result<void> encode(layer_index layer, std::span<float> row, mutable_byte_view bits, mutable_byte_view fingerprint) {
    return is_rounded(layer) ? encode_row(layer, row, bits, fingerprint) : encode_state(layer, row, fingerprint);
  }

  /// Reads a committed row back. @pre sizes match @errors non_finite (where: the element)
  [[nodiscard]] result<void> decode_row(layer_index layer, byte_view bits, std::span<float> row) const {
    ASSAY_EXPECTS(row.size() == width_ && bits.size() == row_bytes());
    const dtype type = commitment_.row_type;
    (void)convert_to_float(type, bits.data(), static_cast<std::int64_t>(size_of(type)), row);
    return admit(layer, row);
  }

  /// `decode_row` for the LM head's input.
  [[nodiscard]] result<void> decode_final(byte_view bits, std::span<float> row) const { return decode_row(final_layer(), bits, row); }

  /// The sketch that a committed fingerprint stands for.
  void decode_state(layer_index layer, byte_view fingerprint, std::span<float> sketch) const {
    ASSAY_EXPECTS(fingerprint.size() == fingerprint_bytes() && layer.value < commitment_.steps.size());
    dequantise(quantiser_of(layer), fingerprint, sketch);
  }

  static constexpr float largest_state = 0x1p40f;

 private:
  row_encoder(const run_description& run, hadamard_projection projection)
      : commitment_(run.commitment), width_(run.model.width), projection_(std::move(projection)),
        rounded_(run.commitment.steps.size()), scratch_(projection_.scratch_size()), sketch_(run.commitment.sketch) {
    rounded_.back() = 1;
    for (layer_index layer : run.commitment.committed_rows) rounded_[layer.value] = 1;
  }

  [[nodiscard]] quantiser quantiser_of(layer_index layer) const {
    return {commitment_.sketch_type, commitment_.steps[layer.value]};
  }

  [[nodiscard]] layer_index final_layer() const noexcept { return layer_index{static_cast<std::uint32_t>(commitment_.steps.size() - 1)}; }

  void round_row(std::span<float> row, mutable_byte_view bits) const {
    switch (commitment_.row_type) {
      case dtype::bf16:
        return round_each(row, bits, [](float x) { return float_to_bf16(x); }, [](std::uint16_t x) { return bf16_to_float(x); });
      case dtype::f16:
        return round_each(row, bits, [](float x) { return float_to_f16(x); }, [](std::uint16_t x) { return f16_to_float(x); });
      default:
        return round_each(row, bits, [](float x) { return std::bit_cast<std::uint32_t>(x); }, [](std::uint32_t x) { return std::bit_cast<float>(x); });
    }
  }

  template <class Encode, class Decode>
  static void round_each(std::span<float> row, mutable_byte_view bits, Encode encode, Decode decode) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto code = encode(row[i]);
      store_le(bits.data() + sizeof code * i, code);
      row[i] = decode(code);
    }
  }

  commitment_description commitment_;
  std::uint32_t width_;
  hadamard_projection projection_;
  std::vector<std::uint8_t> rounded_;  // by checkpoint
  std::vector<float> scratch_;
  std::vector<float> sketch_;
};

}  // namespace assay::inline v0

#endif
