// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prime fields in Montgomery form, for any modulus whose top bit is clear.
#ifndef ASSAY_MATH_FIELD_HPP
#define ASSAY_MATH_FIELD_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>

#include <assay/core/bytes.hpp>
#include <assay/core/endian.hpp>
#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/math/detail/field_x86.hpp>
#include <assay/math/detail/inverse.hpp>
#include <assay/math/detail/sums_x86.hpp>
#include <assay/math/kernel.hpp>
#include <assay/math/limbs.hpp>

namespace assay::inline v0 {

namespace detail {

/// Everything Montgomery arithmetic needs, from the modulus p alone. R = 2^(64 N).
template <class P>
struct montgomery {
  static constexpr std::size_t n = P::modulus.size();
  using limbs_type = limbs<n>;

  static constexpr limbs_type modulus = P::modulus;
  static constexpr unsigned bits = bit_length(P::modulus);
  static_assert(bits < 64 * n, "the modulus must leave the top bit clear");
  /// With 4p < R no product needs a final subtraction: values are kept below 2p, and are unique only when asked for.
  static constexpr bool redundant = bits + 2 <= 64 * n;

  /// -p^-1 mod 2^64
  static constexpr std::uint64_t negated_inverse = [] {
    std::uint64_t x = 1;
    for (int i = 0; i < 6; ++i) x *= 2 - P::modulus[0] * x;
    return ~x + 1;
  }();
  /// What values stay below: 2p or p.
  static constexpr limbs_type bound = [] {
    limbs_type b = P::modulus;
    if (redundant) add_to(b, P::modulus);
    return b;
  }();
  static constexpr std::array<limbs_type, 2> zero_or_bound = {limbs_type{}, bound};
  static constexpr montgomery_constants<n> constants = {P::modulus, negated_inverse};
  static constexpr limbs_type power_of_two(unsigned exponent) {
    limbs_type r{1};
    for (unsigned i = 0; i < exponent; ++i) {
      const limbs_type same = r;
      add_to(r, same);
      if (!less(r, P::modulus)) subtract_from(r, P::modulus);
    }
    return r;
  }
  static constexpr limbs_type r1 = power_of_two(64 * n);   // R mod p: one
  static constexpr limbs_type r2 = power_of_two(128 * n);  // R^2 mod p: enters the Montgomery form

  /// Whether sums and products have kernels of their own.
  static constexpr bool accelerated = ASSAY_X86_64 != 0 && (n == 4 || n == 6);

  static constexpr void select(limbs_type& a, const limbs_type& b, bool take_b) noexcept {
    const std::uint64_t mask = ~std::uint64_t{take_b} + 1;
    for (std::size_t i = 0; i < n; ++i) a[i] ^= (a[i] ^ b[i]) & mask;
  }
  static constexpr limbs_type add_portable(const limbs_type& a, const limbs_type& b, const limbs_type& limit) noexcept {
    limbs_type sum = a;
    add_to(sum, b);
    limbs_type less = sum;
    const bool below = subtract_from(less, limit) != 0;
    select(less, sum, below);
    return less;
  }
  static constexpr limbs_type subtract_portable(const limbs_type& a, const limbs_type& b) noexcept {
    limbs_type difference = a, addend{};
    select(addend, bound, subtract_from(difference, b) != 0);
    add_to(difference, addend);
    return difference;
  }
  // Inlined always: out of line, the sum would be stored by words and copied by vectors, which stalls.
  /// a + b, less `limit` unless that is negative. @pre a + b < R
  [[gnu::always_inline]] static constexpr limbs_type add(const limbs_type& a, const limbs_type& b, const limbs_type& limit) noexcept {
#if ASSAY_FAST_SUMS
    if constexpr (accelerated)
      if (!std::is_constant_evaluated()) return add_modulo(a, b, limit);
#endif
    return add_portable(a, b, limit);
  }
  /// a - b, plus `bound` if that is negative.
  [[gnu::always_inline]] static constexpr limbs_type subtract(const limbs_type& a, const limbs_type& b) noexcept {
#if ASSAY_FAST_SUMS
    if constexpr (accelerated)
      if (!std::is_constant_evaluated()) return subtract_modulo(a, b, zero_or_bound);
#endif
    return subtract_portable(a, b);
  }
  /// @pre a < 2p
  static constexpr limbs_type reduced(const limbs_type& a) noexcept { return add(a, zero_or_bound[0], P::modulus); }

  /// a b / R mod p, below `bound` (coarsely integrated operand scanning; the clear top bits spare the last carry).
  static constexpr limbs_type multiply_portable(const limbs_type& a, const limbs_type& b) noexcept {
    limbs_type t{};
    for (std::size_t i = 0; i < n; ++i) {
      uint128 product = uint128{a[0]} * b[i] + t[0];
      const std::uint64_t m = static_cast<std::uint64_t>(product) * negated_inverse;
      uint128 reduction = uint128{m} * P::modulus[0] + static_cast<std::uint64_t>(product);
      for (std::size_t j = 1; j < n; ++j) {
        product = uint128{a[j]} * b[i] + t[j] + static_cast<std::uint64_t>(product >> 64);
        reduction = uint128{m} * P::modulus[j] + static_cast<std::uint64_t>(product) +
                    static_cast<std::uint64_t>(reduction >> 64);
        t[j - 1] = static_cast<std::uint64_t>(reduction);
      }
      t[n - 1] = static_cast<std::uint64_t>(product >> 64) + static_cast<std::uint64_t>(reduction >> 64);
    }
    if constexpr (!redundant) t = reduced(t);
    return t;
  }

  /// The same as `multiply_portable` by one kernel. @pre the CPU has it
  template <math_kernel Kernel>
  [[gnu::always_inline]] static void multiply_with(limbs_type& out, const limbs_type& a, const limbs_type& b) noexcept {
#if ASSAY_X86_64
    if constexpr (accelerated && Kernel != math_kernel::portable) {
      if constexpr (Kernel == math_kernel::mulq) multiply_mulq(out, a, b, constants);
      else multiply_adx(out, a, b, constants);
      if constexpr (!redundant) out = reduced(out);
      return;
    }
#endif
    out = multiply_portable(a, b);
  }
  [[gnu::noinline]] static void multiply_slowly(limbs_type& out, const limbs_type& a, const limbs_type& b) noexcept {
    if (active_kernel == math_kernel::mulq) return multiply_with<math_kernel::mulq>(out, a, b);
    multiply_with<math_kernel::portable>(out, a, b);
  }
  /// By the active kernel. One function per field: the call costs less than inlined copies do.
  [[gnu::noinline]] static void multiply(limbs_type& out, const limbs_type& a, const limbs_type& b) noexcept {
    if (active_kernel >= math_kernel::adx) [[likely]]
      return multiply_with<math_kernel::adx>(out, a, b);
    multiply_slowly(out, a, b);
  }

  [[gnu::always_inline]] static constexpr limbs_type product(const limbs_type& a, const limbs_type& b) noexcept {
    if (std::is_constant_evaluated()) return multiply_portable(a, b);
    limbs_type out;
    multiply(out, a, b);
#if ASSAY_FAST_SUMS
    if constexpr (accelerated) return read_narrow(out);
#endif
    return out;
  }

  /// R^2 / x: the Montgomery form of the inverse of what x is the Montgomery form of.
  static constexpr inversion_constants<n> inversion{P::modulus, r2};
};

}  // namespace detail

/// An element of the integers modulo `P::modulus`. Regular and trivially copyable. Exact. Nothing here is
/// constant-time.
template <class P>
class field {
  using mont = detail::montgomery<P>;

 public:
  using parameters = P;
  static constexpr std::size_t limb_count = mont::n;
  static constexpr unsigned bits = mont::bits;
  static constexpr std::size_t byte_size = 8 * limb_count;
  using limbs_type = limbs<limb_count>;

  constexpr field() noexcept = default;
  [[nodiscard]] static constexpr field zero() noexcept { return {}; }
  [[nodiscard]] static constexpr field one() noexcept { return from_montgomery(mont::r1); }
  [[nodiscard]] static constexpr const limbs_type& modulus() noexcept { return mont::modulus; }

  [[nodiscard]] static constexpr field from_u64(std::uint64_t value) noexcept { return from_limbs(limbs_type{value}); }
  [[nodiscard]] static constexpr field from_i64(std::int64_t value) noexcept {
    return value < 0 ? -from_u64(~static_cast<std::uint64_t>(value) + 1) : from_u64(static_cast<std::uint64_t>(value));
  }
  /// @pre value < modulus
  [[nodiscard]] static constexpr field from_limbs(const limbs_type& value) noexcept {
    return from_montgomery(value) * from_montgomery(mont::r2);
  }
  /// A constant, in lower-case hexadecimal digits.
  [[nodiscard]] static consteval field from_hex(std::string_view hex) {
    return from_limbs(detail::limbs_from_hex<limb_count>(hex));
  }
  /// The integer below the modulus.
  [[nodiscard]] constexpr limbs_type to_limbs() const noexcept {
    return mont::reduced((*this * from_montgomery(limbs_type{1})).v_);
  }
  /// Any little-endian integer modulo the modulus. Uniform to 2^-128 if `bytes` are 16 more than the modulus has.
  [[nodiscard]] static field reduce_le(byte_view bytes) noexcept {
    const field shift = from_u64(~std::uint64_t{0}) + one();
    field sum;
    for (std::size_t end = bytes.size(); end > 0;) {
      const std::size_t begin = (end - 1) / 8 * 8;
      std::uint64_t word = 0;
      for (std::size_t i = end; i-- > begin;) word = word << 8 | std::to_integer<std::uint64_t>(bytes[i]);
      sum = sum * shift + from_u64(word);
      end = begin;
    }
    return sum;
  }

  /// Reads a canonical encoding of `byte_size` bytes, least significant first. @errors length_mismatch, non_canonical
  [[nodiscard]] static result<field> parse_le(byte_view bytes) { return parse(bytes, false); }
  /// Likewise, most significant byte first.
  [[nodiscard]] static result<field> parse_be(byte_view bytes) { return parse(bytes, true); }
  void encode_le(std::span<std::byte, byte_size> out) const noexcept {
    const limbs_type value = to_limbs();
    for (std::size_t i = 0; i < limb_count; ++i) store_le(out.data() + 8 * i, value[i]);
  }
  void encode_be(std::span<std::byte, byte_size> out) const noexcept {
    const limbs_type value = to_limbs();
    for (std::size_t i = 0; i < limb_count; ++i) store_be(out.data() + 8 * (limb_count - 1 - i), value[i]);
  }

  [[nodiscard]] constexpr bool is_zero() const noexcept {
    return detail::is_zero(v_) || (mont::redundant && v_ == mont::modulus);
  }
  [[nodiscard]] constexpr bool is_one() const noexcept { return *this == one(); }

  [[gnu::always_inline]] friend constexpr field operator+(const field& a, const field& b) noexcept {
    return field{mont::add(a.v_, b.v_, mont::bound)};
  }
  [[gnu::always_inline]] friend constexpr field operator-(const field& a, const field& b) noexcept {
    return field{mont::subtract(a.v_, b.v_)};
  }
  friend constexpr field operator*(const field& a, const field& b) noexcept { return field{mont::product(a.v_, b.v_)}; }
  constexpr field operator-() const noexcept { return field{} - *this; }
  constexpr field& operator+=(const field& b) noexcept { return *this = *this + b; }
  constexpr field& operator-=(const field& b) noexcept { return *this = *this - b; }
  constexpr field& operator*=(const field& b) noexcept { return *this = *this * b; }
  [[nodiscard]] constexpr field squared() const noexcept { return *this * *this; }
  [[nodiscard]] constexpr field doubled() const noexcept { return *this + *this; }

  friend constexpr bool operator==(const field& a, const field& b) noexcept { return (a - b).is_zero(); }

  /// Raises to a power given as limbs, by windows of at most four bits that begin and end in a one. Variable time.
  template <std::size_t M>
  [[nodiscard]] constexpr field pow(const limbs<M>& exponent) const noexcept {
    unsigned left = detail::bit_length(exponent);
    const unsigned width = left > 32 ? 4 : 1;
    std::array<field, 8> odd_powers{*this};
    if (width > 1) {
      const field square = squared();
      for (std::size_t i = 1; i < odd_powers.size(); ++i) odd_powers[i] = odd_powers[i - 1] * square;
    }
    field r = one();
    bool is_first = true;
    while (left > 0) {
      if (detail::bits_of(exponent, left - 1, 1) == 0) {
        r.multiply_in_place(r);
        --left;
        continue;
      }
      const unsigned high = left < width ? left : width;
      const std::uint32_t window = detail::bits_of(exponent, left - high, high);
      const auto zeros = static_cast<unsigned>(__builtin_ctz(window));
      for (unsigned i = zeros; i < high && !is_first; ++i) r.multiply_in_place(r);
      const field& factor = odd_powers[window >> (zeros + 1)];
      if (is_first) r = factor;
      else r.multiply_in_place(factor);
      is_first = false;
      left -= high - zeros;
    }
    return r;
  }
  /// 1 / *this; zero for zero. Variable time.
  [[nodiscard]] constexpr field inverse() const noexcept {
    if (!std::is_constant_evaluated())
      return from_montgomery(detail::divide_vartime(mont::reduced(v_), mont::inversion));
    limbs_type e = mont::modulus;
    e[0] -= 2;  // odd primes above 2: no borrow
    return pow(e);
  }
  /// A square root if there is one. @pre modulus = 3 mod 4 (both base fields)
  [[nodiscard]] constexpr std::optional<field> sqrt() const noexcept
    requires(P::modulus[0] % 4 == 3)
  {
    limbs_type e = mont::modulus;
    detail::add_to(e, limbs_type{1});
    const field root = pow(detail::shifted_right(e, 2));
    if (root.squared() == *this) return root;
    return std::nullopt;
  }

  /// Montgomery form: value times 2^(64 limbs), modulo p, and below 2p where 4p < 2^(64 limbs), else below p.
  /// For kernels.
  [[nodiscard]] constexpr const limbs_type& montgomery_form() const noexcept { return v_; }
  [[nodiscard]] static constexpr field from_montgomery(const limbs_type& v) noexcept { return field{v}; }

 private:
  explicit constexpr field(const limbs_type& v) noexcept : v_(v) {}
  /// For long chains: the product never leaves its place.
  constexpr void multiply_in_place(const field& b) noexcept {
    if (std::is_constant_evaluated()) v_ = mont::multiply_portable(v_, b.v_);
    else mont::multiply(v_, v_, b.v_);
  }
  static result<field> parse(byte_view bytes, bool big_endian) {
    if (bytes.size() != byte_size)
      return fail(errc::length_mismatch, "field element: wrong number of bytes", bytes.size());
    limbs_type v{};
    for (std::size_t i = 0; i < limb_count; ++i)
      v[i] = big_endian ? load_be<std::uint64_t>(bytes.data() + 8 * (limb_count - 1 - i))
                        : load_le<std::uint64_t>(bytes.data() + 8 * i);
    if (!detail::less(v, mont::modulus)) return fail(errc::non_canonical, "field element: not below the modulus");
    return from_limbs(v);
  }

  limbs_type v_{};
};

/// Replaces every element by its inverse, zeros by zeros: one inversion and about three products per element.
/// @pre scratch.size() >= elements.size()
template <class F>
void invert_all(std::span<F> elements, std::span<F> scratch) noexcept {
  ASSAY_EXPECTS(scratch.size() >= elements.size());
  F product = F::one();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    scratch[i] = product;
    if (!elements[i].is_zero()) product *= elements[i];
  }
  F inverse = product.inverse();
  for (std::size_t i = elements.size(); i-- > 0;) {
    if (elements[i].is_zero()) continue;
    const F own = inverse * scratch[i];
    inverse *= elements[i];
    elements[i] = own;
  }
}

}  // namespace assay::inline v0

#endif
