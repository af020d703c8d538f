// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scores of all checks over the same requests of a provider.
#ifndef ASSAY_FINGERPRINT_STUDY_POOLS_HPP
#define ASSAY_FINGERPRINT_STUDY_POOLS_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <assay/core/thread_pool.hpp>
#include <assay/stats/sequence_pool.hpp>
#include <progress.hpp>

#include "checks.hpp"

namespace study {

/// By check, in the order of the list.
using scored = std::vector<assay::stats::sequence_pool>;

/// Requests 0 … count-1 of a purpose, traced. Does not depend on the number of threads.
assay::result<std::vector<traced>> trace_all(const world& with, const conduct& who, std::string_view purpose,
                                             std::uint32_t count, assay::thread_pool& threads, demo::progress& shown);

/// Serves requests 0 … count-1 of a purpose and puts every check to each: states are kept no longer than that.
assay::result<scored> score_all(const world& with, const conduct& who, std::string_view purpose, std::uint32_t count,
                                const check_list& checks, assay::thread_pool& threads, demo::progress& shown);

}  // namespace study

#endif
