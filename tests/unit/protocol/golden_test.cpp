// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole requests against an independent implementation of docs/protocol.md.
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <assay/commit/session.hpp>
#include <assay/protocol/audit.hpp>
#include <assay/protocol/prover.hpp>
#include <assay/protocol/wire.hpp>
#include <assay/token/sample.hpp>

#include "support/catch.hpp"
#include "support/toy_protocol.hpp"

using namespace assay;
using namespace assay_tests;
using nlohmann::json;

namespace {

json golden_cases() {
  std::ifstream file(std::string(ASSAY_TEST_DATA_DIR) + "/protocol.json");
  return json::parse(file).at("cases");
}

std::vector<std::byte> bytes_of(const json& hex) {
  const auto text = hex.get<std::string>();
  std::vector<std::byte> bytes(text.size() / 2);
  must(from_hex(text, bytes));
  return bytes;
}

template <std::size_t N>
std::array<std::byte, N> array_of(const json& hex) {
  std::array<std::byte, N> out;
  must(from_hex(hex.get<std::string>(), out));
  return out;
}

std::string hex_of(byte_view bytes) {
  std::string text(2 * bytes.size(), '0');
  to_hex(bytes, text);
  return text;
}

std::string text_of(const json& object, const char* key) { return object.at(key).get<std::string>(); }

dtype type_of(const json& named) {
  for (dtype t : {dtype::f32, dtype::f16, dtype::bf16, dtype::i8, dtype::i16})
    if (named.get<std::string>() == name(t)) return t;
  throw std::runtime_error("unknown type in the vectors");
}

run_description run_of(const json& j) {
  run_description r;
  r.model = {model_digest{digest{array_of<32>(j.at("weights"))}},
             tokenizer_digest{digest{array_of<32>(j.at("tokenizer"))}},
             type_of(j.at("weight_type")),
             type_of(j.at("activation_type")),
             j.at("checkpoints"),
             j.at("width"),
             j.at("vocabulary")};
  r.sampler.filters.sampler = {j.at("temperature"), j.at("top_k"), j.at("top_p")};
  r.commitment = {j.at("sketch"), type_of(j.at("sketch_type")), j.at("steps").get<std::vector<float>>(),
                  type_of(j.at("row_type")), j.at("fan_out")};
  for (const json& layer : j.at("committed_rows")) r.commitment.committed_rows.push_back(layer_index{layer.get<std::uint32_t>()});
  return r;
}

request request_of(const json& j) {
  request r;
  r.id = array_of<16>(j.at("id"));
  r.nonce.bytes = array_of<32>(j.at("nonce"));
  for (const json& token : j.at("prompt")) r.prompt.push_back(token_id{token.get<std::uint32_t>()});
  r.max_output = j.at("max_output");
  return r;
}

challenge_terms terms_of(const json& j) {
  return {text_of(j, "source") == "beacon" ? challenge_source::beacon : challenge_source::interactive,
          j.at("retention_seconds"), digest{array_of<32>(j.at("beacon"))}, j.at("round")};
}

challenge_size size_of_challenge(const json& j) {
  challenge_size size{j.at("positions"), j.at("final_rows")};
  if (!j.contains("recheck")) return size;
  const json& recheck = j.at("recheck");
  for (const json& block : recheck.at("among")) size.recheck.among.push_back(layer_index{block.get<std::uint32_t>()});
  size.recheck.blocks = recheck.at("blocks"), size.recheck.positions = recheck.at("positions"), size.recheck.prefix = recheck.at("prefix");
  return size;
}

// The states and logits of the generator's engine: integers over a constant.
float state_at(std::uint32_t p, std::uint32_t l, std::uint32_t j) {
  return static_cast<float>(static_cast<double>(static_cast<int>((p * 131 + l * 71 + j * 17 + p * j * 7) % 257) - 128) /
                            48);
}
float logit_at(std::uint32_t t, std::uint32_t v) {
  return static_cast<float>(static_cast<double>(static_cast<int>((t * 37 + v * 101 + t * v * 13) % 211) - 105) / 24);
}

// Samples every output token and shows the prover every state.
void generate(prover& observed, const run_description& run, const request& asked) {
  token_workspace work;
  std::vector<float> logits(run.model.vocabulary), row(run.model.width);
  const auto prompt = static_cast<std::uint32_t>(asked.prompt.size());
  for (std::uint32_t t = 0; t < asked.max_output; ++t) {
    for (std::uint32_t v = 0; v < run.model.vocabulary; ++v) logits[v] = logit_at(t, v);
    must(observed.sampled(position{prompt + t},
                          must(sample_token(logits, run.sampler.filters.sampler, observed.sampling_noise(), t, work))));
  }
  for (std::uint32_t p = 0; p + 1 < prompt + asked.max_output; ++p)
    for (std::uint32_t l = 0; l < run.model.checkpoints; ++l) {
      for (std::uint32_t j = 0; j < run.model.width; ++j) row[j] = state_at(p, l, j);
      must(observed.observe(layer_index{l}, std::span<const float>{row}, row_map::contiguous({}, position{p}, 1)));
    }
}

}  // namespace

TEST_CASE("protocol: digests, keys and samples are those of a second implementation", "[protocol]") {
  for (const json& each : golden_cases()) {
    INFO(each.at("name").get<std::string>());
    const json& expected = each.at("expected");
    const run_description run = run_of(each.at("run"));
    const request asked = request_of(each.at("request"));
    must(validate(run));
    CHECK(hex_of(digest_of(run).value.bytes) == text_of(expected, "run_digest"));
    const request_digest named = digest_of(digest_of(run), asked);
    CHECK(hex_of(named.value.bytes) == text_of(expected, "request_digest"));
    const request_keys keys = derive_keys(asked.nonce, named);
    CHECK(keys.sampling.k0 == expected.at("noise_key").at(0).get<std::uint32_t>());
    CHECK(keys.sampling.k1 == expected.at("noise_key").at(1).get<std::uint32_t>());
    for (std::uint32_t v = 0; v < 4; ++v)
      CHECK(std::bit_cast<std::uint64_t>(gumbel_noise(keys.sampling, 1, token_id{v})) ==
            expected.at("gumbel_bits").at(v).get<std::uint64_t>());
    auto encoder = must(row_encoder::make(run, keys.projection));
    std::vector<float> row(run.model.width);
    for (std::uint32_t j = 0; j < run.model.width; ++j) row[j] = state_at(0, 0, j);
    std::vector<std::byte> fingerprint(encoder.fingerprint_bytes()), bits(encoder.row_bytes());
    must(encoder.encode(layer_index{0}, row, bits, fingerprint));
    CHECK(hex_of(fingerprint) == text_of(expected, "first_fingerprint"));
  }
}

TEST_CASE("protocol: receipts, challenges and openings are those of a second implementation", "[protocol]") {
  for (const json& each : golden_cases()) {
    INFO(each.at("name").get<std::string>());
    const json& expected = each.at("expected");
    const run_description run = run_of(each.at("run"));
    const request asked = request_of(each.at("request"));
    prover observed = must(prover::start(run, asked));
    generate(observed, run, asked);
    std::vector<std::uint32_t> output;
    for (token_id t : observed.output()) output.push_back(t.value);
    CHECK(output == expected.at("output").get<std::vector<std::uint32_t>>());

    const receipt sealed = must(observed.seal(terms_of(each.at("terms"))));
    CHECK(hex_of(encode(sealed)) == text_of(expected, "receipt"));
    CHECK(hex_of(digest_of(sealed).value.bytes) == text_of(expected, "receipt_digest"));

    const json& wanted = each.at("challenge");
    const challenge drawn{digest_of(sealed), seed{array_of<32>(wanted.at("randomness"))}, size_of_challenge(wanted)};
    CHECK(must(parse_challenge(bytes_of(expected.at("challenge")))) == drawn);
    CHECK(hex_of(encode(drawn)) == text_of(expected, "challenge"));
    CHECK(hex_of(digest_of(drawn).value.bytes) == text_of(expected, "challenge_digest"));
    const challenged_places places = must(expand(drawn, sealed));
    CHECK(places.positions == expected.at("positions").get<std::vector<std::uint32_t>>());
    CHECK(places.outputs == expected.at("outputs").get<std::vector<std::uint32_t>>());
    std::vector<challenged_block> blocks;
    for (const json& block : expected.at("blocks"))
      blocks.push_back({layer_index{block.at("block").get<std::uint32_t>()}, block.at("positions").get<std::vector<std::uint32_t>>()});
    CHECK(places.blocks == blocks);
    CHECK(hex_of(encode(must(observed.open(drawn, 0, drawn.size)), run, sealed)) == text_of(expected, "openings"));

    verification_policy policy;
    policy.opened = drawn.size;
    policy.required = audit_level::receipt;  // some cases open final rows only
    policy.trusted_beacon = sealed.terms.beacon;
    policy.most_rounds_ahead = 100000;
    auto audited = must(
        audit::begin(policy, run, asked, observed.output(), must(parse_receipt(bytes_of(expected.at("receipt")))), 1));
    must(audited.check_openings(drawn, bytes_of(expected.at("openings"))));
    CHECK(!audited.breached());
    CHECK(audited.openings_verified());
  }
}

TEST_CASE("protocol: run digests name the scheme as a second implementation says", "[protocol]") {
  std::ifstream file(std::string(ASSAY_TEST_DATA_DIR) + "/protocol.json");
  const json vectors = json::parse(file);
  for (const json& each : vectors.at("other_schemes")) {
    run_description run = run_of(vectors.at("cases").at(0).at("run"));
    run.commitment.scheme = static_cast<commitment_scheme>(each.at("scheme").get<std::uint8_t>());
    run.commitment.parameters = digest{array_of<32>(each.at("parameters"))};
    must(validate(run));
    CHECK(hex_of(digest_of(run).value.bytes) == text_of(each, "run_digest"));
  }
}

TEST_CASE("protocol: session roots are those of a second implementation", "[protocol]") {
  std::ifstream file(std::string(ASSAY_TEST_DATA_DIR) + "/protocol.json");
  const json golden = json::parse(file).at("session");
  session_frontier<merkle> frontier{session_name{digest{array_of<32>(golden.at("session"))}}};
  std::size_t compared = 0;
  for (std::uint32_t turn = 0; turn < 300; ++turn) {
    const std::string context = "context of turn " + std::to_string(turn), count = std::to_string(turn + 1);
    if (golden.at("roots").contains(context)) {
      const digest own = turn_context(frontier.next(), sha256_of(as_bytes("context")));
      CHECK(hex_of(own.bytes) == text_of(golden.at("roots"), context.c_str()));
    }
    must(frontier.append({frontier.next(), sha256_of(as_bytes("turn " + std::to_string(turn)))}));
    if (!golden.at("roots").contains(count)) continue;
    CHECK(hex_of(frontier.root().value.bytes) == text_of(golden.at("roots"), count.c_str()));
    CHECK(hex_of(frontier.encode()) == text_of(golden.at("frontiers"), count.c_str()));
    ++compared;
  }
  CHECK(compared == 7);
}
