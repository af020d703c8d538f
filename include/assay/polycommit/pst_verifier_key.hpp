// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a verifier of PST openings keeps: prepared powers of tau in G2, and the bases of the tiles it will see.
#ifndef ASSAY_POLYCOMMIT_PST_VERIFIER_KEY_HPP
#define ASSAY_POLYCOMMIT_PST_VERIFIER_KEY_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/math/pairing.hpp>
#include <assay/polycommit/pst.hpp>

namespace assay::inline v0 {

/// The G2 side of a reference string: about 11 KiB per axis. Immutable; all keys of a reference string share it.
template <class C>
class pst_pairing_key {
 public:
  [[nodiscard]] static std::shared_ptr<const pst_pairing_key> make(const verified_srs<C>& srs) {
    return std::shared_ptr<const pst_pairing_key>(new pst_pairing_key{srs.get(), srs.id()});
  }
  [[nodiscard]] static std::shared_ptr<const pst_pairing_key>
  make_insecure_for_tests(const insecure_srs_for_tests<C>& srs) {
    return std::shared_ptr<const pst_pairing_key>(new pst_pairing_key{srs.get(), srs.id()});
  }

  [[nodiscard]] const digest& reference_id() const noexcept { return reference_id_; }
  [[nodiscard]] std::size_t axes() const noexcept { return tau_.size(); }
  /// The generator of G2, negated.
  [[nodiscard]] const prepared_g2<C>& minus_one() const noexcept { return minus_one_; }
  /// [tau_j]_2
  [[nodiscard]] const prepared_g2<C>& tau(std::size_t axis) const noexcept { return tau_[axis]; }

 private:
  pst_pairing_key(const structured_reference_string<C>& srs, const digest& id)
      : reference_id_(id), minus_one_(-C::g2::generator()) {
    tau_.reserve(srs.tau_g2.size());
    for (const auto& t : srs.tau_g2) tau_.emplace_back(t);
  }

  digest reference_id_;
  prepared_g2<C> minus_one_;
  std::vector<prepared_g2<C>> tau_;
};

/// What a verifier needs for tensors of one shape. Immutable: share it. A verifier who only sees rows of a tensor keeps
/// the bases of one row.
template <class C>
class pst_verifier_key {
 public:
  using g1 = typename C::g1;
  using point = affine_point<g1>;

  /// From a prover's key of the same reference string, for tiles with at least `fixed` coordinates given.
  /// @pre fixed <= rank, both of the same reference string
  pst_verifier_key(std::shared_ptr<const pst_pairing_key<C>> pairing, const pst_key<C>& key, std::size_t fixed)
      : pairing_(std::move(pairing)), grid_(key.grid()), fixed_(fixed) {
    ASSAY_EXPECTS(fixed <= grid_.rank && pairing_->reference_id() == key.reference_id());
    for (std::size_t s = fixed; s <= grid_.rank; ++s) {
      const auto basis = key.basis(s);
      bases_.emplace_back(basis.begin(), basis.end());
    }
  }

  [[nodiscard]] const pst_grid& grid() const noexcept { return grid_; }
  [[nodiscard]] const pst_pairing_key<C>& pairing() const noexcept { return *pairing_; }
  /// Coordinates that a tile must at least have given.
  [[nodiscard]] std::size_t least_fixed() const noexcept { return fixed_; }
  /// Bases of a tile. @pre least_fixed() <= fixed <= rank
  [[nodiscard]] std::span<const point> basis(std::size_t fixed) const {
    ASSAY_EXPECTS(fixed >= fixed_ && fixed <= grid_.rank);
    return bases_[fixed - fixed_];
  }

 private:
  std::shared_ptr<const pst_pairing_key<C>> pairing_;
  pst_grid grid_;
  std::size_t fixed_;
  std::vector<std::vector<point>> bases_;
};

}  // namespace assay::inline v0

#endif
