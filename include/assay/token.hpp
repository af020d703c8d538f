// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All of the token module: sampler settings, filters, seeded sampling, Token-DiFR scores.
#ifndef ASSAY_TOKEN_HPP
#define ASSAY_TOKEN_HPP

#include <assay/token/choice_spread.hpp>
#include <assay/token/engine_noise.hpp>
#include <assay/token/filter.hpp>
#include <assay/token/filter_reference.hpp>
#include <assay/token/filter_rules.hpp>
#include <assay/token/filter_settings.hpp>
#include <assay/token/generation_mode.hpp>
#include <assay/token/grinding.hpp>
#include <assay/token/gumbel_likelihood.hpp>
#include <assay/token/inverse_cdf.hpp>
#include <assay/token/kept_set.hpp>
#include <assay/token/llama_dist.hpp>
#include <assay/token/logits.hpp>
#include <assay/token/noise_level.hpp>
#include <assay/token/noise_screen.hpp>
#include <assay/token/noisy_replay.hpp>
#include <assay/token/prefix_uniform.hpp>
#include <assay/token/processor_settings.hpp>
#include <assay/token/processors.hpp>
#include <assay/token/promised_sampler.hpp>
#include <assay/token/race.hpp>
#include <assay/token/reference.hpp>
#include <assay/token/row_scan.hpp>
#include <assay/token/row_softmax.hpp>
#include <assay/token/rule_chain.hpp>
#include <assay/token/sample.hpp>
#include <assay/token/sampler_profile.hpp>
#include <assay/token/score.hpp>
#include <assay/token/sequence_score.hpp>
#include <assay/token/settings.hpp>
#include <assay/token/softmax.hpp>
#include <assay/token/torch_cuda_rows.hpp>
#include <assay/token/workspace.hpp>

#endif
