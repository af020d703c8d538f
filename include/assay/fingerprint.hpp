// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of module fingerprint except fingerprint/haar.hpp, which needs Eigen.
#ifndef ASSAY_FINGERPRINT_HPP
#define ASSAY_FINGERPRINT_HPP

#include <assay/fingerprint/activation_difr.hpp>
#include <assay/fingerprint/depth_policy.hpp>
#include <assay/fingerprint/fingerprint_cost.hpp>
#include <assay/fingerprint/gaussian_projection.hpp>
#include <assay/fingerprint/hadamard.hpp>
#include <assay/fingerprint/hadamard_kernels.hpp>
#include <assay/fingerprint/matrix_kernels.hpp>
#include <assay/fingerprint/matrix_projection.hpp>
#include <assay/fingerprint/projection.hpp>
#include <assay/fingerprint/quantiser.hpp>
#include <assay/fingerprint/row_batch.hpp>
#include <assay/fingerprint/row_signs.hpp>
#include <assay/fingerprint/sketch_sum.hpp>
#include <assay/fingerprint/state_counts.hpp>
#include <assay/fingerprint/state_kernels.hpp>
#include <assay/fingerprint/state_layers.hpp>
#include <assay/fingerprint/state_statistics.hpp>
#include <assay/fingerprint/state_sum.hpp>
#include <assay/fingerprint/state_thresholds.hpp>
#include <assay/fingerprint/step_fit.hpp>
#include <assay/fingerprint/toploc_base64.hpp>
#include <assay/fingerprint/toploc_build.hpp>
#include <assay/fingerprint/toploc_chunks.hpp>
#include <assay/fingerprint/toploc_compare.hpp>
#include <assay/fingerprint/toploc_field.hpp>
#include <assay/fingerprint/toploc_kernels.hpp>
#include <assay/fingerprint/toploc_modulus.hpp>
#include <assay/fingerprint/toploc_polynomial.hpp>
#include <assay/fingerprint/toploc_proof.hpp>
#include <assay/fingerprint/toploc_rows.hpp>
#include <assay/fingerprint/toploc_selection.hpp>
#include <assay/fingerprint/toploc_settings.hpp>
#include <assay/fingerprint/toploc_top_k.hpp>
#include <assay/fingerprint/toploc_verify.hpp>

#endif
