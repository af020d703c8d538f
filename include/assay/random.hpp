// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of the random module: seeds, streams, subsets, sampler noise.
#ifndef ASSAY_RANDOM_HPP
#define ASSAY_RANDOM_HPP

#include <assay/random/elementary.hpp>
#include <assay/random/mt19937.hpp>
#include <assay/random/noise.hpp>
#include <assay/random/philox.hpp>
#include <assay/random/sample.hpp>
#include <assay/random/seed.hpp>
#include <assay/random/sglang_noise.hpp>
#include <assay/random/sin_cos.hpp>
#include <assay/random/stream.hpp>
#include <assay/random/torch_cpu_noise.hpp>
#include <assay/random/torch_cpu_normal.hpp>
#include <assay/random/torch_cuda_noise.hpp>
#include <assay/random/torch_cuda_normal.hpp>
#include <assay/random/vllm_noise.hpp>
#include <assay/random/word_screen.hpp>

#endif
