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
                         dtype::u8, dtype::i16, dtype::u16, dtype::i32, dtype::u32, dtype::i64, dtype::opaque,
                         dtype::i4);
};

/// Numbers for experiments have no name, so runs that use one do not travel.
template <>
struct enum_names<commitment_scheme> {
  static constexpr std::array all = {std::pair{commitment_scheme::merkle_sha256, "merkle_sha256"},
                                     std::pair{commitment_scheme::pst, "pst"}, std::pair{commitment_scheme::kzg, "kzg"}};
};

template <>
struct enum_names<sampler_profile> {
  static constexpr std::array all = {
      std::pair{sampler_profile::assay_philox, "assay_philox"},   std::pair{sampler_profile::torch_cuda_f32, "torch_cuda_f32"},
      std::pair{sampler_profile::torch_cuda_f64, "torch_cuda_f64"}, std::pair{sampler_profile::torch_cpu_f32, "torch_cpu_f32"},
      std::pair{sampler_profile::vllm_triton, "vllm_triton"},     std::pair{sampler_profile::vllm_triton_log, "vllm_triton_log"},
      std::pair{sampler_profile::vllm_cpu, "vllm_cpu"},           std::pair{sampler_profile::sglang, "sglang"},
      std::pair{sampler_profile::llama_cpp_dist, "llama_cpp_dist"}, std::pair{sampler_profile::prefix_cdf_cpu, "prefix_cdf_cpu"},
      std::pair{sampler_profile::prefix_cdf_cuda, "prefix_cdf_cuda"}};
};

template <>
struct enum_names<filter_rule> {
  static constexpr std::array all = {std::pair{filter_rule::vllm_sort, "vllm_sort"}, std::pair{filter_rule::vllm_triton, "vllm_triton"},
                                     std::pair{filter_rule::sglang, "sglang"}, std::pair{filter_rule::llama_cpp, "llama_cpp"},
                                     std::pair{filter_rule::descending_keep, "descending_keep"}};
};

template <>
struct enum_names<processor_step> {
  static constexpr std::array all = {std::pair{processor_step::allowed, "allowed"}, std::pair{processor_step::bad_words, "bad_words"},
                                     std::pair{processor_step::min_tokens, "min_tokens"}, std::pair{processor_step::bias, "bias"},
                                     std::pair{processor_step::penalties, "penalties"}};
};

template <>
struct enum_names<penalty_style> {
  static constexpr std::array all = {std::pair{penalty_style::vllm, "vllm"}, std::pair{penalty_style::llama_cpp, "llama_cpp"}};
};

/// Biases by column: two lists of one length.
template <>
struct record<std::vector<token_bias>> {
  static constexpr const char* name = "bias";

  template <class Visitor, class Biases>
  static void fields(Visitor& visit, Biases& biases) {
    std::size_t columns = 0;
    visit.column("bias.token", biases, &token_bias::id, columns);
    visit.column("bias.logits", biases, &token_bias::bias, columns);
  }
};

template <>
struct record<penalty_settings> {
  static constexpr const char* name = "penalties";

  template <class Visitor, class Penalties>
  static void fields(Visitor& visit, Penalties& penalties) {
    auto& [style, repetition, frequency, presence, window] = penalties;
    visit("penalties.style", style);
    visit("penalties.repetition", repetition);
    visit("penalties.frequency", frequency);
    visit("penalties.presence", presence);
    visit("penalties.window", window);
  }
};

template <>
struct record<processor_settings> {
  static constexpr const char* name = "processors";

  template <class Visitor, class Processors>
  static void fields(Visitor& visit, Processors& processors) {
    auto& [allowed, bad_words, min_tokens, stop_ids, bias, penalties, order] = processors;
    visit("processors.allowed", allowed);
    visit("processors.bad_words", bad_words);
    visit("processors.min_tokens", min_tokens);
    visit("processors.stop_ids", stop_ids);
    visit("processors.bias", bias);
    visit("processors.penalties", penalties);
    visit("processors.order", order);
  }
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

/// Profile and filters side by side; processors are null where they do nothing.
template <>
struct record<sampler_description> {
  static constexpr const char* name = "sampler";

  template <class Visitor, class Sampler>
  static void fields(Visitor& visit, Sampler& sampler) {
    auto& [profile, filters, processors, cuda_grid] = sampler;
    auto& [rule, basic, min_p, typical_p, min_keep, temperature_first] = filters;
    auto& [temperature, top_k, top_p] = basic;
    visit("sampler.profile", profile);
    visit("sampler.temperature", temperature);
    visit("sampler.top_k", top_k);
    visit("sampler.top_p", top_p);
    visit("sampler.filter_rule", rule);
    visit("sampler.min_p", min_p);
    visit("sampler.typical_p", typical_p);
    visit("sampler.min_keep", min_keep);
    visit("sampler.temperature_first", temperature_first);
    visit("sampler.cuda_grid", cuda_grid);
    bool present = processors != processor_settings{};
    visit.optional("sampler.processors", present, processors);
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
  static constexpr document_limits limits{std::size_t{1} << 19, 2 * run_limits::checkpoints + 3 * largest_promised_list + 128};

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
