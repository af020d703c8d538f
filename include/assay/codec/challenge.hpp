// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON and CBOR of challenges and of the encoded openings that answer them.
#ifndef ASSAY_CODEC_CHALLENGE_HPP
#define ASSAY_CODEC_CHALLENGE_HPP

#include <cstddef>
#include <vector>

#include <assay/codec/object.hpp>
#include <assay/protocol/challenge.hpp>

namespace assay::inline v0::codec {

/// Members of a challenge that asks for blocks; one that does not has null.
template <>
struct record<recheck_size> {
  static constexpr const char* name = "recheck";

  template <class Visitor, class Size>
  static void fields(Visitor& visit, Size& size) {
    auto& [among, blocks, positions, prefix] = size;
    visit("recheck.among", among);
    visit("recheck.blocks", blocks);
    visit("recheck.positions", positions);
    visit("recheck.prefix", prefix);
  }
};

template <>
struct record<challenge_size> {
  static constexpr const char* name = "size";

  template <class Visitor, class Size>
  static void fields(Visitor& visit, Size& size) {
    auto& [positions, final_rows, recheck] = size;
    bool present = recheck.asks();
    visit("size.positions", positions);
    visit("size.final_rows", final_rows);
    visit.optional("size.recheck", present, recheck);
  }
};

template <>
struct record<challenge> {
  static constexpr const char* name = "challenge";
  static constexpr document_limits limits{std::size_t{1} << 14, run_limits::checkpoints + 64};

  template <class Visitor, class Challenge>
  static void fields(Visitor& visit, Challenge& asked) {
    auto& [receipt, randomness, size] = asked;
    visit("challenge.receipt", receipt);
    visit("challenge.randomness", randomness);
    visit("challenge.size", size);
  }

  static result<void> check(const challenge& asked) { return validate(asked.size); }
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
