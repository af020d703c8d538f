// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/token/sample.hpp>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <vector>

#include <assay/random/stream.hpp>
#include <assay/token/filter_rules.hpp>
#include <assay/token/processors.hpp>
#include <assay/token/reference.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

std::size_t allocations = 0;
constexpr noise_key key{11, 22};

std::vector<float> row_of(random_stream& r, std::size_t n, double spread) {
  std::vector<float> row(n);
  for (float& v : row) v = static_cast<float>(r.normal() * spread);
  return row;
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t n) {
  ++allocations;
  if (void* p = std::malloc(n)) return p;
  throw std::bad_alloc();
}
// The standard library's temporary buffers come from here and go back through the plain delete below.
[[gnu::noinline]] void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(n == 0 ? 1 : n);
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

TEST_CASE("sample: greedy takes the first of the largest", "[token]") {
  token_workspace work;
  const std::vector<float> row{1, 7, 7, -2};
  CHECK(*sample_token(row, {0, 0, 1}, key, 0, work) == token_id{1});
  CHECK(*sample_token(row, {9e-6f, 0, 0.1f}, key, 0, work) == token_id{1});
  const std::vector<token_id> ids{token_id{9}, token_id{8}, token_id{3}, token_id{1}};
  CHECK(*sample_token(sparse_logits{ids, row}, {0, 0, 0.1f}, key, 0, work) == token_id{3});
}

TEST_CASE("sample: frequencies follow the softmax", "[token]") {
  const std::vector<float> row{1, 0, 2, -1};
  token_workspace work;
  std::vector<int> count(4);
  constexpr int n = 100000;
  for (std::uint32_t step = 0; step < n; ++step) ++count[sample_token(row, {0.8f, 0, 1}, key, step, work)->value];
  double sum = 0, chi2 = 0;
  for (float v : row) sum += std::exp(static_cast<double>(v) / 0.8);
  for (std::size_t i = 0; i < 4; ++i) {
    const double expected = n * std::exp(static_cast<double>(row[i]) / 0.8) / sum;
    chi2 += (count[i] - expected) * (count[i] - expected) / expected;
  }
  CHECK(chi2 < 21.1);  // 3 degrees of freedom, p = 1e-4
}

TEST_CASE("sample: no allocation once the workspace is warm", "[token]") {
  random_stream r(seed{}, "allocations");
  const std::vector<float> row = row_of(r, 20000, 3);
  const auto top = top_logits(row, 50);
  token_workspace work;
  for (sampler_settings s : {sampler_settings{1, 50, 0.95f}, sampler_settings{0.7f, 50, 1},
                             sampler_settings{1, 0, 0.9f}, sampler_settings{1, 0, 1}, sampler_settings{0, 50, 0.95f}}) {
    std::size_t before = 0;
    for (std::uint32_t step = 0; step < 20; ++step) {
      if (step == 1) before = allocations;
      const auto dense = sample_token(row, s, key, step, work);
      const auto sparse = sample_token(top->view(), s, key, step, work);
      const auto scored = score_token(row, s, key, step, token_id{step}, work);
      const auto sparse_scored = score_token(top->view(), s, key, step, token_id{step}, work);
      if (!(dense && sparse && scored && sparse_scored)) FAIL("refused");
    }
    CHECK(allocations == before);
  }
}

TEST_CASE("sample: no allocation under the filters and processors of engines either", "[token]") {
  random_stream r(seed{}, "allocations of rules");
  const std::vector<float> row = row_of(r, 20000, 3);
  const auto top = top_logits(row, 50);
  token_workspace work;
  processor_settings wanted;
  wanted.bias = {{token_id{7}, -1}};
  wanted.bad_words = {{token_id{1}, token_id{2}}};
  wanted.penalties = {penalty_style::llama_cpp, 1.1f, 0.1f, 0.1f, 8};
  const auto processors = logit_processors::make(wanted, 20000);
  processor_state state(*processors);
  for (filter_rule rule : {filter_rule::vllm_sort, filter_rule::vllm_triton, filter_rule::sglang,
                           filter_rule::llama_cpp, filter_rule::descending_keep})
    for (sampler_settings s :
         {sampler_settings{1, 50, 0.95f}, sampler_settings{0.7f, 0, 0.9f}, sampler_settings{1, 0, 1}}) {
      filter_settings f{rule, s};
      if (rule != filter_rule::descending_keep) f.min_p = 0.01f;
      if (rule == filter_rule::llama_cpp) f.typical_p = 0.9f;
      std::size_t before = 0;
      for (std::uint32_t step = 0; step < 30; ++step) {
        if (step == 20) before = allocations;
        const auto processed = state.apply(row);
        const auto processed_sparse = state.apply(top->view());
        if (!(processed && processed_sparse && state.accept(token_id{step % 4}))) FAIL("refused");
        const auto dense = sample_token(row, f, key, step, work);
        const auto scored = score_token(row, f, key, step, token_id{step}, work);
        const auto sparse = score_token(top->view(), f, key, step, token_id{step}, work);
        if (!(dense && scored && sparse)) FAIL("refused");
      }
      CHECK(allocations == before);
    }
}

TEST_CASE("sample: sparse rows of ten thousand entries, absurd settings and ids", "[token]") {
  random_stream r(seed{}, "hostile");
  const std::vector<float> row = row_of(r, 10000, 4);
  std::vector<token_id> ids;
  for (std::uint32_t i = 0; i < row.size(); ++i) ids.push_back(token_id{0xffffffffu - i * 7});
  token_workspace work;
  for (filter_rule rule : {filter_rule::vllm_sort, filter_rule::vllm_triton, filter_rule::sglang,
                           filter_rule::llama_cpp, filter_rule::descending_keep})
    for (sampler_settings s : {sampler_settings{1, 0xffffffff, 1}, sampler_settings{3e38f, 1, 1e-38f},
                               sampler_settings{1e-5f, 0, 0.99999994f}, sampler_settings{1, 0, 1e-45f}}) {
      filter_settings f{rule, s};
      if (rule != filter_rule::descending_keep) f.min_p = 1e-45f;
      const auto token = sample_token(sparse_logits{ids, row}, f, key, 1, work);
      REQUIRE(token);
      const auto score = score_token(sparse_logits{ids, row}, f, key, 1, *token, work);
      REQUIRE(score);
      CHECK(score->exact);
      CHECK(score->margin == 0);
      CHECK(score_token(sparse_logits{ids, row}, f, key, 1, token_id{1}, work)->filtered);
      CHECK(std::isfinite(score_token(sparse_logits{ids, row}, f, key, 1, token_id{1}, work)->finite_margin));
    }
  ids[9999] = ids[17];
  CHECK(sample_token(sparse_logits{ids, row}, {}, key, 1, work).error() == fail(errc::duplicate, "", 9999));
}
