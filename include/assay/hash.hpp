// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Everything in hash that needs no third-party package.
#ifndef ASSAY_HASH_HPP
#define ASSAY_HASH_HPP

#include <assay/hash/digest.hpp>
#include <assay/hash/domain.hpp>
#include <assay/hash/hasher.hpp>
#include <assay/hash/sha256.hpp>
#include <assay/hash/sha256_kernels.hpp>
#include <assay/hash/transcript.hpp>

#endif
