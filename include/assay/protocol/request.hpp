// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One request of a client, and the secrets of randomness that follow from it before anything is generated.
#ifndef ASSAY_PROTOCOL_REQUEST_HPP
#define ASSAY_PROTOCOL_REQUEST_HPP

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <assay/core/ids.hpp>
#include <assay/protocol/run.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/seed.hpp>

namespace assay::inline v0 {

using request_digest = typed_digest<struct request_digest_tag>;
using output_digest = typed_digest<struct output_digest_tag>;

/// What a client asks. The nonce is the client's: 32 fresh random bytes per request, never the provider's choice.
struct request {
  std::array<std::byte, 16> id{};
  seed nonce;
  std::vector<token_id> prompt;
  std::uint32_t max_output = 0;  ///< most tokens the answer may have
};

/// Randomness of one request. Both parties derive it; neither can steer it once the request is fixed.
struct request_keys {
  noise_key sampling;  ///< the sampler's noise
  seed projection;     ///< the fingerprint's projection
};

/// Checks a request against the run. @errors empty, out_of_range, token_out_of_range
[[nodiscard]] inline result<void> validate(const run_description& run, const request& r) {
  if (r.prompt.empty()) return fail(errc::empty, "request: the prompt has no token");
  if (r.prompt.size() > run_limits::tokens || r.max_output > run_limits::tokens - r.prompt.size())
    return fail(errc::out_of_range, "request: too many tokens", r.prompt.size());
  if (r.max_output == 0) return fail(errc::out_of_range, "request: no output token is asked for");
  for (std::size_t i = 0; i < r.prompt.size(); ++i)
    if (r.prompt[i].value >= run.model.vocabulary) return fail(errc::token_out_of_range, "request: a prompt token is not in the vocabulary", i);
  return {};
}

/// Binds the run, the client's nonce and the prompt.
[[nodiscard]] inline request_digest digest_of(const run_digest& run, const request& r) {
  transcript t{domains::request};
  t.digest("run", run.value).bytes("id", r.id).bytes("nonce", r.nonce.bytes);
  detail::absorb_ids(t, "prompt", r.prompt);
  t.u64("max-output", r.max_output);
  return request_digest{t.finish()};
}

/// Binds the answer's tokens to their request.
[[nodiscard]] inline output_digest digest_of(const request_digest& request, std::span<const token_id> output) {
  transcript t{domains::output};
  t.digest("request", request.value);
  detail::absorb_ids(t, "output", output);
  return output_digest{t.finish()};
}

/// Derives the request's keys from the client's nonce and everything that the request binds.
[[nodiscard]] inline request_keys derive_keys(const seed& nonce, const request_digest& request) {
  return {derive_noise_key(derive_seed(nonce, "sampling-noise", request.value.bytes)),
          derive_seed(nonce, "fingerprint-projection", request.value.bytes)};
}

}  // namespace assay::inline v0

#endif
