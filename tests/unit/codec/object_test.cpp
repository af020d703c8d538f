// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <assay/codec/object.hpp>

#include "laws.hpp"

// A document of a test's own: the description is all that a new kind needs.
struct parcel {
  std::uint32_t weight = 1;
  std::vector<std::byte> content;
  friend bool operator==(const parcel&, const parcel&) = default;
};

namespace assay::inline v0::codec {
template <>
struct record<parcel> {
  static constexpr const char* name = "parcel";
  static constexpr document_limits limits{1000, 10};
  template <class Visitor, class Parcel>
  static void fields(Visitor& visit, Parcel& p) {
    auto& [weight, content] = p;
    visit("parcel.weight", weight);
    visit("parcel.content", content);
  }
  static result<void> check(const parcel& p) {
    if (p.weight == 0) return fail(errc::out_of_range, "parcel: no weight");
    return {};
  }
};
}  // namespace assay::inline v0::codec

using namespace assay;
using namespace assay_tests;

TEST_CASE("object: a description is all that a kind of document needs", "[codec]") {
  check_laws(parcel{7, std::vector<std::byte>(20, std::byte{0xab})});
  CHECK(codec::to_json_text(parcel{7, {std::byte{1}}}) ==
        R"({"assay":"parcel","content":"01","version":0,"weight":7})");
  CHECK(json_error<parcel>(codec::to_json_text(parcel{0, {}})) == errc::out_of_range);
}

TEST_CASE("object: spelling does not matter, fields do", "[codec]") {
  const parcel p{7, {std::byte{1}}};
  CHECK(*codec::parse_json_text<parcel>(
            "{ \"weight\" : 7,\n\"version\":0, \"content\":\"\\u00301\", \"assay\":\"parcel\" }") == p);
  // Keys in another order, and a head that is not the shortest.
  const auto bytes = cbor_of(codec::to_json(p, codec::carrier::cbor));
  std::vector<std::byte> longer(bytes.begin(), bytes.end() - 1);  // ends with the weight
  for (unsigned b : {0x1au, 0u, 0u, 0u, 7u}) longer.push_back(static_cast<std::byte>(b));
  CHECK(*codec::parse_cbor<parcel>(longer) == p);
}

TEST_CASE("object: the first error in the order of the fields wins", "[codec]") {
  const auto error_of = [](std::string_view text) { return codec::parse_json_text<parcel>(text).error(); };
  CHECK(error_of("{}").code == errc::missing_field);
  CHECK(std::string_view{error_of("{}").message} == "document.assay");
  CHECK(error_of(R"({"assay":1})").code == errc::wrong_type);
  CHECK(error_of(R"({"assay":"Parcel"})").code == errc::bad_magic);
  CHECK(std::string_view{error_of(R"({"assay":"parcel"})").message} == "document.version");
  CHECK(error_of(R"({"assay":"parcel","version":2})") == fail(errc::unsupported_version, "", 2));
  CHECK(error_of(R"({"assay":"parcel","version":0.0})").code == errc::wrong_type);
  CHECK(std::string_view{error_of(R"({"assay":"parcel","version":0})").message} == "parcel.weight");
  const auto unknown = error_of(R"({"assay":"parcel","version":0,"weight":1,"content":"","blue":1})");
  CHECK(unknown == fail(errc::unknown_field, "", 1));  // in alphabetical order: assay, blue, content, ...
  CHECK(std::string_view{unknown.message} == "parcel");
  CHECK(error_of("[]").code == errc::wrong_type);
  CHECK(error_of("null").code == errc::wrong_type);
}

TEST_CASE("object: trees that hold anything are answered without a throw", "[codec]") {
  for (const json& tree :
       {json(), json(1), json("x"), json::array(), json::object(), json::binary({1}), json(json::value_t::discarded)}) {
    CHECK_FALSE(codec::from_json<parcel>(tree));
    CHECK_FALSE(codec::from_json<parcel>(tree, codec::carrier::cbor));
  }
}
