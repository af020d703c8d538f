// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of module layers except layers/spectrum.hpp, which needs Eigen.
#ifndef ASSAY_LAYERS_HPP
#define ASSAY_LAYERS_HPP

#include <assay/layers/power_law.hpp>
#include <assay/layers/random_policy.hpp>
#include <assay/layers/selection.hpp>
#include <assay/layers/significance.hpp>

#endif
