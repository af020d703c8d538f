// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tables for other programs: comma-separated, one observation a row, and strict about it.
#ifndef ASSAY_EVALUATION_TIDY_CSV_HPP
#define ASSAY_EVALUATION_TIDY_CSV_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <assay/core/fp.hpp>
#include <assay/core/result.hpp>

namespace assay::inline v0::evaluation {

enum class csv_type : std::uint8_t { text, integer, real };

enum class csv_role : std::uint8_t {
  key,       ///< says which observation a row is: no two rows agree in all keys; never missing
  measured,  ///< always there
  optional,  ///< may be missing: an empty cell
};

struct csv_column {
  std::string name;  ///< lower case, digits and '_'
  csv_type type = csv_type::real;
  csv_role role = csv_role::measured;
};

/// Nothing (missing), a text, an integer or a number.
using csv_cell = std::variant<std::monostate, std::string, std::int64_t, double>;

/// A table in RFC 4180's form: a header, rows in the order of `add`, lines that end with LF. Numbers are written in the
/// shortest form that reads back as the same double; texts are quoted where they need it, and where they are empty.
class tidy_csv {
 public:
  /// @errors empty (no column), malformed (a column's name), duplicate (a name), missing_field (no key column)
  [[nodiscard]] static result<tidy_csv> make(std::vector<csv_column> columns) {
    if (columns.empty()) return fail(errc::empty, "a table without columns");
    bool has_key = false;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (!is_name(columns[i].name))
        return fail(errc::malformed, "a column's name is not lower case, digits and '_'", i);
      for (std::size_t j = 0; j < i; ++j)
        if (columns[j].name == columns[i].name) return fail(errc::duplicate, "two columns have one name", i);
      has_key = has_key || columns[i].role == csv_role::key;
    }
    if (!has_key) return fail(errc::missing_field, "a table without a key column");
    return tidy_csv{std::move(columns)};
  }

  /// Adds a row. @errors length_mismatch (cells), wrong_type, missing_field, non_finite (where: the column), duplicate
  ///                     (a row with these keys exists; where: the row); then nothing is added
  [[nodiscard]] result<void> add(std::span<const csv_cell> cells) {
    if (cells.size() != columns_.size())
      return fail(errc::length_mismatch, "a row's cells are not its columns'", cells.size());
    std::string line, key;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (auto ok = check(cells[i], columns_[i], i); !ok) return ok;
      const std::string cell = written(cells[i]);
      if (i > 0) line += ',';
      line += cell;
      if (columns_[i].role == csv_role::key) key.append(cell).append(1, ',');
    }
    if (!keys_.insert(std::move(key)).second) return fail(errc::duplicate, "a row with these keys exists", rows_);
    text_.append(line).append(1, '\n');
    ++rows_;
    return {};
  }
  [[nodiscard]] result<void> add(std::initializer_list<csv_cell> cells) {
    return add(std::span<const csv_cell>{cells.begin(), cells.size()});
  }

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  /// Header and rows.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  explicit tidy_csv(std::vector<csv_column> columns) : columns_(std::move(columns)) {
    for (const csv_column& c : columns_) text_.append(text_.empty() ? "" : ",").append(c.name);
    text_ += '\n';
  }

  static bool is_name(std::string_view name) noexcept {
    for (char c : name)
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
    return !name.empty() && (name[0] < '0' || name[0] > '9');
  }

  static result<void> check(const csv_cell& cell, const csv_column& column, std::size_t i) {
    if (std::holds_alternative<std::monostate>(cell)) {
      if (column.role == csv_role::optional) return {};
      return fail(errc::missing_field, "a cell that must be there is missing", i);
    }
    // Index in the variant: 1 text, 2 integer, 3 real.
    if (cell.index() != static_cast<std::size_t>(column.type) + 1)
      return fail(errc::wrong_type, "a cell is not of its column's type", i);
    if (const double* number = std::get_if<double>(&cell); number != nullptr && !fp::is_finite(*number))
      return fail(errc::non_finite, "a cell is NaN or infinite", i);
    return {};
  }

  static std::string written(const csv_cell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) return quoted(*text);
    char digits[32];
    char* const limit = digits + sizeof digits;
    std::to_chars_result end{digits, {}};
    if (const auto* whole = std::get_if<std::int64_t>(&cell)) end = std::to_chars(digits, limit, *whole);
    if (const auto* number = std::get_if<double>(&cell)) end = std::to_chars(digits, limit, *number);
    return {digits, end.ptr};
  }

  static std::string quoted(const std::string& text) {
    const bool plain = !text.empty() && text.find_first_of(",\"\r\n") == std::string::npos && text.front() != ' ' &&
                       text.back() != ' ';
    if (plain) return text;
    std::string out{'"'};
    for (char c : text) out.append(c == '"' ? 2u : 1u, c);
    return out += '"';
  }

  std::vector<csv_column> columns_;
  std::set<std::string> keys_;
  std::string text_;
  std::size_t rows_ = 0;
};

}  // namespace assay::inline v0::evaluation

#endif
