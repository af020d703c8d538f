// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/log_reader.hpp>
#include <assay/random/torch_cuda_noise.hpp>
#include <assay/token/score.hpp>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "support/catch.hpp"

using namespace assay;
using namespace assay::codec;

namespace {

std::vector<token_id> ids(std::initializer_list<std::uint32_t> values) {
  std::vector<token_id> out;
  for (const std::uint32_t v : values) out.push_back(token_id{v});
  return out;
}

struct log_contents {
  std::vector<logged_sequence> sequences;
  result<std::uint64_t> outcome = 0u;
};

log_contents read(std::string_view text, const log_options& options = {}) {
  log_contents out;
  out.outcome = read_log(text, [&](logged_sequence&& s) -> result<void> {
    out.sequences.push_back(std::move(s));
    return {};
  }, options);
  return out;
}

/// The one sequence of a log that must be readable.
logged_sequence one(std::string_view text, const log_options& options = {}) {
  log_contents out = read(text, options);
  REQUIRE(out.outcome);
  REQUIRE(out.sequences.size() == 1);
  return std::move(out.sequences.front());
}

errc code_of(std::string_view text, const log_options& options = {}) {
  const auto out = read(text, options);
  REQUIRE_FALSE(out.outcome);
  return out.outcome.error().code;
}

std::string vector_file(const std::string& name) {
  std::ifstream in(std::string(ASSAY_TEST_DATA_DIR) + "/logs/" + name, std::ios::binary);
  REQUIRE(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("log: vLLM's RequestOutput", "[codec]") {
  const auto s = one(R"({"request_id":"7","prompt":"x","prompt_token_ids":[1,2],
    "prompt_logprobs":[null,{"2":{"logprob":-0.5,"rank":1,"decoded_token":"b"},"5":{"logprob":-1.5,"rank":2,"decoded_token":"e"}}],
    "outputs":[{"index":0,"text":"y","token_ids":[3],"cumulative_logprob":-1.0,"logprobs":[{"3":{"logprob":-1.0}}]}],"finished":true})");
  CHECK(s.name == "7");
  CHECK(s.prompt == ids({1, 2}));
  CHECK(s.output == ids({3}));
  REQUIRE(s.prompt_rows.size() == 2);
  CHECK(s.prompt_rows[0].row.ids.empty());
  CHECK(s.prompt_rows[1].row.ids.size() == 2);
  CHECK(s.output_rows.size() == 1);
}

TEST_CASE("log: vLLM's server puts the prompt's members into choices, or beside them for chat", "[codec]") {
  const auto completion = one(R"({"id":"cmpl-1","object":"text_completion","choices":[{"index":0,"logprobs":null,"token_ids":[9],
    "prompt_logprobs":[null,{"2":{"logprob":-0.5}}],"prompt_token_ids":[1,2]}],"usage":{"prompt_tokens":2,"total_tokens":3}})");
  CHECK(completion.prompt == ids({1, 2}));
  CHECK(completion.output == ids({9}));
  CHECK(completion.prompt_rows.size() == 2);
  const auto chat = one(R"({"id":"chatcmpl-1","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"logprobs":null,"token_ids":[9]}],
    "prompt_logprobs":[null,{"2":{"logprob":-0.5}}],"prompt_token_ids":[1,2]})");
  CHECK(chat.prompt == completion.prompt);
  CHECK(chat.output == completion.output);
  CHECK(chat.prompt_rows.size() == 2);
}

TEST_CASE("log: several choices share their prompt", "[codec]") {
  const auto out = read(R"({"choices":[{"index":1,"token_ids":[5]},{"token_ids":[6]}],"prompt_token_ids":[1],"prompt_logprobs":[null]})");
  REQUIRE(out.outcome);
  REQUIRE(out.sequences.size() == 2);
  for (const auto& s : out.sequences) {
    CHECK(s.choice == 1);
    CHECK(s.prompt == ids({1}));
    CHECK(s.prompt_rows.size() == 1);
  }
  CHECK(out.sequences[0].output == ids({5}));
  CHECK(out.sequences[1].output == ids({6}));
}

TEST_CASE("log: both forms of the DiFR repository, and samples line by line", "[codec]") {
  const auto out = read(R"({"config":{"model":"m","temperature":0.5,"seed":42,"top_k":-1},"samples":[
    {"prompt_token_ids":[1,2,3],"outputs":[{"token_ids":[4,5,6]}]},{"prompt_token_ids":[1],"output_token_ids":[2]}]})");
  REQUIRE(out.outcome);
  REQUIRE(out.sequences.size() == 2);
  CHECK(out.sequences[0].output == ids({4, 5, 6}));
  CHECK(out.sequences[1].output == ids({2}));
  CHECK(out.sequences[1].settings.temperature == 0.5f);
  CHECK(out.sequences[1].settings.seed == 42u);
  CHECK(out.sequences[1].settings.top_k == 0u);
  const auto line = one(R"({"prompt_token_ids":[1],"output_token_ids":[2],"seed":7,"temperature":1})");
  CHECK(line.settings.seed == 7u);
}

TEST_CASE("log: the completions API, with its lists in any order", "[codec]") {
  const auto s = one(R"({"choices":[{"logprobs":{"text_offset":[0,1],"top_logprobs":[{"token_id:3":-0.1,"token_id:9":-3},{"token_id:3":-0.1}],
    "tokens":["token_id:3","token_id:4"],"token_logprobs":[-0.1,-5]}}]})");
  CHECK(s.output == ids({3, 4}));
  REQUIRE(s.output_rows.size() == 2);
  CHECK(s.output_rows[0].row.ids.size() == 2);
  CHECK(s.output_rows[1].row.ids.size() == 2);  // the chosen token was not among the candidates
  CHECK(s.output_rows[1].token == token_id{4});
  CHECK(code_of(R"({"choices":[{"logprobs":{"top_logprobs":[{"token_id:3":-0.1}],"tokens":["token_id:3","token_id:4"],"token_logprobs":[-0.1,-5]}}]})") ==
        errc::length_mismatch);
}

TEST_CASE("log: an echoed prompt's rows are those of a prompt", "[codec]") {
  const auto s = one(R"({"choices":[{"prompt_token_ids":[3],"token_ids":[4],"logprobs":{"tokens":["token_id:3","token_id:4"],
    "token_logprobs":[null,-5],"top_logprobs":[null,{"token_id:8":-0.1}]}}]})");
  CHECK(s.output == ids({4}));
  CHECK(s.output_rows.empty());
  REQUIRE(s.prompt_rows.size() == 2);
  CHECK(s.prompt_rows[0].row.ids.empty());
  CHECK(s.prompt_rows[1].row.ids.size() == 2);
}

TEST_CASE("log: text is no token id", "[codec]") {
  constexpr std::string_view chat =
      R"({"choices":[{"logprobs":{"content":[{"token":"Hi","logprob":-1,"bytes":[72,105],"top_logprobs":[{"token":"Hi","logprob":-1,"bytes":null}]}]}}]})";
  CHECK(code_of(chat) == errc::unsupported);
  const token_names names{{"Hi", token_id{17}}};
  CHECK(one(chat, {{}, &names}).output == ids({17}));
  // With ids elsewhere the tokens are known, and only the rows are not.
  const auto s = one(R"({"choices":[{"token_ids":[17],"logprobs":{"content":[{"token":"Hi","logprob":-1,"top_logprobs":[]}]}}]})");
  CHECK(s.text_only);
  CHECK(s.output == ids({17}));
  CHECK(s.output_rows.empty());
}

TEST_CASE("log: llama.cpp", "[codec]") {
  const auto s = one(R"({"index":0,"content":"a","tokens":[],"id_slot":0,"stop":true,"tokens_evaluated":7,
    "generation_settings":{"seed":42,"temperature":0.800000011920929,"top_k":40,"top_p":0.949999988079071,"min_p":0.05,"stop":[],"samplers":["top_k","min_p","temperature"]},
    "prompt":"x","completion_probabilities":[{"id":3,"token":"a","bytes":[97],"logprob":-0.2,"top_logprobs":[{"id":3,"token":"a","bytes":[97],"logprob":-0.2}]}]})");
  CHECK(s.output == ids({3}));
  CHECK(s.prompt_tokens == 7u);
  CHECK(s.settings.seed == 42u);
  CHECK(s.settings.temperature == 0.8f);
  CHECK(s.settings.min_p == 0.05f);
  CHECK(s.settings.top_p == 1.0f);  // stated, but the chain leaves it out
  CHECK(s.output_rows.size() == 1);
}

TEST_CASE("log: SGLang's own endpoint", "[codec]") {
  const auto s = one(R"({"text":"y","output_ids":[9,4],"meta_info":{"id":"abc","finish_reason":{"type":"length","length":2},"prompt_tokens":3,
    "input_token_logprobs":[[null,1,null],[-1.5,2,"b"],[-7,3,"c"]],
    "input_top_logprobs":[null,[[-0.5,7,null],[-1.5,2,"b"]],[[-0.25,8,null],[-1,6,null]]],
    "output_token_logprobs":[[-0.5,9,null],[-3,4,null]],"output_top_logprobs":[[[-0.5,9,null]],[[-0.1,5,null]]]}})");
  CHECK(s.name == "abc");
  CHECK(s.prompt_tokens == 3u);
  CHECK(s.prompt == ids({1, 2, 3}));
  CHECK(s.output == ids({9, 4}));
  REQUIRE(s.prompt_rows.size() == 3);
  CHECK(s.prompt_rows[0].row.ids.empty());
  CHECK(s.prompt_rows[1].row.ids.size() == 2);
  CHECK(s.prompt_rows[2].row.ids.size() == 3);  // its own token was not among the candidates
  CHECK(s.prompt_rows[2].row.values[2] == -7.0f);
  CHECK(s.prompt_rows[2].token == token_id{3});
  REQUIRE(s.output_rows.size() == 2);
  CHECK(s.output_rows[1].row.ids.size() == 2);
  // Without lists of candidates the tokens are still named by id.
  CHECK(one(R"({"meta_info":{"prompt_tokens":5,"output_token_logprobs":[[-0.5,9,null]]}})").output == ids({9}));
  log_options tokens_only;
  tokens_only.rows = false;
  CHECK(one(R"({"output_ids":[9],"meta_info":{"input_top_logprobs":[null,[[-1,2,null]]],"input_token_logprobs":[[null,1,null],[-1,2,null]]}})", tokens_only).prompt ==
        ids({1, 2}));
}

TEST_CASE("log: what SGLang's lists must not hold", "[codec]") {
  const auto code = [](const std::string& member) { return code_of("{\"output_ids\":[1],\"meta_info\":{" + member + "}}"); };
  CHECK(code(R"("input_top_logprobs":[[[-1]]])") == errc::missing_field);
  CHECK(code(R"("input_top_logprobs":[[[null,1,null]]])") == errc::missing_field);
  CHECK(code(R"("input_top_logprobs":[[[-1,1,null,0]]])") == errc::wrong_type);
  CHECK(code(R"("input_top_logprobs":[[[-1,1,null],[-2,1,null]]])") == errc::duplicate);
  CHECK(code(R"("input_top_logprobs":[[[-1,[1],null]]])") == errc::wrong_type);
  CHECK(code(R"("input_top_logprobs":[[[-1,1.5,null]]])") == errc::wrong_type);
  CHECK(code(R"("input_top_logprobs":[[[-1,4294967296,null]]])") == errc::out_of_range);
  CHECK(code(R"("input_top_logprobs":[[[1e39,1,null]]])") == errc::out_of_range);
  CHECK(code(R"("input_top_logprobs":[[["x",1,null]]])") == errc::wrong_type);
  CHECK(code(R"("input_top_logprobs":[[5]])") == errc::wrong_type);
  CHECK(code(R"("input_top_logprobs":[{"1":-1}])") == errc::wrong_type);
  CHECK(code(R"("input_top_logprobs":[[{"1":-1}]])") == errc::wrong_type);
  CHECK(code(R"("input_top_logprobs":7)") == errc::wrong_type);
  CHECK(code(R"("output_token_logprobs":[7])") == errc::wrong_type);
  CHECK(code(R"("output_token_logprobs":[{}])") == errc::wrong_type);
  CHECK(code(R"("output_token_logprobs":[[-1]])") == errc::missing_field);
  CHECK(code(R"("output_token_logprobs":[[-1,1,null]],"output_token_logprobs":[[-1,1,null]])") == errc::duplicate);
  CHECK(code(R"("output_token_logprobs":[[-1,1,null]],"output_top_logprobs":[])") == errc::length_mismatch);
}

TEST_CASE("log: the lines of a batch carry the response inside", "[codec]") {
  const auto s = one(R"({"id":"vllm-1","custom_id":"request-1","response":{"status_code":200,"request_id":"b","body":{"id":"cmpl","choices":[{"token_ids":[1]}]}},"error":null})");
  CHECK(s.name == "request-1");
  CHECK(s.output == ids({1}));
  CHECK(code_of(R"({"custom_id":"a","response":null,"error":{"message":"x"}})") == errc::missing_field);
}

TEST_CASE("log: lines, documents in a row and lists", "[codec]") {
  const auto out = read("\n{\"output_token_ids\":[1]}\r\n\n{\"output_token_ids\":[2]} {\"output_token_ids\":[3]}\n[{\"output_token_ids\":[4]},\n{\"output_token_ids\":[5]}]\n");
  REQUIRE(out.outcome);
  CHECK(*out.outcome == 5);
  const std::uint64_t lines[] = {2, 4, 4, 5, 6};
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(out.sequences[i].line == lines[i]);
    CHECK(out.sequences[i].output == ids({static_cast<std::uint32_t>(i + 1)}));
  }
  CHECK(read("").outcome);
  CHECK(read(" \n").sequences.empty());
}

TEST_CASE("log: errors say on which line", "[codec]") {
  const auto bad = read("{\"output_token_ids\":[1]}\n{\"output_token_ids\":[1,-2]}\n");
  REQUIRE_FALSE(bad.outcome);
  CHECK(bad.outcome.error().code == errc::out_of_range);
  CHECK(bad.outcome.error().where == 2);
  CHECK(bad.sequences.size() == 1);
  const auto cut = read("{\"output_token_ids\":[1]}\n\n{\"output_token_ids\":[1");
  CHECK(cut.outcome.error().code == errc::truncated);
  CHECK(cut.outcome.error().where == 3);
  CHECK(code_of("{\"output_token_ids\":[1]") == errc::truncated);
  CHECK(code_of("{]}") == errc::malformed);
  CHECK(code_of("7") == errc::wrong_type);
  CHECK(code_of("[7]") == errc::wrong_type);
  CHECK(code_of("[[]]") == errc::wrong_type);
  CHECK(code_of("{}") == errc::missing_field);
  CHECK(code_of(R"({"output_token_ids":[1.0]})") == errc::wrong_type);
  CHECK(code_of(R"({"output_token_ids":"x"})") == errc::wrong_type);
  CHECK(code_of(R"({"output_token_ids":{"x":1}})") == errc::wrong_type);
  CHECK(code_of(R"({"choices":{}})") == errc::wrong_type);
  CHECK(code_of(R"({"output_token_ids":[1],"output_token_ids":[2]})") == errc::duplicate);
  CHECK(code_of(R"({"prompt_logprobs":[{"1":-1}],"prompt_logprobs":[]})") == errc::duplicate);
  CHECK(code_of(R"({"output_token_ids":[1],"temperature":-1})") == errc::out_of_range);
  CHECK(code_of(R"({"prompt_logprobs":[{"1":1e999}]})") == errc::out_of_range);
  CHECK(code_of(R"({"prompt_logprobs":[{"1":-1,"1":-2}]})") == errc::duplicate);
  CHECK(code_of(R"({"prompt_logprobs":[{"1":NaN}]})") == errc::malformed);
  CHECK(code_of(std::string_view("{\"a\":\"\0\"}", 9)) == errc::malformed);
}

TEST_CASE("log: an error of the caller's goes through, and so does one of the bytes'", "[codec]") {
  const auto stopped = read_log(std::string_view("{\"output_token_ids\":[1]}\n{"), [](logged_sequence&&) -> result<void> {
    return fail(errc::host_failure, "enough");
  });
  CHECK(stopped.error().code == errc::host_failure);
  CHECK(stopped.error().where == 1);
  const auto broken = read_log(log_bytes([](std::span<char>) -> result<std::size_t> { return fail(errc::io_failure, "gone", 9); }),
                               [](logged_sequence&&) -> result<void> { return {}; });
  CHECK(broken.error().code == errc::io_failure);
  CHECK(broken.error().where == 9);
}

TEST_CASE("log: every bound holds", "[codec]") {
  log_options o;
  o.limits.tokens = 2;
  CHECK(code_of(R"({"output_token_ids":[1,2,3]})", o) == errc::too_large);
  CHECK(code_of(R"({"prompt_logprobs":[null,null,null]})", o) == errc::too_large);
  CHECK(code_of(R"({"choices":[{"logprobs":{"tokens":["a","b","c"]}}]})", o) == errc::too_large);
  CHECK(code_of(R"({"choices":[{"logprobs":{"token_logprobs":[1,1,1]}}]})", o) == errc::too_large);
  o = {};
  o.limits.choices = 1;
  CHECK(code_of(R"({"choices":[{},{}]})", o) == errc::too_large);
  o = {};
  o.limits.string_bytes = 100;
  CHECK(code_of("{\"output_token_ids\":[1],\"text\":\"" + std::string(200, 'x') + "\"}", o) == errc::too_large);
  o = {};
  o.limits.record_bytes = 100;
  CHECK(code_of("{\"output_token_ids\":[1],\"text\":\"" + std::string(200, 'x') + "\"}", o) == errc::too_large);
  CHECK(read(std::string(10, '\n') + "{\"output_token_ids\":[1]}" + std::string(300, ' ') + "{\"output_token_ids\":[1]}", o).outcome);
  CHECK(code_of(std::string(100000, '[')) == errc::wrong_type);
  CHECK(code_of("{\"x\":" + std::string(100000, '[')) == errc::too_large);
  CHECK(code_of("{\"prompt_logprobs\":[{\"1\":{\"x\":" + std::string(100000, '[')) == errc::too_large);
  o = {};
  o.limits.candidates = 1;
  CHECK(code_of(R"({"input_top_logprobs":[[[-1,1,null],[-1,2,null]]]})", o) == errc::too_large);
  o.limits.tokens = 1;
  CHECK(code_of(R"({"output_token_logprobs":[[-1,1,null],[-1,2,null]]})", o) == errc::too_large);
  CHECK(code_of(R"({"input_top_logprobs":[null,null]})", o) == errc::too_large);
  std::string many = "{\"prompt_logprobs\":[{";
  for (int i = 0; i < 2000; ++i) many += "\"" + std::to_string(i) + "\":-1,";
  CHECK(code_of(many, o) == errc::too_large);
}

TEST_CASE("log: the default bounds take 100,000 tokens and 10,000 candidates, and not one more", "[codec]") {
  const auto list = [](std::size_t n, auto item) {
    std::string text;
    for (std::size_t i = 0; i < n; ++i) text += (i == 0 ? "" : ",") + item(i);
    return text;
  };
  const auto number = [](std::size_t i) { return std::to_string(i); };
  const auto entry = [](std::size_t i) { return "\"" + std::to_string(i) + "\":-1"; };
  const auto triple = [](std::size_t i) { return "[-1," + std::to_string(i) + ",null]"; };
  const auto item = [](std::size_t i) { return "{\"id\":" + std::to_string(i) + ",\"token\":\"a\",\"logprob\":-1}"; };
  const auto null = [](std::size_t) { return std::string("null"); };
  for (const bool beyond : {false, true}) {
    const std::size_t tokens = 100'000 + beyond, candidates = 10'000 + beyond;
    const std::string texts[] = {"{\"output_token_ids\":[" + list(tokens, number) + "]}",
                                 "{\"prompt_logprobs\":[" + list(tokens, null) + "]}",
                                 "{\"output_token_logprobs\":[" + list(tokens, triple) + "]}",
                                 "{\"prompt_logprobs\":[{" + list(candidates, entry) + "}]}",
                                 "{\"input_top_logprobs\":[[" + list(candidates, triple) + "]]}",
                                 "{\"completion_probabilities\":[{\"id\":3,\"token\":\"a\",\"top_logprobs\":[" + list(candidates, item) + "]}]}"};
    for (const std::string& text : texts) {
      INFO(text.substr(0, 40) << (beyond ? " and one more" : ""));
      const std::size_t used = assay_tests::bytes_allocated_by([&] {
        if (beyond) CHECK(code_of(text) == errc::too_large);
        else CHECK(read(text).outcome);
      });
      CHECK(used < 40 * text.size() + 1'000'000);
    }
  }
}

TEST_CASE("log: memory does not grow with the number of lines, nor with what is skipped", "[codec]") {
  const std::string line = R"({"prompt_token_ids":[1],"output_token_ids":[2],"text":")" + std::string(200, 'x') + "\",\"more\":[[1,2,3],{\"a\":[]}]}\n";
  const auto bytes_of = [&](int lines) {
    std::string text;
    for (int i = 0; i < lines; ++i) text += line;
    std::uint64_t seen = 0;
    const std::size_t used = assay_tests::bytes_allocated_by([&] {
      const auto read = read_log(std::string_view(text), [&](logged_sequence&&) -> result<void> { return ++seen, result<void>{}; });
      CHECK(read);
    });
    CHECK(seen == static_cast<std::uint64_t>(lines));
    return used;
  };
  const std::size_t few = bytes_of(10), many = bytes_of(1010);
  CHECK((many - few) / 1000 < 16384);  // what is asked for and freed again, per line
}

TEST_CASE("log: without rows only tokens are kept", "[codec]") {
  log_options o;
  o.rows = false;
  const auto s = one(R"({"prompt_logprobs":[null,{"1":-1}],"outputs":[{"token_ids":[3],"logprobs":[{"3":-1}]}]})", o);
  CHECK(s.output == ids({3}));
  CHECK(s.prompt_rows.empty());
  CHECK(s.output_rows.empty());
  CHECK(one(R"({"completion_probabilities":[{"id":3,"token":"a","logprob":-1,"top_logprobs":[]}]})", o).output == ids({3}));
}

TEST_CASE("log: progress is told", "[codec]") {
  std::string text(200000, ' ');
  text += "{\"output_token_ids\":[1]}";
  std::string_view rest = text;
  std::vector<std::uint64_t> told;
  const auto read = read_log(
      [&](std::span<char> out) -> result<std::size_t> {
        const std::size_t n = std::min(out.size(), rest.size());
        rest.copy(out.data(), n);
        rest.remove_prefix(n);
        return n;
      },
      [](logged_sequence&&) -> result<void> { return {}; }, {}, [&](std::uint64_t bytes) { told.push_back(bytes); });
  REQUIRE(read);
  REQUIRE(told.size() >= 4);
  CHECK(std::is_sorted(told.begin(), told.end()));
  CHECK(told.back() == text.size());
}

TEST_CASE("log: simulated servers' logs score as an independent implementation says", "[codec]") {
  const auto expected = nlohmann::json::parse(vector_file("expected.json"));
  const auto claims = read(vector_file("vllm_claims.jsonl"));
  REQUIRE(claims.outcome);
  const auto noise = torch_cuda_float_noise::make({1000, 2});
  REQUIRE(noise);
  for (const char* name : {"vllm_reference.jsonl", "vllm_batch_reference.jsonl"}) {
    const auto reference = read(vector_file(name));
    REQUIRE(reference.outcome);
    REQUIRE(reference.sequences.size() == claims.sequences.size());
    token_workspace work;
    for (std::size_t i = 0; i < claims.sequences.size(); ++i) {
      const auto& c = claims.sequences[i];
      const auto& rows = reference.sequences[i].prompt_rows;
      CHECK(rows.is_logprob() == (std::string_view(name) == "vllm_batch_reference.jsonl"));
      const auto& margins = expected["vllm"]["requests"][i]["margins"];
      REQUIRE(rows.size() == c.prompt->size() + c.output->size());
      for (std::size_t j = 0; j < c.output->size(); ++j) {
        const auto s = score_token(rows[c.prompt->size() + j].row, sampler_settings{0.9f, 8, 0.95f}, noise_key{42, 0},
                                   static_cast<std::uint32_t>(j), (*c.output)[j], work, *noise);
        REQUIRE(s);
        CHECK(s->filtered == margins[j].is_null());
        if (!s->filtered) CHECK(s->margin == Approx(margins[j].get<double>()).margin(3e-6));
      }
    }
  }
}
