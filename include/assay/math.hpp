// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of the math module: fields, curves, sums of many points, pairings.
#ifndef ASSAY_MATH_HPP
#define ASSAY_MATH_HPP

#include <assay/math/batch_add.hpp>
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>
#include <assay/math/curve.hpp>
#include <assay/math/eip.hpp>
#include <assay/math/field.hpp>
#include <assay/math/fixed_base.hpp>
#include <assay/math/glv.hpp>
#include <assay/math/kernel.hpp>
#include <assay/math/limbs.hpp>
#include <assay/math/msm.hpp>
#include <assay/math/pairing.hpp>
#include <assay/math/point.hpp>
#include <assay/math/point_encoding.hpp>
#include <assay/math/quadratic.hpp>
#include <assay/math/subgroup.hpp>
#include <assay/math/tower.hpp>
#include <assay/math/tree_sum.hpp>

#endif
