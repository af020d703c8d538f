// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Everything that needs no third-party package; for shorter compile times include only the modules you use.
#ifndef ASSAY_ASSAY_HPP
#define ASSAY_ASSAY_HPP

#include <assay/version.hpp>

#include <assay/commit.hpp>
#include <assay/core.hpp>
#include <assay/fingerprint.hpp>
#include <assay/hash.hpp>
#include <assay/io.hpp>
#include <assay/protocol.hpp>
#include <assay/random.hpp>
#include <assay/stats.hpp>
#include <assay/token.hpp>

#endif
