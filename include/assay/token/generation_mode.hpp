// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a request was generated, and whether its noise can be had again: batching, chunked prefill, n > 1, speculation.
#ifndef ASSAY_TOKEN_GENERATION_MODE_HPP
#define ASSAY_TOKEN_GENERATION_MODE_HPP

#include <cstdint>

#include <assay/core/result.hpp>
#include <assay/token/settings.hpp>

namespace assay::inline v0 {

/// How drafts of a smaller model were turned into tokens.
enum class speculation : std::uint8_t {
  none,
  seed_coupled,  ///< drafts take the request's own noise; a draft is kept if the target's race has the same winner
  rejection,     ///< accepted and resampled with random numbers of the engine's own
};

/// How the n samples of one request share noise.
enum class sample_noise : std::uint8_t {
  one_sample,   ///< n = 1
  own_seed,     ///< each sample is a request with a seed of its own (vLLM V1: seed + index)
  one_call,     ///< one exponential_() call fills a row per sample (vLLM V0): `torch_cuda_row_noise`
  other,        ///< any other way, or unknown
};

/// What a verifier must know of a generation beside seed and settings. The defaults are the plain case.
struct generation_mode {
  bool seeded = true;              ///< noise came from the request's own seed, not from the batch's generator
  bool beam_search = false;
  bool unrecorded_masks = false;   ///< a grammar or host code ruled tokens out, and which ones is not on record
  speculation drafts = speculation::none;
  sample_noise samples = sample_noise::one_sample;

  friend bool operator==(const generation_mode&, const generation_mode&) = default;
};

/// Checks that the tokens are a function of (logits, settings, seed) that this library can repeat. Batching, prefix
/// caches, tensor parallelism and preemption change only the rounding of logits, if `seeded`; they need no field.
/// Chunked prefill does too, but may also leave PyTorch's generator elsewhere: `block_after_chunks`.
/// At temperature 0 noise plays no part, so neither do seeds, samples and drafts: exact acceptance keeps the largest
/// logit.
/// @errors unsupported, with the reason as its message
[[nodiscard]] inline result<void> check_replayable(const generation_mode& mode, const sampler_settings& settings) {
  if (auto ok = validate(settings); !ok) return ok;
  if (mode.beam_search)
    return fail(errc::unsupported, "beam search keeps whole texts by their scores: tokens cannot be judged alone");
  if (mode.unrecorded_masks) return fail(errc::unsupported, "tokens were ruled out by a mask that is not on record");
  if (settings.greedy()) return {};
  if (!mode.seeded)
    return fail(errc::unsupported, "noise came from a generator shared by the batch: it depends on the other requests");
  if (mode.drafts == speculation::rejection)
    return fail(errc::unsupported,
                "rejection sampling of drafts used random numbers that no seed of the request gives");
  if (mode.samples == sample_noise::other)
    return fail(errc::unsupported, "n samples shared noise in a way this library does not know");
  return {};
}

/// The seed of one of n samples in vLLM V1, which runs them as requests of their own. Wraps around as 64-bit seeds do.
[[nodiscard]] constexpr std::uint64_t vllm_sample_seed(std::uint64_t seed, std::uint32_t index) noexcept {
  return seed + index;
}

}  // namespace assay::inline v0

#endif
