// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <reference_engine/tokenizer.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <assay/hash/transcript.hpp>
#include <reference_engine/model.hpp>

#include <nlohmann/json.hpp>

namespace reference {

using assay::errc;
using assay::fail;
using assay::result;

namespace {

constexpr std::size_t file_limit = std::size_t{64} << 20;
constexpr std::uint32_t vocabulary_limit = 1u << 22;

enum class kind : std::uint8_t { space, letter, digit, other };

kind kind_of(char c) {
  const auto u = static_cast<unsigned char>(c);
  if (c == ' ' || (u >= 9 && u <= 13)) return kind::space;
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || u >= 128) return kind::letter;
  if (c >= '0' && c <= '9') return kind::digit;
  return kind::other;
}

/// GPT-2's printable stand-in for each byte: itself if printable Latin-1, else the next free code point from 256 on.
std::array<std::uint32_t, 256> stand_ins() {
  std::array<std::uint32_t, 256> code{};
  std::uint32_t next = 256;
  for (std::uint32_t b = 0; b < 256; ++b) {
    const bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174);
    code[b] = printable ? b : next++;
  }
  return code;
}

/// Translates stand-ins (UTF-8 of at most two bytes) back to bytes; nothing if a character stands for no byte.
std::optional<std::string> to_bytes(std::string_view text) {
  static const auto code = stand_ins();
  std::string bytes;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::uint32_t point = lead;
    std::size_t length = 1;
    if (lead >= 0xc0 && lead < 0xe0 && i + 1 < text.size()) {
      point = ((lead & 0x1fu) << 6) | (static_cast<unsigned char>(text[i + 1]) & 0x3fu);
      length = 2;
    } else if (lead >= 0x80) return std::nullopt;
    const auto* found = std::find(code.begin(), code.end(), point);
    if (found == code.end()) return std::nullopt;
    bytes.push_back(static_cast<char>(found - code.begin()));
    i += length;
  }
  return bytes;
}

/// The value at a path of object keys; nullptr if any step is missing.
const nlohmann::json* at_path(const nlohmann::json& root, std::initializer_list<const char*> path) {
  const nlohmann::json* v = &root;
  for (const char* key : path) {
    if (!v->is_object()) return nullptr;
    const auto it = v->find(key);
    if (it == v->end()) return nullptr;
    v = &*it;
  }
  return v;
}

bool is_text(const nlohmann::json* v, std::string_view expected) {
  const auto* text = v == nullptr ? nullptr : v->get_ptr<const std::string*>();
  return text != nullptr && *text == expected;
}

/// A merge is ["left", "right"] or "left right".
std::optional<std::pair<std::string, std::string>> split_merge(const nlohmann::json& v) {
  if (v.is_array() && v.size() == 2 && v[0].is_string() && v[1].is_string())
    return {{v[0].get<std::string>(), v[1].get<std::string>()}};
  if (!v.is_string()) return std::nullopt;
  const auto& text = v.get_ref<const std::string&>();
  const std::size_t space = text.find(' ');
  if (space == std::string::npos) return std::nullopt;
  return {{text.substr(0, space), text.substr(space + 1)}};
}

using vocabulary_map = std::unordered_map<std::string, std::uint32_t>;

result<vocabulary_map> read_vocabulary(const nlohmann::json& object) {
  vocabulary_map map;
  for (const auto& [text, id] : object.items()) {
    if (!id.is_number_unsigned()) return fail(errc::wrong_type, "tokenizer: a token id that is no count");
    if (id.get<std::uint64_t>() >= vocabulary_limit)
      return fail(errc::out_of_range, "tokenizer: a token id is too large");
    map.emplace(text, id.get<std::uint32_t>());
  }
  return map;
}

}  // namespace

std::size_t first_word(std::string_view text) {
  for (std::string_view suffix : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (text.starts_with(suffix)) return suffix.size();
  const std::size_t start = text[0] == ' ' && text.size() > 1 && kind_of(text[1]) != kind::space ? 1 : 0;
  const kind k = kind_of(text[start]);
  std::size_t end = start + 1;
  while (end < text.size() && kind_of(text[end]) == k) ++end;
  // white space before a word leaves its last character to the word
  if (k == kind::space && end < text.size() && end - start > 1) --end;
  return end;
}

result<tokenizer> tokenizer::parse(assay::byte_view json) {
  if (json.size() > file_limit) return fail(errc::too_large, "tokenizer: the file is too large", json.size());
  const auto* first = reinterpret_cast<const char*>(json.data());
  const nlohmann::json root = nlohmann::json::parse(first, first + json.size(), nullptr, false);
  if (!root.is_object()) return fail(errc::malformed, "tokenizer: not a JSON object");
  const nlohmann::json *vocabulary = at_path(root, {"model", "vocab"}), *merges = at_path(root, {"model", "merges"}),
                       *added = at_path(root, {"added_tokens"});
  if (!is_text(at_path(root, {"model", "type"}), "BPE") ||
      !is_text(at_path(root, {"pre_tokenizer", "type"}), "ByteLevel"))
    return fail(errc::unsupported, "tokenizer: only byte-level BPE is read");
  if (vocabulary == nullptr || !vocabulary->is_object() || merges == nullptr || !merges->is_array())
    return fail(errc::missing_field, "tokenizer: no vocabulary or merges");

  const auto ids = read_vocabulary(*vocabulary);
  if (!ids) return ids.error();
  tokenizer t;
  const auto bound = static_cast<std::uint32_t>(2 * ids->size() + 256);  // ids may have gaps, but not arbitrary ones
  for (const auto& [text, id] : *ids) {
    if (id >= bound) return fail(errc::out_of_range, "tokenizer: token ids with large gaps", id);
    if (t.spelling_.size() <= id) t.spelling_.resize(id + 1);
    if (auto bytes = to_bytes(text)) t.spelling_[id] = std::move(*bytes);
  }
  if (added != nullptr && added->is_array())
    for (const nlohmann::json& entry : *added) {
      const nlohmann::json *text = at_path(entry, {"content"}), *id = at_path(entry, {"id"});
      if (text == nullptr || !text->is_string() || text->get_ref<const std::string&>().empty() || id == nullptr ||
          !id->is_number_unsigned() || id->get<std::uint64_t>() >= bound)
        return fail(errc::wrong_type, "tokenizer: an added token without text or id");
      t.specials_.push_back({text->get<std::string>(), id->get<std::uint32_t>()});
      if (t.spelling_.size() <= t.specials_.back().id) t.spelling_.resize(t.specials_.back().id + 1);
      t.spelling_[t.specials_.back().id].clear();
    }

  t.byte_token_.resize(256);
  std::array<bool, 256> has_byte{};
  for (std::uint32_t id = 0; id < t.spelling_.size(); ++id)
    if (t.spelling_[id].size() == 1) {
      const auto byte = static_cast<unsigned char>(t.spelling_[id][0]);
      t.byte_token_[byte] = id;
      has_byte[byte] = true;
    }
  if (!std::all_of(has_byte.begin(), has_byte.end(), [](bool b) { return b; }))
    return fail(errc::incomplete, "tokenizer: a byte without a token");

  for (std::uint32_t rank = 0; rank < merges->size(); ++rank) {
    const auto pair = split_merge((*merges)[rank]);
    if (!pair) return fail(errc::wrong_type, "tokenizer: a merge that is no pair", rank);
    const auto left = ids->find(pair->first), right = ids->find(pair->second),
               both = ids->find(pair->first + pair->second);
    if (left == ids->end() || right == ids->end() || both == ids->end())
      return fail(errc::not_found, "tokenizer: a merge of unknown tokens", rank);
    t.merges_.try_emplace(std::uint64_t{left->second} << 32 | right->second, merge{rank, both->second});
  }
  t.digest_ = assay::transcript{assay::domains::tokenizer}.bytes("tokenizer.json", json).finish();
  return t;
}

result<tokenizer> tokenizer::load(const std::filesystem::path& path) {
  const auto bytes = read_file(path, file_limit);
  if (!bytes) return bytes.error();
  return parse(*bytes);
}

void tokenizer::encode_word(std::string_view word, std::vector<assay::token_id>& out) const {
  std::vector<std::uint32_t> ids;
  ids.reserve(word.size());
  for (char c : word) ids.push_back(byte_token_[static_cast<unsigned char>(c)]);
  while (ids.size() > 1) {
    const merge* best = nullptr;
    std::size_t where = 0;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto it = merges_.find(std::uint64_t{ids[i]} << 32 | ids[i + 1]);
      if (it != merges_.end() && (best == nullptr || it->second.rank < best->rank)) best = &it->second, where = i;
    }
    if (best == nullptr) break;
    ids[where] = best->result;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(where) + 1);
  }
  for (std::uint32_t id : ids) out.emplace_back(id);
}

void tokenizer::encode_plain(std::string_view text, std::vector<assay::token_id>& out) const {
  while (!text.empty()) {
    const std::size_t n = first_word(text);
    encode_word(text.substr(0, n), out);
    text.remove_prefix(n);
  }
}

std::vector<assay::token_id> tokenizer::encode(std::string_view text) const {
  std::vector<assay::token_id> out;
  while (!text.empty()) {
    std::size_t at = std::string_view::npos;
    const special* next = nullptr;
    for (const special& s : specials_)
      if (const std::size_t found = text.find(s.text); found < at) at = found, next = &s;
    encode_plain(text.substr(0, at), out);
    if (next == nullptr) break;
    out.emplace_back(next->id);
    text.remove_prefix(at + next->text.size());
  }
  return out;
}

std::string tokenizer::decode(std::span<const assay::token_id> tokens) const {
  std::string text;
  for (assay::token_id t : tokens)
    if (t.value < spelling_.size()) text += spelling_[t.value];
  return text;
}

}  // namespace reference
