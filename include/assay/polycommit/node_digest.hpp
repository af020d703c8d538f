// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a parent's slot holds of a child whose commitment is a group element: place, shape, scheme and curve bound in.
#ifndef ASSAY_POLYCOMMIT_NODE_DIGEST_HPP
#define ASSAY_POLYCOMMIT_NODE_DIGEST_HPP

#include <cstdint>

#include <assay/commit/vector_commitment.hpp>
#include <assay/core/bytes.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/math/curve.hpp>
#include <assay/polycommit/encoding.hpp>

namespace assay::inline v0 {

/// Digest of a node's commitment, of 253 bits so that it is a scalar of either curve. Exact.
[[nodiscard]] inline digest node_digest(commitment_scheme scheme, curve_id curve, const node_header& where,
                                        const node_shape& shape, byte_view commitment) {
  transcript t{domains::tree_node};
  t.u64("scheme", static_cast<std::uint64_t>(scheme)).u64("curve", static_cast<std::uint64_t>(curve));
  t.digest("context", where.context).u64("level", where.level).u64("index", where.index);
  t.u64("dtype", static_cast<std::uint64_t>(shape.type)).u64("width", shape.width).u64("rank", shape.rank);
  for (std::size_t i = 0; i < shape.rank; ++i) t.u64("arity", shape.arity[i]).u64("present", shape.present[i]);
  return scalar_digest(t.bytes("commitment", commitment).finish());
}

}  // namespace assay::inline v0

#endif
