// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/evaluation/tidy_csv.hpp>

#include <bit>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace assay;
using evaluation::csv_cell;
using evaluation::csv_role;
using evaluation::csv_type;
using evaluation::tidy_csv;

namespace {

tidy_csv table() {
  auto made = tidy_csv::make({{"name", csv_type::text, csv_role::key},
                              {"count", csv_type::integer, csv_role::measured},
                              {"value", csv_type::real, csv_role::optional}});
  REQUIRE(made);
  return std::move(*made);
}

/// RFC 4180, for one table: cells of all rows, with quotes taken off.
std::vector<std::vector<std::string>> parsed(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (inside && c == '"' && i + 1 < text.size() && text[i + 1] == '"') rows.back().back() += '"', ++i;
    else if (c == '"') inside = !inside;
    else if (inside || (c != ',' && c != '\n')) rows.back().back() += c;
    else if (c == ',') rows.back().emplace_back();
    else rows.push_back({""});
  }
  rows.pop_back();
  return rows;
}

}  // namespace

TEST_CASE("tidy csv: header, quoting, missing and empty", "[evaluation]") {
  tidy_csv csv = table();
  REQUIRE(csv.add({std::string{"plain"}, std::int64_t{-3}, 0.5}));
  REQUIRE(csv.add({std::string{"a,b"}, std::int64_t{0}, csv_cell{}}));
  REQUIRE(csv.add({std::string{"say \"x\"\nand more"}, std::int64_t{1}, 1e300}));
  REQUIRE(csv.add({std::string{}, std::int64_t{2}, -0.0}));
  REQUIRE(csv.add({std::string{" padded"}, std::int64_t{2}, 3.0}));
  CHECK(csv.text() == "name,count,value\nplain,-3,0.5\n\"a,b\",0,\n\"say \"\"x\"\"\nand more\",1,1e+300\n\"\",2,-0\n"
                      "\" padded\",2,3\n");
  CHECK(csv.rows() == 5);
  const auto rows = parsed(csv.text());
  REQUIRE(rows.size() == 6);
  CHECK(rows[3][0] == "say \"x\"\nand more");
}

TEST_CASE("tidy csv: doubles read back with the same bits", "[evaluation]") {
  tidy_csv csv = table();
  std::vector<double> values{0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, 123456789.0, 1e22};
  std::uint64_t state = 1;
  for (int i = 0; i < 2000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double v = std::bit_cast<double>(state);
    if (v - v == 0) values.push_back(v);
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    REQUIRE(csv.add({std::to_string(i), static_cast<std::int64_t>(i), values[i]}));
  const auto rows = parsed(csv.text());
  REQUIRE(rows.size() == values.size() + 1);
  for (std::size_t i = 0; i < values.size(); ++i)
    CHECK(std::bit_cast<std::uint64_t>(std::strtod(rows[i + 1][2].c_str(), nullptr)) ==
          std::bit_cast<std::uint64_t>(values[i]));
}

TEST_CASE("tidy csv: one observation a row", "[evaluation]") {
  tidy_csv csv = table();
  REQUIRE(csv.add({std::string{"a"}, std::int64_t{1}, 1.0}));
  const std::string before = csv.text();
  CHECK(csv.add({std::string{"a"}, std::int64_t{2}, 2.0}).error().code == errc::duplicate);
  CHECK(csv.add({std::string{"b"}, 2.0, 2.0}).error().code == errc::wrong_type);
  CHECK(csv.add({std::int64_t{1}, std::int64_t{2}, 2.0}).error().code == errc::wrong_type);
  CHECK(csv.add({std::string{"b"}, csv_cell{}, 2.0}).error().code == errc::missing_field);
  CHECK(csv.add({csv_cell{}, std::int64_t{2}, 2.0}).error().code == errc::missing_field);
  CHECK(csv.add({std::string{"b"}, std::int64_t{2}}).error().code == errc::length_mismatch);
  for (double bad : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    CHECK(csv.add({std::string{"b"}, std::int64_t{2}, bad}).error().code == errc::non_finite);
  CHECK(csv.text() == before);
}

TEST_CASE("tidy csv: two keys together name an observation", "[evaluation]") {
  auto csv = tidy_csv::make({{"a", csv_type::text, csv_role::key}, {"b", csv_type::text, csv_role::key}});
  REQUIRE(csv);
  CHECK(csv->add({std::string{"x,"}, std::string{"y"}}));
  CHECK(csv->add({std::string{"x"}, std::string{",y"}}));
  CHECK(csv->add({std::string{"x"}, std::string{"y"}}));
  CHECK(!csv->add({std::string{"x"}, std::string{"y"}}));
}

TEST_CASE("tidy csv: columns are checked", "[evaluation]") {
  CHECK(tidy_csv::make({}).error().code == errc::empty);
  CHECK(tidy_csv::make({{"value"}}).error().code == errc::missing_field);
  CHECK(tidy_csv::make({{"a", csv_type::text, csv_role::key}, {"a"}}).error().code == errc::duplicate);
  for (const char* name : {"", "A", "1a", "a b", "a,b"})
    CHECK(tidy_csv::make({{name, csv_type::text, csv_role::key}}).error().code == errc::malformed);
}
