// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of the stats module: sample statistics, ROC, exact bounds, p- and e-values, sequential tests.
#ifndef ASSAY_STATS_HPP
#define ASSAY_STATS_HPP

#include <assay/stats/betting.hpp>
#include <assay/stats/binomial.hpp>
#include <assay/stats/evidence.hpp>
#include <assay/stats/mean_bound.hpp>
#include <assay/stats/normal.hpp>
#include <assay/stats/quantile.hpp>
#include <assay/stats/roc.hpp>

#endif
