// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cost.hpp"

#include <algorithm>
#include <span>

#include <assay/core/float_formats.hpp>
#include <assay/fingerprint/activation_difr.hpp>
#include <assay/fingerprint/hadamard.hpp>
#include <assay/fingerprint/sketch_sum.hpp>
#include <assay/fingerprint/state_thresholds.hpp>
#include <assay/fingerprint/toploc_verify.hpp>
#include <stopwatch.hpp>

namespace study {
namespace {

/// Two honest parties' rows: the second differs by a thousandth.
struct timed_states {
  std::vector<float> claimed, own;
  std::vector<std::uint16_t> claimed_bf16, own_bf16;
};

timed_states made_up() {
  timed_states s;
  assay::random_stream stream{assay::seed{}, "timed-states"};
  for (std::size_t i = 0; i < std::size_t{timed_width} * timed_rows; ++i) {
    s.own.push_back(static_cast<float>(stream.normal()));
    s.claimed.push_back(s.own.back() + 0.001f * static_cast<float>(stream.normal()));
    s.own_bf16.push_back(assay::float_to_bf16(s.own.back()));
    s.claimed_bf16.push_back(assay::float_to_bf16(s.claimed.back()));
  }
  return s;
}

/// Microseconds per row of work() -> result<void>, which treats all rows.
template <class Work>
assay::result<double> per_row(Work&& work) {
  std::vector<double> runs;
  for (int i = 0; i < 15; ++i) {
    const demo::stopwatch watch;
    if (auto done = work(); !done) return done.error();
    runs.push_back(watch.microseconds() / timed_rows);
  }
  std::ranges::nth_element(runs, runs.begin() + 7);
  return runs[7];
}

/// Sums of sketches of all rows, encoded: the same work on both sides; the verifier's distance comes on top.
assay::result<time_cost> time_sketches(const timed_states& s, std::uint32_t k, std::uint32_t window) {
  const assay::quantiser q{assay::dtype::i8, 0.05f};
  const auto projection = assay::hadamard_projection::derive(assay::seed{}, timed_width, k);
  if (!projection) return projection.error();
  std::vector<float> one(k), scratch(projection->scratch_size());
  const auto encoded = [&](const std::vector<float>& rows) -> assay::result<std::vector<std::byte>> {
    auto sum = assay::sketch_sum::make(assay::seed{}, k, window, q, timed_rows);
    if (!sum) return sum.error();
    for (std::uint32_t t = 0; t < timed_rows; ++t) {
      projection->project(std::span{rows}.subspan(std::size_t{t} * timed_width, timed_width), one, scratch);
      if (auto added = sum->add(t, one); !added) return added.error();
    }
    return sum->encode(timed_rows);
  };
  std::vector<std::byte> sent;
  const auto provider = per_row([&]() -> assay::result<void> {
    auto made = encoded(s.claimed);
    if (!made) return made.error();
    sent = std::move(*made);
    return {};
  });
  const auto verifier = per_row([&]() -> assay::result<void> {
    const auto mine = encoded(s.own);
    if (!mine) return mine.error();
    const auto distance = assay::quantised_distance(q, sent, *mine);
    if (!distance) return distance.error();
    return {};
  });
  if (!provider) return provider.error();
  if (!verifier) return verifier.error();
  return time_cost{"activation-difr", "k=" + std::to_string(k) + " i8 J=" + std::to_string(window), *provider, *verifier};
}

assay::result<time_cost> time_toploc(const timed_states& s, std::uint32_t top_k, std::uint32_t rows) {
  const assay::toploc::settings how{.top_k = top_k, .rows_per_proof = rows};
  const std::size_t chunk = std::size_t{rows} * timed_width;
  std::vector<assay::toploc::proof> proofs;
  assay::toploc::workspace work;
  const auto provider = per_row([&]() -> assay::result<void> {
    proofs.clear();
    for (std::size_t at = 0; at < s.claimed_bf16.size(); at += chunk) {
      auto made = assay::toploc::build_chunk(std::span{s.claimed_bf16}.subspan(at, chunk), how, work);
      if (!made) return made.error();
      proofs.push_back(std::move(*made));
    }
    return {};
  });
  const auto verifier = per_row([&]() -> assay::result<void> {
    for (std::size_t i = 0; i < proofs.size(); ++i) {
      const auto seen = assay::toploc::verify_chunk(std::span{s.own_bf16}.subspan(i * chunk, chunk), proofs[i], how, work);
      if (!seen) return seen.error();
    }
    return {};
  });
  if (!provider) return provider.error();
  if (!verifier) return verifier.error();
  return time_cost{"toploc", "k=" + std::to_string(top_k) + " b=" + std::to_string(rows), *provider, *verifier};
}

/// The provider sends its states: nothing to compute.
assay::result<time_cost> time_states(const timed_states& s) {
  const auto verifier = per_row([&]() -> assay::result<void> {
    auto pairs = assay::state_comparison::make(assay::dtype::bf16);
    if (!pairs) return pairs.error();
    const auto bytes = [](const std::vector<std::uint16_t>& codes) { return std::as_bytes(std::span{codes}); };
    return pairs->add(bytes(s.claimed_bf16), bytes(s.own_bf16));
  });
  if (!verifier) return verifier.error();
  return time_cost{"state-statistics", "all elements", 0, *verifier};
}

}  // namespace

assay::result<std::vector<time_cost>> measure_times() {
  const timed_states s = made_up();
  std::vector<time_cost> found;
  for (const auto& one : {time_sketches(s, 16, 1), time_sketches(s, 64, 1), time_sketches(s, 16, 16),
                          time_toploc(s, 128, 32), time_toploc(s, 32, 32), time_toploc(s, 16, 1), time_states(s)}) {
    if (!one) return one.error();
    found.push_back(*one);
  }
  return found;
}

}  // namespace study
