// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/promised_sampler.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <assay/random/stream.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

template <class T>
T must(result<T> r) {
  REQUIRE(r);
  return *std::move(r);
}
void must(result<void> r) { REQUIRE(r); }

constexpr std::uint32_t vocabulary = 64;
constexpr noise_key key{0x12345678u, 0xfedcba98u};
constexpr sampler_profile every_profile[] = {
    sampler_profile::assay_philox, sampler_profile::torch_cuda_f32, sampler_profile::torch_cuda_f64, sampler_profile::torch_cpu_f32,
    sampler_profile::vllm_triton,  sampler_profile::vllm_triton_log, sampler_profile::vllm_cpu,      sampler_profile::sglang,
    sampler_profile::llama_cpp_dist, sampler_profile::prefix_cdf_cpu, sampler_profile::prefix_cdf_cuda};

const std::vector<token_id> prompt{token_id{3}, token_id{1}, token_id{4}, token_id{1}};

/// A sampler of the profile with filters of its engine, at a temperature that leaves something to chance.
sampler_description sampler_of(sampler_profile profile) {
  sampler_description s;
  s.profile = profile;
  s.filters.sampler = {1.3f, 20, 0.95f};
  if (profile == sampler_profile::llama_cpp_dist) s.filters.rule = filter_rule::llama_cpp;
  if (profile == sampler_profile::sglang) s.filters.rule = filter_rule::sglang;
  if (is_torch_cuda(profile)) s.cuda_grid = cuda_grids::a100;
  return s;
}

std::vector<float> row_of(std::uint64_t number) {
  random_stream stream{seed{}, "rows"};
  std::vector<float> row(vocabulary);
  for (std::uint64_t i = 0; i <= number; ++i)
    for (float& l : row) l = static_cast<float>(2 * stream.normal());
  return row;
}

/// A replay with an output of its own choice.
promised_sampler generated_by(const sampler_description& s, std::uint32_t count, std::vector<token_id>* output = nullptr) {
  promised_sampler replay = must(promised_sampler::make(s, vocabulary, key, prompt));
  for (std::uint32_t i = 0; i < count; ++i) {
    const token_id next = must(replay.sample(std::span<const float>{row_of(i)}));
    must(replay.accept(next));
    if (output) output->push_back(next);
  }
  return replay;
}

}  // namespace

TEST_CASE("promised_sampler: each profile's own choices score nothing, in any order", "[token]") {
  for (const sampler_profile profile : every_profile) {
    CAPTURE(static_cast<int>(profile));
    std::vector<token_id> output;
    promised_sampler replay = generated_by(sampler_of(profile), 12, &output);
    CHECK(replay.generated() == 12);
    for (const std::uint32_t i : {0u, 1u, 5u, 11u, 4u, 4u, 0u, 9u}) {
      const auto token = must(replay.score(i, std::span<const float>{row_of(i)}));
      CHECK(token.exact);
      CHECK(token.predicted == output[i]);
      CHECK(token.deviation == 0);
      CHECK_FALSE(token.filtered);
      CHECK((token.probability > 0 && token.probability <= 1));
    }
  }
}

TEST_CASE("promised_sampler: no two profiles agree on a text", "[token]") {
  std::vector<std::vector<token_id>> texts;
  for (const sampler_profile profile : every_profile) {
    std::vector<token_id> output;
    (void)generated_by(sampler_of(profile), 24, &output);
    texts.push_back(output);
  }
  for (std::size_t a = 0; a < texts.size(); ++a)
    for (std::size_t b = a + 1; b < texts.size(); ++b) {
      // Same bits, other logarithm: these two choose alike more often than not.
      const bool siblings = every_profile[a] == sampler_profile::vllm_triton && every_profile[b] == sampler_profile::vllm_triton_log;
      if (!siblings) CHECK(texts[a] != texts[b]);
    }
}

TEST_CASE("promised_sampler: races are those of the profile's noise type", "[token]") {
  token_workspace work;
  const auto check = [&](sampler_profile profile, const auto& noise, std::uint32_t first_step) {
    const sampler_description s = sampler_of(profile);
    promised_sampler replay = must(promised_sampler::make(s, vocabulary, key, prompt));
    for (std::uint32_t i = 0; i < 6; ++i) {
      const std::vector<float> row = row_of(i);
      const token_id own = must(sample_token(std::span<const float>{row}, s.filters, engine_key(profile, key), first_step + i, work, noise));
      CHECK(must(replay.sample(std::span<const float>{row})) == own);
      must(replay.accept(token_id{7}));  // whatever is claimed
      const auto score = must(score_token(std::span<const float>{row}, s.filters, engine_key(profile, key), first_step + i, token_id{7}, work, noise));
      const auto replayed = must(replay.score(i, std::span<const float>{row}));
      CHECK(replayed.predicted == score.predicted);
      CHECK(replayed.deviation == score.finite_margin);
      CHECK(replayed.probability == score.probability);
      CHECK(replayed.filtered == score.filtered);
    }
  };
  check(sampler_profile::assay_philox, philox_noise{}, 0);
  check(sampler_profile::torch_cuda_f32, must(torch_cuda_float_noise::make({vocabulary, cuda_grids::a100})), 0);
  check(sampler_profile::torch_cuda_f64, must(torch_cuda_double_noise::make({vocabulary, cuda_grids::a100})), 0);
  // The last token read before the first one is sampled stands at the prompt's last position.
  check(sampler_profile::vllm_triton, vllm_triton_noise{true}, 3);
  check(sampler_profile::vllm_triton_log, vllm_triton_noise{false}, 3);
}

TEST_CASE("promised_sampler: inverse CDFs are those of llama.cpp's dist and of the prefix hash", "[token]") {
  token_workspace work;
  const sampler_description dist = sampler_of(sampler_profile::llama_cpp_dist);
  std::vector<token_id> output;
  (void)generated_by(dist, 8, &output);
  auto draws = must(llama_dist::make(key.k0));
  for (std::uint32_t i = 0; i < 8; ++i) {
    const std::vector<float> row = row_of(i);
    CHECK(must(sample_llama_dist(std::span<const float>{row}, dist.filters, draws.at(i), work)) == output[i]);
  }

  sampler_description prefix = sampler_of(sampler_profile::prefix_cdf_cpu);
  prefix.filters.sampler = {1.0f, 0, 1.0f};  // no filter: candidates are the whole row in order
  output.clear();
  (void)generated_by(prefix, 8, &output);
  token_prefix_hash hash{engine_seed(prefix.profile, key)};
  for (token_id id : prompt) hash.append(id);
  for (std::uint32_t i = 0; i < 8; ++i) {
    const std::vector<float> row = row_of(i);
    CHECK(must(sample_inverse_cdf(std::span<const float>{row}, first_torch_cpu_uniform(hash.value()), work)) == output[i]);
    hash.append(output[i]);
  }
}

TEST_CASE("promised_sampler: an excluded token is as far off as can be, wherever the draw fell", "[token]") {
  for (const sampler_profile profile : {sampler_profile::llama_cpp_dist, sampler_profile::prefix_cdf_cpu, sampler_profile::prefix_cdf_cuda}) {
    promised_sampler replay = must(promised_sampler::make(sampler_of(profile), vocabulary, key, prompt));
    for (std::uint32_t i = 0; i < 40; ++i) {
      std::vector<float> row = row_of(i);
      row[5] = -100;
      must(replay.accept(token_id{5}));
      const auto token = must(replay.score(i, std::span<const float>{row}));
      CHECK(token.filtered);
      CHECK(token.deviation == 1);
      CHECK(std::isinf(replay.surprisal(token)));
    }
  }
}

TEST_CASE("promised_sampler: processors see the tokens before, in whatever order rows come", "[token]") {
  sampler_description s = sampler_of(sampler_profile::torch_cpu_f32);
  s.processors.penalties.presence = 50;       // a token is not generated twice while others are left
  s.processors.bad_words = {{token_id{0}}};   // never
  std::vector<token_id> output;
  promised_sampler replay = generated_by(s, 20, &output);
  std::vector<token_id> sorted = output;
  std::sort(sorted.begin(), sorted.end());
  CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
  CHECK(sorted.front() != token_id{0});
  for (std::uint32_t i = 20; i-- > 0;) CHECK(must(replay.score(i, std::span<const float>{row_of(i)})).exact);
}

TEST_CASE("promised_sampler: at temperature 0 every profile takes the largest logit", "[token]") {
  for (const sampler_profile profile : every_profile) {
    sampler_description s = sampler_of(profile);
    s.filters.sampler.temperature = 0;
    promised_sampler replay = must(promised_sampler::make(s, vocabulary, key, prompt));
    for (std::uint32_t i = 0; i < 4; ++i) {
      const std::vector<float> row = row_of(i);
      const auto largest = static_cast<std::uint32_t>(std::max_element(row.begin(), row.end()) - row.begin());
      CHECK(must(replay.sample(std::span<const float>{row})) == token_id{largest});
      must(replay.accept(token_id{largest}));
      CHECK(replay.surprisal(must(replay.score(i, std::span<const float>{row}))) == 0);
    }
  }
}

TEST_CASE("promised_sampler: surprisal is -ln of the chance that a random seed fits", "[token]") {
  for (const sampler_profile profile : {sampler_profile::vllm_triton, sampler_profile::llama_cpp_dist}) {
    const sampler_description s = sampler_of(profile);
    const std::vector<float> row = row_of(1);
    const token_id claimed = must(must(promised_sampler::make(s, vocabulary, key, prompt)).sample(std::span<const float>{row}));
    int fits = 0, fits_loosely = 0;
    double exact_nats = 0, loose_nats = 0;
    const double tolerance = is_inverse_cdf(profile) ? 0.02 : 0.3;
    constexpr std::uint32_t trials = 4000;
    for (std::uint32_t k = 0; k < trials; ++k) {
      promised_sampler replay = must(promised_sampler::make(s, vocabulary, {k, 5}, prompt));
      must(replay.accept(claimed));
      const auto token = must(replay.score(0, std::span<const float>{row}));
      fits += token.exact;
      fits_loosely += token.deviation <= tolerance;
      exact_nats = replay.surprisal(token), loose_nats = replay.surprisal(token, tolerance);
    }
    const auto expected = [&](double nats) { return trials * std::exp(-nats); };
    const auto spread = [&](double nats) { return 5 * std::sqrt(expected(nats)); };  // five standard deviations
    CHECK(std::abs(fits - expected(exact_nats)) < spread(exact_nats));
    CHECK(fits_loosely < expected(loose_nats) + spread(loose_nats));  // a bound: intervals may end at 0 or 1
    CHECK(fits_loosely > fits);
  }
}

TEST_CASE("promised_sampler: bad input gives errors", "[token]") {
  const sampler_description s = sampler_of(sampler_profile::vllm_triton);
  CHECK(promised_sampler::make(s, vocabulary, key, {}).error().code == errc::empty);
  const std::vector<token_id> outside{token_id{vocabulary}};
  CHECK(promised_sampler::make(s, vocabulary, key, outside).error().code == errc::token_out_of_range);
  promised_sampler replay = must(promised_sampler::make(s, vocabulary, key, prompt));
  CHECK(replay.accept(token_id{vocabulary}).error().code == errc::token_out_of_range);
  std::vector<float> row = row_of(0);
  row[3] = std::nanf("");
  for (const sampler_profile profile : every_profile) {
    promised_sampler other = must(promised_sampler::make(sampler_of(profile), vocabulary, key, prompt));
    CHECK(other.sample(std::span<const float>{row}).error().code == errc::non_finite);
    const std::vector<float> nothing(vocabulary, -std::numeric_limits<float>::infinity());
    CHECK(other.sample(std::span<const float>{nothing}).error().code == errc::empty_kept_set);
    CHECK_FALSE(other.sample(std::span<const float>{}));
  }
}

TEST_CASE("engine_noise: vLLM's CPU rows take their keys as PyTorch draws them", "[token]") {
  vllm_cpu_row_noise noise{42};
  // torch 2.15: [torch.randint(0, 2**31, (1,), generator=g).item() for _ in range(4)] after g.manual_seed(42)
  const std::uint32_t keys[] = {1273642419u, 787846414u, 1201263687u, 415968276u};
  for (const std::uint32_t step : {0u, 1u, 2u, 3u, 1u, 3u, 0u}) {
    noise.seek(step);
    CHECK(noise.row_key() == noise_key{keys[step], 0});
    CHECK(noise.gumbel({}, step, token_id{9}) == vllm_cpu_noise{}.gumbel({keys[step], 0}, 0, token_id{9}));
  }
}

TEST_CASE("engine_noise: profiles that are no such race are refused", "[token]") {
  for (const sampler_profile profile : {sampler_profile::assay_philox, sampler_profile::llama_cpp_dist, sampler_profile::prefix_cdf_cpu})
    CHECK(engine_noise::make(profile, vocabulary, 0, key).error().code == errc::unsupported);
  CHECK(engine_noise::make(sampler_profile::torch_cuda_f32, vocabulary, 0, key).error().code == errc::out_of_range);
  CHECK(engine_noise::make(sampler_profile::torch_cpu_f32, 0, 0, key).error().code == errc::out_of_range);
}
