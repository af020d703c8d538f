// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The k largest entries of a chunk, selected while its rows pass by.
#ifndef ASSAY_FINGERPRINT_TOPLOC_TOP_K_HPP
#define ASSAY_FINGERPRINT_TOPLOC_TOP_K_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <assay/core/bytes.hpp>
#include <assay/core/result.hpp>
#include <assay/fingerprint/toploc_selection.hpp>

namespace assay::inline v0::toploc {

namespace detail {

/// The first of the codes from `from` on whose magnitude is above `bar`; their number if there is none.
[[nodiscard]] inline std::size_t first_above(byte_view codes, std::size_t from, std::uint16_t bar) noexcept {
  using shorts [[gnu::vector_size(16)]] = std::int16_t;  // magnitudes are 15 bits: signed comparisons do
  constexpr std::size_t lanes = 8, block = 8 * lanes;
  const std::size_t count = codes.size() / 2;
  const shorts level = shorts{} + static_cast<std::int16_t>(std::min<unsigned>(bar, 0x7fff));
  for (; from + block <= count; from += block) {
    shorts v[8], above = {};
    std::memcpy(v, codes.data() + 2 * from, sizeof v);
#pragma GCC unroll 8
    for (std::size_t j = 0; j < 8; ++j) above |= (v[j] & 0x7fff) > level;
    std::uint64_t halves[2];
    std::memcpy(halves, &above, sizeof halves);
    if ((halves[0] | halves[1]) != 0) break;
  }
  for (; from < count; ++from) {
    std::uint16_t code;
    std::memcpy(&code, codes.data() + 2 * from, sizeof code);
    if ((code & 0x7fff) > bar) return from;
  }
  return count;
}

}  // namespace detail

/// The entries of a chunk that a proof is about, by position; positions count row after row from the chunk's first
/// entry.
struct selection {
  std::uint64_t elements = 0;  ///< entries of the chunk
  std::vector<std::uint32_t> positions;  ///< ascending
  std::vector<std::uint16_t> codes;  ///< bf16, sign included
};

/// Selects in one pass: keeps k entries, and of torch_cpu chunks the first 64 k codes, because PyTorch selects
/// otherwise among fewer. Never holds a chunk.
/// Determinism: exact. Complexity: one comparison per entry, O(log k) for each that gets in.
/// Source: PyTorch's aten/src/ATen/native/TopKImpl.h, checked against PyTorch 2.6.
class top_k_selector {
 public:
  /// @pre validate(how)
  explicit top_k_selector(const settings& how) : how_(how), before_(detail::entry_order::of(how.ties)) {
    kept_.reserve(how.top_k);
  }

  /// Takes the next bf16 codes, in the machine's byte order, at any alignment.
  /// @errors non_finite (unless allowed; where: the position), unsupported (a chunk of 2^31 entries or more)
  [[nodiscard]] result<void> push(byte_view codes) {
    const std::size_t count = codes.size() / 2;
    if (count > max_elements - elements_) return fail(errc::unsupported, "toploc: a chunk of 2^31 entries or more");
    if (how_.ties == tie_policy::torch_cpu) keep_head(codes);
    std::size_t i = 0;
    for (; i < count && kept_.size() < how_.top_k; ++i)
      if (auto taken = fill(codes, i); !taken) return taken;
    if (kept_.size() == how_.top_k) {
      for (i = next(codes, i); i < count; i = next(codes, i + 1))
        if (auto taken = offer(codes, i); !taken) return taken;
    }
    elements_ += count;
    return {};
  }

  /// Writes the chunk's selection and starts with the next chunk. @errors empty (fewer than k entries; where: how many)
  [[nodiscard]] result<void> finish(selection& out) {
    const std::uint64_t elements = elements_;
    if (elements >= how_.top_k && how_.ties == tie_policy::torch_cpu && elements < 64 * std::uint64_t{how_.top_k})
      select_among_few();
    std::sort(kept_.begin(), kept_.end(),
              [](detail::entry a, detail::entry b) { return detail::position_of(a) < detail::position_of(b); });
    out.elements = elements;
    out.positions.clear();
    out.codes.clear();
    for (const detail::entry e : kept_) {
      out.positions.push_back(detail::position_of(e));
      out.codes.push_back(detail::code_of(e));
    }
    reset();
    if (elements < how_.top_k) return fail(errc::empty, "toploc: a chunk has fewer than top_k entries", elements);
    return {};
  }

  /// Forgets the present chunk.
  void reset() noexcept {
    elements_ = 0;
    kept_.clear();
    head_.clear();
  }

  /// Entries of the present chunk so far.
  [[nodiscard]] std::uint64_t elements() const noexcept { return elements_; }

 private:
  [[nodiscard]] static std::uint16_t code_at(byte_view codes, std::size_t i) noexcept {
    std::uint16_t code;
    std::memcpy(&code, codes.data() + 2 * i, sizeof code);
    return code;
  }

  [[nodiscard]] result<void> check(std::uint16_t code, std::size_t i) const {
    if (!how_.allow_non_finite && detail::rank_of(code) >= detail::infinity_code)
      return fail(errc::non_finite, "toploc: an entry is NaN or infinite", elements_ + i);
    return {};
  }

  [[nodiscard]] result<void> fill(byte_view codes, std::size_t i) {
    if (auto finite = check(code_at(codes, i), i); !finite) return finite;
    kept_.push_back(detail::make_entry(static_cast<std::uint32_t>(elements_ + i), code_at(codes, i)));
    if (kept_.size() == how_.top_k) detail::make_heap(kept_, before_);
    return {};
  }

  /// The next entry that might get in. An entry that ties with the weakest one never does, by either policy.
  [[nodiscard]] std::size_t next(byte_view codes, std::size_t from) const noexcept {
    return detail::first_above(codes, from, detail::rank_of(kept_[0]));
  }

  [[nodiscard]] result<void> offer(byte_view codes, std::size_t i) {
    if (auto finite = check(code_at(codes, i), i); !finite) return finite;
    const detail::entry e = detail::make_entry(static_cast<std::uint32_t>(elements_ + i), code_at(codes, i));
    if (before_(e, kept_[0])) detail::sift(kept_, 0, e, before_);
    return {};
  }

  void keep_head(byte_view codes) {
    const std::size_t limit = 64 * std::size_t{how_.top_k};
    const std::size_t taken = std::min(codes.size() / 2, limit - std::min(limit, head_.size()));
    const std::size_t size = head_.size();
    head_.resize(size + taken);
    if (taken != 0) std::memcpy(head_.data() + size, codes.data(), 2 * taken);
  }

  /// @pre head_ holds the whole chunk
  void select_among_few() {
    entries_.clear();
    for (std::size_t i = 0; i < head_.size(); ++i)
      entries_.push_back(detail::make_entry(static_cast<std::uint32_t>(i), head_[i]));
    detail::nth_element(entries_, how_.top_k, before_);
    kept_.assign(entries_.begin(), entries_.begin() + how_.top_k);
  }

  settings how_;
  detail::entry_order before_;
  std::uint64_t elements_ = 0;
  std::vector<detail::entry> kept_;  ///< the best so far; a heap once there are k
  std::vector<std::uint16_t> head_;  ///< the first codes
  std::vector<detail::entry> entries_;  ///< scratch
};

}  // namespace assay::inline v0::toploc

#endif
