// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "world.hpp"

#include <array>
#include <cstdio>
#include <string>

#include <assay/core/endian.hpp>
#include <assay/random/stream.hpp>
#include <reference_engine/tokenizer.hpp>

namespace study {
namespace {

template <class T>
assay::result<T> explain(assay::result<T> loaded, const std::filesystem::path& path) {
  if (!loaded) std::fprintf(stderr, "cannot load %s: %s\n", path.c_str(), loaded.error().message);
  return loaded;
}

/// Verse by verse, so that prompts can begin at one.
assay::result<void> load_text(world& with, const reference::tokenizer& tokenizer) {
  const auto path = with.chosen.models / "held_out.txt";
  auto bytes = explain(reference::read_file(path), path);
  if (!bytes) return bytes.error();
  const std::string text{reinterpret_cast<const char*>(bytes->data()), bytes->size()};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1);
    with.verse_starts.push_back(static_cast<std::uint32_t>(with.held_out.size()));
    const auto verse = tokenizer.encode(std::string_view{text}.substr(at, end + 1 - at));
    with.held_out.insert(with.held_out.end(), verse.begin(), verse.end());
    at = end + 1;
  }
  while (!with.verse_starts.empty() && with.verse_starts.back() + 64 > with.held_out.size())
    with.verse_starts.pop_back();
  if (with.verse_starts.empty()) return assay::fail(assay::errc::insufficient_data, "held_out.txt is too short");
  return {};
}

}  // namespace

assay::result<world> load_world(const options& chosen) {
  const auto base_path = chosen.models / "base", small_path = chosen.models / "small";
  const auto tokenizer_path = chosen.models / "tokenizer.json";
  auto base = explain(reference::engine::load(base_path), base_path);
  if (!base) return base.error();
  auto small = explain(reference::engine::load(small_path), small_path);
  if (!small) return small.error();
  auto tokenizer = explain(reference::tokenizer::load(tokenizer_path), tokenizer_path);
  if (!tokenizer) return tokenizer.error();
  world with{chosen, std::move(*base), std::move(*small), {}, {}, {.temperature = 0.8f, .top_k = 50, .top_p = 0.95f}};
  if (auto loaded = load_text(with, *tokenizer); !loaded) return loaded.error();
  return with;
}

assay::seed study_seed(const options& chosen, std::string_view purpose, std::uint64_t index) {
  assay::seed root;
  assay::store_le(root.bytes.data(), chosen.seed);
  std::array<std::byte, 8> context;
  assay::store_le(context.data(), index);
  return assay::derive_seed(root, purpose, context);
}

request make_request(const world& with, std::string_view purpose, std::uint64_t index) {
  const assay::seed own = study_seed(with.chosen, purpose, index);
  assay::random_stream stream{own, "request"};
  const std::uint32_t start = with.verse_starts[stream.below(with.verse_starts.size())];
  const auto length = static_cast<std::ptrdiff_t>(24 + stream.below(25));
  const auto first = with.held_out.begin() + start;
  return {{first, first + length}, assay::derive_noise_key(own)};
}

}  // namespace study
