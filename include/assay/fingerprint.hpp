// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of module fingerprint except fingerprint/haar.hpp, which needs Eigen.
#ifndef ASSAY_FINGERPRINT_HPP
#define ASSAY_FINGERPRINT_HPP

#include <assay/fingerprint/activation_difr.hpp>
#include <assay/fingerprint/hadamard.hpp>
#include <assay/fingerprint/hadamard_kernels.hpp>
#include <assay/fingerprint/matrix_projection.hpp>
#include <assay/fingerprint/projection.hpp>
#include <assay/fingerprint/quantiser.hpp>

#endif
