// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any text as a server's log: it is read or refused within the bounds, and what is read is consistent in itself.
#include <assay/codec/log_reader.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

void check_rows(const assay::codec::logged_rows& rows, const assay::codec::log_limits& limits) {
  require(rows.size() <= limits.tokens && rows.entries() <= limits.entries);
  std::size_t entries = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto at = rows[i];
    require(at.row.ids.size() == at.row.values.size() && at.row.ids.size() <= limits.candidates + 1);
    entries += at.row.ids.size();
    for (const float v : at.row.values) require(v == v && v <= 3.4028235e38f);
  }
  require(entries == rows.entries());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace assay::codec;
  static const token_names names{{"a", assay::token_id{1}}, {"t5", assay::token_id{5}}};
  log_options options;
  options.limits.record_bytes = 1 << 16;
  options.limits.string_bytes = 1 << 12;
  options.limits.tokens = 64;
  options.limits.candidates = 32;
  options.limits.entries = 512;
  options.limits.choices = 8;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool rows : {true, false}) {
    options.rows = rows;
    options.names = rows ? &names : nullptr;
    std::uint64_t count = 0, line = 0;
    const auto read = read_log(text, [&](logged_sequence&& s) -> assay::result<void> {
      ++count;
      require(s.line >= line && s.name.size() <= 256);
      line = s.line;
      require(!s.prompt || s.prompt->size() <= options.limits.tokens);
      require(!s.output || (!s.output->empty() && s.output->size() <= options.limits.tokens));
      require(rows || (s.prompt_rows.empty() && s.output_rows.empty()));
      require(!s.output || s.output_rows.empty() || s.output->size() == s.output_rows.size());
      check_rows(s.prompt_rows, options.limits);
      check_rows(s.output_rows, options.limits);
      return {};
    }, options);
    if (read) require(*read == count);
    else require(read.error().where >= 1 && assay::name(read.error().code) != std::string_view{"unknown"});
  }
  return 0;
}
