// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// llama.cpp's `dist` sampler: its draws, and its choices among what llama.cpp's filters leave.
#ifndef ASSAY_TOKEN_LLAMA_DIST_HPP
#define ASSAY_TOKEN_LLAMA_DIST_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <assay/core/fp.hpp>
#include <assay/core/ids.hpp>
#include <assay/core/result.hpp>
#include <assay/random/mt19937.hpp>
#include <assay/token/filter_rules.hpp>
#include <assay/token/filter_settings.hpp>
#include <assay/token/inverse_cdf.hpp>
#include <assay/token/kept_set.hpp>
#include <assay/token/logits.hpp>
#include <assay/token/workspace.hpp>

namespace assay::inline v0 {

/// One double in [0, 1) per sampled token from std::mt19937{seed}: two outputs, (first + second 2^32) / 2^64, rounded
/// once. That is std::uniform_real_distribution<double>(0, 1) of libstdc++ before its change of
/// std::generate_canonical, and of libc++ (which in one draw of 2^54 returns 1). Microsoft's library draws otherwise.
///
/// The token follows by `sample_llama_dist`, or by `sample_inverse_cdf` over the candidates as they reach `dist`.
/// Sampling on the GPU (backend samplers) casts the draw to float32 and sums in float32: not covered.
/// Versions of llama.cpp: the rule holds since `dist` sums and samples in one pass; earlier ones normalise first, which
/// moves borders by a rounding. A single candidate costs a draw in recent versions and none in some earlier ones:
/// number the draws accordingly.
class llama_dist {
 public:
  /// Asks for a random seed; what it became must be read from the server.
  static constexpr std::uint32_t random_seed = 0xffffffffu;

  /// @errors unsupported (the seed that stands for a random one)
  [[nodiscard]] static result<llama_dist> make(std::uint32_t seed) {
    if (seed == random_seed) return fail(errc::unsupported, "llama.cpp: this seed asks for a random one");
    return llama_dist{seed};
  }

  /// The next draw.
  [[nodiscard]] double next() noexcept {
    ++drawn_;
    const std::uint32_t low = generator_.next_u32();
    return uniform_of(low, generator_.next_u32());
  }

  /// The draw of a number, from 0. Complexity: forwards about 2 ns per draw passed over; backwards starts anew.
  [[nodiscard]] double at(std::uint32_t draw) noexcept {
    if (draw < drawn_) {
      generator_ = mt19937{seed_};
      drawn_ = 0;
    }
    generator_.discard(2 * (std::uint64_t{draw} - drawn_));
    drawn_ = draw;
    return next();
  }

  /// How many draws were passed, that of `next` included.
  [[nodiscard]] std::uint64_t drawn() const noexcept { return drawn_; }

  [[nodiscard]] static double uniform_of(std::uint32_t low, std::uint32_t high) noexcept {
    const double sum = static_cast<double>(low) + static_cast<double>(high) * 0x1p32;  // the product is exact
    const double u = sum * 0x1p-64;
    return u >= 1 ? 1 - 0x1p-53 : u;
  }

 private:
  explicit llama_dist(std::uint32_t seed) noexcept : seed_(seed), generator_(seed) {}

  std::uint32_t seed_;
  std::uint64_t drawn_ = 0;
  mt19937 generator_;
};

namespace detail {

/// Candidates as they reach `dist`, in the workspace.
struct dist_candidates {
  std::span<const std::uint32_t> ids;
  std::span<const float> scaled;
};

[[nodiscard]] inline std::size_t largest_place(std::span<const float> scaled) noexcept {
  return static_cast<std::size_t>(std::max_element(scaled.begin(), scaled.end()) - scaled.begin());
}

/// Puts candidates back into the order of the vocabulary.
[[nodiscard]] inline dist_candidates order_by_id(const kept_view& kept, token_scratch& scratch) {
  const std::size_t n = kept.ids.size();
  std::uint64_t* keys = token_scratch::room(scratch.keys, n);
  for (std::size_t i = 0; i < n; ++i) keys[i] = std::uint64_t{kept.ids[i]} << 32 | i;
  std::sort(keys, keys + n);
  float* scaled = token_scratch::room(scratch.maxima, n);
  for (std::size_t i = 0; i < n; ++i) scaled[i] = kept.scaled[static_cast<std::uint32_t>(keys[i])];
  std::uint32_t* ids = scratch.ids.data();
  for (std::size_t i = 0; i < n; ++i) ids[i] = static_cast<std::uint32_t>(keys[i] >> 32);
  return {{ids, n}, {scaled, n}};
}

/// Filters and orders a row as the chain top-k, typical, top-p, min-p, temp leaves it.
/// @errors as `kept_set`, invalid_settings (not llama.cpp's rule), unsupported (typical without top-p after it)
template <class Row>
[[nodiscard]] result<dist_candidates> dist_order(const Row& logits, const filter_settings& settings,
                                                 token_workspace& work) {
  if (auto valid = validate(settings); !valid) return valid.error();
  if (settings.rule != filter_rule::llama_cpp)
    return fail(errc::invalid_settings, "llama.cpp's dist sampler needs llama.cpp's filters");
  if (settings.typical_p < 1 && settings.sampler.top_p >= 1)
    return fail(errc::unsupported, "typical sampling leaves candidates in an order that only top-p undoes");
  token_scratch& scratch = work.scratch();
  const auto kept = kept_set(logits, settings, work);
  if (!kept) return kept.error();
  const bool sorted = settings.sampler.top_k != 0 || settings.sampler.top_p < 1;
  if (!sorted) return order_by_id(*kept, scratch);
  const auto first = kept->ids.data() - scratch.ids.data(),
             last = first + static_cast<std::ptrdiff_t>(kept->ids.size());
  std::reverse(scratch.ids.begin() + first, scratch.ids.begin() + last);
  std::reverse(scratch.scaled.begin() + first, scratch.scaled.begin() + last);
  return dist_candidates{kept->ids, kept->scaled};
}

}  // namespace detail

/// The token that `dist` takes with a draw u, after the filters of `settings` (rule `llama_cpp`).
/// Order: descending logits after top-k or top-p, else that of the vocabulary. Equal logits have no stated order in
/// llama.cpp; here the lower id comes first. At temperature 0 the largest logit is taken, whatever u.
/// @errors as `kept_set`, out_of_range (u), invalid_settings (another rule), unsupported (typical, but no top-p after
/// it)
/// Determinism: exact. Source: checked against choices of libllama.
template <class Row>
[[nodiscard]] result<token_id> sample_llama_dist(const Row& logits, const filter_settings& settings, double u,
                                                 token_workspace& work) {
  const auto order = detail::dist_order(logits, settings, work);
  if (!order) return order.error();
  if (!(u >= 0 && u <= 1)) return fail(errc::out_of_range, "a uniform draw is not in [0, 1]");
  if (settings.greedy()) return token_id{order->ids[detail::largest_place(order->scaled)]};
  const auto place = sample_inverse_cdf(order->scaled, u, work);
  if (!place) return place.error();
  return token_id{order->ids[place->value]};
}

/// Scores a claimed token: see `inverse_cdf_score`. Any id is a valid claim. At temperature 0 the largest logit has the
/// whole interval. @errors as `sample_llama_dist`. Determinism: exact.
template <class Row>
[[nodiscard]] result<inverse_cdf_score> score_llama_dist(const Row& logits, const filter_settings& settings, double u,
                                                         token_id claimed, token_workspace& work) {
  auto order = detail::dist_order(logits, settings, work);
  if (!order) return order.error();
  const auto found = std::find(order->ids.begin(), order->ids.end(), claimed.value);
  std::size_t at = static_cast<std::size_t>(found - order->ids.begin());
  if (settings.greedy()) {
    const std::size_t largest = detail::largest_place(order->scaled);
    order->ids = order->ids.subspan(largest, 1);
    order->scaled = order->scaled.subspan(largest, 1);
    at = at == largest ? 0 : 1;
  }
  auto score = detail::score_ordered(order->scaled, u, at, work.scratch());
  if (score) score->predicted = token_id{order->ids[score->predicted.value]};
  return score;
}

}  // namespace assay::inline v0

#endif
