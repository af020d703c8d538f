// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Error codes with stable numbers, and the error value that carries one.
#ifndef ASSAY_CORE_ERROR_HPP
#define ASSAY_CORE_ERROR_HPP

#include <cstdint>

#include <assay/core/config.hpp>

namespace assay::inline v0 {

/// What went wrong. Numbers are stable: never renumbered, never reused.
enum class errc : std::uint16_t {
  // bytes and values from another party
  truncated = 1,             ///< the input ends inside a field
  trailing_bytes = 2,        ///< bytes follow the last field
  bad_magic = 3,             ///< not the kind of object that was expected
  unsupported_version = 4,   ///< a wire or file version this library does not know
  non_canonical = 5,         ///< the same object has a shorter or another mandatory spelling
  too_large = 6,             ///< a stated limit on a length or count is exceeded
  out_of_range = 7,          ///< a number lies outside its field's range
  duplicate = 8,             ///< an item that must be unique occurs twice
  wrong_order = 9,           ///< items are not in the required order
  malformed = 10,            ///< the carrier syntax (JSON, CBOR, header) is broken
  unknown_field = 11,        ///< a field that the type does not have
  missing_field = 12,        ///< a field that the type requires is absent
  wrong_type = 13,           ///< a field holds another type than required
  length_mismatch = 14,      ///< two lengths that must agree differ
  shape_mismatch = 15,       ///< a tensor's rank or extents are not the expected ones
  dtype_mismatch = 16,       ///< a tensor's element type is not the expected one
  unsupported = 17,          ///< valid, but this library or profile cannot handle it
  overflow = 18,             ///< a size computation does not fit
  non_finite = 20,           ///< NaN or infinity where a finite number is required
  empty = 21,                ///< nothing where at least one item is required
  invalid_settings = 22,     ///< parameters that contradict each other or make no sense
  token_out_of_range = 23,   ///< a token id is not in the vocabulary
  empty_kept_set = 24,       ///< the sampler's filters left no candidate

  // files and hosts
  io_failure = 30,           ///< the operating system refused a read or write
  not_found = 31,            ///< a named file, tensor or key does not exist
  host_failure = 32,         ///< a callback of the embedding program reported failure

  // commitments
  commitment_mismatch = 40,  ///< the opened values do not belong to the commitment
  wrong_statement = 41,      ///< a valid proof of something else than what was asked
  not_on_curve = 42,         ///< coordinates that do not satisfy the curve's equation
  not_in_subgroup = 43,      ///< a point outside the group of prime order
  identity_point = 44,       ///< the point at infinity where a proper point is required
  invalid_proof = 45,        ///< a proof's equation does not hold
  untrusted_parameters = 46, ///< public parameters that fail their check, or are not those that were agreed

  // statistics
  insufficient_data = 50,    ///< too few samples for the guarantee that was asked for
  calibration_mismatch = 51, ///< a calibration for another model, dtype or policy

  // order of calls
  wrong_state = 60,          ///< the call is not allowed in the object's present state
  expired = 61,              ///< the retention window of the asked data has passed
  incomplete = 62,           ///< data that must have been observed is missing
  conflicting = 63,          ///< the same item was observed twice with different contents
};

/// An error: what, where, and a static sentence for people. Trivially copyable, never allocates.
struct error {
  errc code{};
  std::uint64_t where = 0;           ///< byte offset, index or position; the message says which
  const char* message = "";          ///< static storage; never built from foreign data

  friend constexpr bool operator==(const error& a, const error& b) noexcept {
    return a.code == b.code && a.where == b.where;
  }
};

/// Returns the code's name, for logs and reports.
[[nodiscard]] constexpr const char* name(errc code) noexcept {
  switch (code) {
    case errc::truncated: return "truncated";
    case errc::trailing_bytes: return "trailing_bytes";
    case errc::bad_magic: return "bad_magic";
    case errc::unsupported_version: return "unsupported_version";
    case errc::non_canonical: return "non_canonical";
    case errc::too_large: return "too_large";
    case errc::out_of_range: return "out_of_range";
    case errc::duplicate: return "duplicate";
    case errc::wrong_order: return "wrong_order";
    case errc::malformed: return "malformed";
    case errc::unknown_field: return "unknown_field";
    case errc::missing_field: return "missing_field";
    case errc::wrong_type: return "wrong_type";
    case errc::length_mismatch: return "length_mismatch";
    case errc::shape_mismatch: return "shape_mismatch";
    case errc::dtype_mismatch: return "dtype_mismatch";
    case errc::unsupported: return "unsupported";
    case errc::overflow: return "overflow";
    case errc::non_finite: return "non_finite";
    case errc::empty: return "empty";
    case errc::invalid_settings: return "invalid_settings";
    case errc::token_out_of_range: return "token_out_of_range";
    case errc::empty_kept_set: return "empty_kept_set";
    case errc::io_failure: return "io_failure";
    case errc::not_found: return "not_found";
    case errc::host_failure: return "host_failure";
    case errc::commitment_mismatch: return "commitment_mismatch";
    case errc::wrong_statement: return "wrong_statement";
    case errc::not_on_curve: return "not_on_curve";
    case errc::not_in_subgroup: return "not_in_subgroup";
    case errc::identity_point: return "identity_point";
    case errc::invalid_proof: return "invalid_proof";
    case errc::untrusted_parameters: return "untrusted_parameters";
    case errc::insufficient_data: return "insufficient_data";
    case errc::calibration_mismatch: return "calibration_mismatch";
    case errc::wrong_state: return "wrong_state";
    case errc::expired: return "expired";
    case errc::incomplete: return "incomplete";
    case errc::conflicting: return "conflicting";
  }
  return "unknown";
}

}  // namespace assay::inline v0

#endif
