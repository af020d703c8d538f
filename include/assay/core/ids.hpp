// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Strong integers, so that a position is never passed where a layer or a token is meant.
#ifndef ASSAY_CORE_IDS_HPP
#define ASSAY_CORE_IDS_HPP

#include <compare>
#include <cstdint>

#include <assay/core/config.hpp>

namespace assay::inline v0 {

/// An integer with a meaning. Explicit to make, plain to read: `position{7}.value`.
template <class Tag, class Rep = std::uint32_t>
struct strong_id {
  using rep = Rep;
  Rep value = 0;

  constexpr strong_id() noexcept = default;
  constexpr explicit strong_id(Rep v) noexcept : value(v) {}
  friend constexpr auto operator<=>(strong_id, strong_id) noexcept = default;
  friend constexpr bool operator==(strong_id, strong_id) noexcept = default;
};

/// Absolute place of a token in its sequence: the prompt's first token is 0.
using position = strong_id<struct position_tag>;
/// A checkpoint of hidden states: i is the output of block i; the last one is the LM head's input, after the final norm.
using layer_index = strong_id<struct layer_index_tag>;
/// An entry of the vocabulary.
using token_id = strong_id<struct token_id_tag>;
/// The host's own name of a sequence inside a batch.
using sequence_id = strong_id<struct sequence_id_tag, std::uint64_t>;

}  // namespace assay::inline v0

#endif
