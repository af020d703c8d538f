// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Everything in commit that needs no third-party package.
#ifndef ASSAY_COMMIT_HPP
#define ASSAY_COMMIT_HPP

#include <assay/commit/merkle.hpp>
#include <assay/commit/node.hpp>
#include <assay/commit/session.hpp>
#include <assay/commit/terkle.hpp>
#include <assay/commit/tree_opening.hpp>
#include <assay/commit/tree_plan.hpp>
#include <assay/commit/tree_shape.hpp>
#include <assay/commit/vector_commitment.hpp>

#endif
