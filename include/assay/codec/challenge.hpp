// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON and CBOR of challenges and of the encoded openings that answer them.
#ifndef ASSAY_CODEC_CHALLENGE_HPP
#define ASSAY_CODEC_CHALLENGE_HPP

#include <cstddef>
#include <vector>

#include <assay/codec/object.hpp>
#include <assay/protocol/challenge.hpp>

namespace assay::inline v0::codec {

template <>
struct record<challenge_size> {
  static constexpr const char* name = "size";

  template <class Visitor, class Size>
  static void fields(Visitor& visit, Size& size) {
    auto& [positions, final_rows] = size;
    visit("size.positions", positions);
    visit("size.final_rows", final_rows);
  }
};

template <>
struct record<challenge> {
  static constexpr const char* name = "challenge";
  static constexpr document_limits limits{4096, 64};

  template <class Visitor, class Challenge>
  static void fields(Visitor& visit, Challenge& asked) {
    auto& [receipt, randomness, size] = asked;
    visit("challenge.receipt", receipt);
    visit("challenge.randomness", randomness);
    visit("challenge.size", size);
  }

  static result<void> check(const challenge& asked) {
    if (asked.size.positions == 0 && asked.size.final_rows == 0)
      return fail(errc::out_of_range, "challenge: it asks for nothing");
    return {};
  }
};

/// Openings as the prover encoded them (magic "ASOS"); `parse_openings` reads the bytes.
struct encoded_openings {
  std::vector<std::byte> bytes;

  friend bool operator==(const encoded_openings&, const encoded_openings&) = default;
};

template <>
struct record<encoded_openings> {
  static constexpr const char* name = "openings";
  static constexpr document_limits limits{std::size_t{64} << 20, 16};

  template <class Visitor, class Openings>
  static void fields(Visitor& visit, Openings& openings) {
    auto& [bytes] = openings;
    visit("openings.bytes", bytes);
  }

  static result<void> check(const encoded_openings& openings) {
    if (openings.bytes.empty()) return fail(errc::empty, "openings: no bytes");
    return {};
  }
};

}  // namespace assay::inline v0::codec

#endif
