// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A reference string whose trapdoor is known, for tests and benchmarks: whoever uses it can open anything to anything.
#ifndef ASSAY_POLYCOMMIT_INSECURE_SRS_HPP
#define ASSAY_POLYCOMMIT_INSECURE_SRS_HPP

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/endian.hpp>
#include <assay/core/expects.hpp>
#include <assay/polycommit/detail/generator_multiples.hpp>
#include <assay/polycommit/reference_string.hpp>
#include <assay/random/stream.hpp>

namespace assay::inline v0 {

/// A reference string from a public trapdoor. Never converts to `verified_srs`; keys take it only under names that say
/// insecure.
template <class C>
class insecure_srs_for_tests {
 public:
  using scalar = typename C::fr;

  /// Trapdoors from a number. Exact. @pre validate(shape)
  [[nodiscard]] static insecure_srs_for_tests make(const grid_shape& shape, std::uint64_t seed_number) {
    seed from;
    store_le(from.bytes.data(), seed_number);
    random_stream stream{from, "insecure srs for tests"};
    std::vector<scalar> tau(shape.rank);
    for (scalar& t : tau) {
      std::array<std::byte, scalar::byte_size + 16> wide;
      for (std::size_t i = 0; i < wide.size(); i += 8) store_le(wide.data() + i, stream.next_u64());
      t = scalar::reduce_le(wide);
    }
    return from_trapdoor(shape, std::move(tau));
  }

  /// Trapdoors as given. Exact. @pre validate(shape), one trapdoor per axis, none a node of its axis
  [[nodiscard]] static insecure_srs_for_tests from_trapdoor(const grid_shape& shape, std::vector<scalar> tau) {
    ASSAY_EXPECTS(validate(shape) && tau.size() == shape.rank);
    structured_reference_string<C> data;
    data.shape = shape;
    std::vector<scalar> values{scalar::one()};
    for (std::size_t j = 0; j < shape.rank; ++j) {
      const auto weights = barycentric_weights<scalar>(shape.extents[j]);
      const auto axis = lagrange_values<scalar>(weights, tau[j]);
      for (const scalar& l : axis) ASSAY_EXPECTS(!l.is_zero());
      std::vector<scalar> product;
      product.reserve(values.size() * axis.size());
      for (const scalar& outer : values)
        for (const scalar& inner : axis) product.push_back(outer * inner);
      values = std::move(product);
    }
    data.lagrange.resize(values.size());
    detail::generator_multiples<typename C::g1>(values, data.lagrange);
    data.tau_g2.resize(tau.size());
    detail::generator_multiples<typename C::g2>(tau, data.tau_g2);
    return insecure_srs_for_tests{std::move(data), std::move(tau)};
  }

  [[nodiscard]] const structured_reference_string<C>& get() const noexcept { return *data_; }
  [[nodiscard]] std::shared_ptr<const structured_reference_string<C>> shared() const noexcept { return data_; }
  [[nodiscard]] const digest& id() const noexcept { return id_; }
  /// The secret that nobody may know of a real reference string: for forgeries.
  [[nodiscard]] std::span<const scalar> trapdoor_insecure_for_tests() const noexcept { return tau_; }

 private:
  insecure_srs_for_tests(structured_reference_string<C> data, std::vector<scalar> tau)
      : data_(std::make_shared<const structured_reference_string<C>>(std::move(data))), tau_(std::move(tau)),
        id_(data_->id()) {}

  std::shared_ptr<const structured_reference_string<C>> data_;
  std::vector<scalar> tau_;
  digest id_;
};

}  // namespace assay::inline v0

#endif
