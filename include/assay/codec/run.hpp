// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON and CBOR of run descriptions.
#ifndef ASSAY_CODEC_RUN_HPP
#define ASSAY_CODEC_RUN_HPP

#include <array>
#include <utility>

#include <assay/codec/object.hpp>
#include <assay/protocol/run.hpp>

namespace assay::inline v0::codec {

template <>
struct enum_names<dtype> {
  static constexpr std::array all =
      detail::with_names(dtype::f32, dtype::f64, dtype::f16, dtype::bf16, dtype::f8_e4m3fn, dtype::f8_e5m2, dtype::i8,
                         dtype::u8, dtype::i16, dtype::u16, dtype::i32, dtype::u32, dtype::i64, dtype::opaque);
};

/// Numbers for experiments have no name, so runs that use one do not travel.
template <>
struct enum_names<commitment_scheme> {
  static constexpr std::array all = {std::pair{commitment_scheme::merkle_sha256, "merkle_sha256"},
                                     std::pair{commitment_scheme::pst, "pst"}, std::pair{commitment_scheme::kzg, "kzg"}};
};

template <>
struct enum_names<sampler_profile> {
  static constexpr std::array all = {std::pair{sampler_profile::assay_philox, "assay_philox"}};
};

template <>
struct record<model_description> {
  static constexpr const char* name = "model";

  template <class Visitor, class Model>
  static void fields(Visitor& visit, Model& model) {
    auto& [weights, tokenizer, weight_type, activation_type, checkpoints, width, vocabulary] = model;
    visit("model.weights", weights);
    visit("model.tokenizer", tokenizer);
    visit("model.weight_type", weight_type);
    visit("model.activation_type", activation_type);
    visit("model.checkpoints", checkpoints);
    visit("model.width", width);
    visit("model.vocabulary", vocabulary);
  }
};

/// Profile and settings side by side.
template <>
struct record<sampler_description> {
  static constexpr const char* name = "sampler";

  template <class Visitor, class Sampler>
  static void fields(Visitor& visit, Sampler& sampler) {
    auto& [profile, settings] = sampler;
    auto& [temperature, top_k, top_p] = settings;
    visit("sampler.profile", profile);
    visit("sampler.temperature", temperature);
    visit("sampler.top_k", top_k);
    visit("sampler.top_p", top_p);
  }
};

template <>
struct record<commitment_description> {
  static constexpr const char* name = "commitment";

  template <class Visitor, class Commitment>
  static void fields(Visitor& visit, Commitment& commitment) {
    auto& [sketch, sketch_type, steps, row_type, fan_out, committed_rows, scheme, parameters] = commitment;
    visit("commitment.sketch", sketch);
    visit("commitment.sketch_type", sketch_type);
    visit("commitment.steps", steps);
    visit("commitment.row_type", row_type);
    visit("commitment.fan_out", fan_out);
    visit("commitment.committed_rows", committed_rows);
    visit("commitment.scheme", scheme);
    visit("commitment.parameters", parameters);
  }
};

/// The run's digest survives a round trip: its floats are carried exactly.
template <>
struct record<run_description> {
  static constexpr const char* name = "run";
  static constexpr document_limits limits{std::size_t{1} << 17, 2 * run_limits::checkpoints + 64};

  template <class Visitor, class Run>
  static void fields(Visitor& visit, Run& run) {
    auto& [model, sampler, commitment] = run;
    visit("run.model", model);
    visit("run.sampler", sampler);
    visit("run.commitment", commitment);
  }

  static result<void> check(const run_description& run) { return validate(run); }
};

}  // namespace assay::inline v0::codec

#endif
