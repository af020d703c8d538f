// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Honest populations for calibration profiles: sequences whose tokens depend on each other.
#ifndef ASSAY_TESTS_SUPPORT_PROFILES_HPP
#define ASSAY_TESTS_SUPPORT_PROFILES_HPP

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <assay/protocol/profile_fit.hpp>
#include <assay/random/stream.hpp>

namespace assay_tests {

inline assay::profile_scope toy_scope() {
  assay::profile_scope s;
  s.model.value.bytes[0] = std::byte{1};
  s.provider_hardware = "A100, TP 2";
  s.verifier_hardware = "H100";
  s.check = "token-difr";
  s.settings = {{"temperature", "1"}, {"top_k", "50"}};
  s.software = {{"provider.engine", "9.1"}, {"verifier.engine", "9.3"}};
  return s;
}

inline std::vector<assay::profile_statistic> toy_statistics() {
  using assay::stats::reduction;
  constexpr double no_cap = std::numeric_limits<double>::infinity();
  return {{"margin-mean", {reduction::mean, 5}},
          {"margin-largest", {reduction::largest, 5}},
          {"mismatch-rate", {reduction::share_beyond, no_cap, 0}}};
}

/// Sequences of one population, all different. `factor`: 1 is honest.
class toy_population {
 public:
  explicit toy_population(std::uint64_t number) : draw_(seed_of(number), "profiles") {}

  assay::measured_sequence next(double factor = 1, std::uint32_t tokens = 40) {
    const double level = factor * std::exp(0.5 * draw_.normal());
    std::vector<double> margins(tokens);
    for (double& m : margins) m = draw_.uniform() < 0.9 ? 0 : level * draw_.exponential();
    const std::span<const double> scores{margins};
    const std::array<std::span<const double>, 3> all{scores, scores, scores};
    const std::array prompt{assay::token_id{count_++},
                            assay::token_id{static_cast<std::uint32_t>(draw_.below(1u << 31))}};
    const auto made = assay::measure(toy_statistics(), assay::derive_origin(prompt), tokens, all);
    if (!made) throw std::runtime_error(made.error().message);
    return *made;
  }

  assay::random_stream& draw() { return draw_; }

 private:
  static assay::seed seed_of(std::uint64_t n) {
    assay::seed s;
    for (std::size_t i = 0; i < 8; ++i) s.bytes[i] = static_cast<std::byte>(n >> (8 * i));
    return s;
  }

  assay::random_stream draw_;
  std::uint32_t count_ = 0;
};

inline assay::profile_settings toy_settings_of(assay::stats::guarantee kind = assay::stats::guarantee::conformal,
                                               double alpha = 0.05) {
  assay::profile_settings s;
  s.bound = {kind, alpha, 0.9};
  s.least_tokens = 30, s.most_tokens = 50;
  return s;
}

/// A profiler that has taken so many honest sequences.
inline assay::profiler toy_profiler(toy_population& honest, std::size_t sequences,
                                    const assay::profile_settings& settings = toy_settings_of()) {
  auto made = assay::profiler::make(toy_scope(), toy_statistics(), settings);
  if (!made) throw std::runtime_error(made.error().message);
  for (std::size_t i = 0; i < sequences; ++i)
    if (auto taken = made->add(honest.next()); !taken) throw std::runtime_error(taken.error().message);
  return *made;
}

inline assay::calibration_profile toy_profile(toy_population& honest, std::size_t sequences,
                                              const assay::profile_settings& settings = toy_settings_of()) {
  auto fitted = toy_profiler(honest, sequences, settings).fit();
  if (!fitted)
    throw std::runtime_error(std::string(fitted.error().message) + " (" + std::to_string(fitted.error().where) + ")");
  return *fitted;
}

}  // namespace assay_tests

#endif
