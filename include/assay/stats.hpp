// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of the stats module: sample statistics, ROC, exact bounds, p- and e-values, sequential tests.
#ifndef ASSAY_STATS_HPP
#define ASSAY_STATS_HPP

#include <assay/stats/alpha_spending.hpp>
#include <assay/stats/betting.hpp>
#include <assay/stats/binomial.hpp>
#include <assay/stats/block.hpp>
#include <assay/stats/bootstrap.hpp>
#include <assay/stats/combination.hpp>
#include <assay/stats/drift.hpp>
#include <assay/stats/e_process.hpp>
#include <assay/stats/evidence.hpp>
#include <assay/stats/exceedance.hpp>
#include <assay/stats/forecast.hpp>
#include <assay/stats/joint_threshold.hpp>
#include <assay/stats/mean_bound.hpp>
#include <assay/stats/mixture.hpp>
#include <assay/stats/multiple_testing.hpp>
#include <assay/stats/normal.hpp>
#include <assay/stats/prior_grid.hpp>
#include <assay/stats/quantile.hpp>
#include <assay/stats/roc.hpp>
#include <assay/stats/sample_size.hpp>
#include <assay/stats/separation.hpp>
#include <assay/stats/sequence_pool.hpp>
#include <assay/stats/sprt.hpp>
#include <assay/stats/threshold.hpp>
#include <assay/stats/tokens_needed.hpp>

#endif
