// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Spectra, scores and a policy on the trained model that the examples embed.
#include <string>
#include <vector>

#include <assay/layers/random_policy.hpp>
#include <assay/layers/significance.hpp>
#include <assay/layers/spectrum.hpp>
#include <reference_engine/model.hpp>

#include "support/catch.hpp"

using namespace assay;

namespace {

const reference::model_weights& trained() {
  static const auto weights =
      reference::load_weights(ASSAY_TEST_DATA_DIR "/../../examples/reference_engine/model/base");
  REQUIRE(weights);
  return *weights;
}

}  // namespace

TEST_CASE("layer scores: exponents of trained matrices, against NumPy's singular values", "[reference_engine]") {
  struct row {
    const char* name;
    double peak;
    std::size_t tail;
    double distance, mid;
  };
  std::size_t found = 0;
  for (const row& expected :
       {row{"model.layers.0.self_attn.q_proj.weight", 1.7822892671317165, 108, 0.0991838169102322, 1.6837982594957954},
        row{"model.layers.1.self_attn.k_proj.weight", 2.2316559853429845, 41, 0.12902904937942988, 1.8572219109536374},
        row{"model.layers.2.self_attn.o_proj.weight", 7.380710906941682, 14, 0.14988784437710595, 1.5770708861159628},
        row{"model.layers.1.mlp.gate_proj.weight", 1.9365074408381209, 129, 0.1463476005770708, 1.9308855431455432},
        row{"model.layers.3.mlp.down_proj.weight", 2.3777402740369564, 114, 0.1182172327818512, 2.2398991983542693}}) {
    reference::for_each_tensor(trained(), [&](const std::string& name, std::size_t rows, std::size_t columns,
                                              reference::tensor_role, const std::vector<float>& values) {
      if (name != expected.name) return;
      ++found;
      INFO(name);
      const auto s = weight_spectrum(values, static_cast<std::uint32_t>(rows), static_cast<std::uint32_t>(columns));
      REQUIRE(s);
      const auto peak = alpha_peak(*s), mid = alpha_mid(*s);
      REQUIRE(peak);
      REQUIRE(mid);
      CHECK(peak->alpha == Approx(expected.peak).epsilon(1e-6));
      CHECK(peak->tail == expected.tail);
      CHECK(peak->distance == Approx(expected.distance).epsilon(1e-6));
      CHECK(mid->alpha == Approx(expected.mid).epsilon(1e-6));
    });
  }
  CHECK(found == 5);
}

TEST_CASE("layer scores: the embedded model's blocks, from weights to draws", "[reference_engine]") {
  const auto& weights = trained();
  std::vector<layer_metric> blocks(weights.blocks.size());
  std::vector<std::vector<double>> alphas(blocks.size());
  reference::for_each_tensor(weights, [&](const std::string& name, std::size_t rows, std::size_t columns,
                                          reference::tensor_role role, const std::vector<float>& values) {
    if (role != reference::tensor_role::linear || name.rfind("model.layers.", 0) != 0) return;
    const auto block = static_cast<std::size_t>(name[13] - '0');
    alphas[block].push_back(
        alpha_mid(
            weight_spectrum(values, static_cast<std::uint32_t>(rows), static_cast<std::uint32_t>(columns)).value())
            ->alpha);
    blocks[block].parameters += rows * columns;
  });
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    REQUIRE(alphas[i].size() == 7);
    blocks[i].alpha = block_alpha(alphas[i]).value();
    CHECK(blocks[i].alpha > 1.5);
    CHECK(blocks[i].alpha < 3);
  }
  const auto scores = significance(blocks).value();
  std::vector<layer_item> layers;
  for (std::size_t i = 0; i < blocks.size(); ++i)
    layers.push_back({significance_units(scores[i]), blocks[i].parameters});
  const std::vector<std::uint64_t> budgets{blocks[0].parameters};
  // The score gives block 0 nothing, though the model is worst without it; the floor does not care.
  CHECK(scores[0] == 0);
  const auto policy = layer_policy::make(layers, budgets, 0.2);
  REQUIRE(policy);
  CHECK(policy->probability(0) >= 0.2);
  CHECK(policy->least_probability() >= 0.2);
  int first = 0;
  for (std::uint64_t audit = 0; audit < 1000; ++audit) first += policy->draw(seed{}, audit).covers(0);
  CHECK(first > 140);
  CHECK(first < 260);
}
