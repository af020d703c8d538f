// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Batched affine additions eight at a time with AVX-512 IFMA, on ordinary Montgomery values and without a slow path.
#ifndef ASSAY_MATH_DETAIL_BATCH_ADD_IFMA_HPP
#define ASSAY_MATH_DETAIL_BATCH_ADD_IFMA_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <assay/math/detail/ifma_field.hpp>
#include <assay/math/point.hpp>

namespace assay::inline v0::detail {

/// Memory for one register of the kernel.
struct alignas(64) vector_block {
  std::array<std::uint64_t, 8> words;
};

/// True for groups whose coordinate is a prime field with room for the IFMA kernel: G1 of both curves.
template <class Group>
inline constexpr bool has_ifma_batch_add = false;

#if ASSAY_X86_64

template <class Group>
  requires requires { typename Group::coordinate::parameters; }
inline constexpr bool has_ifma_batch_add<Group> = montgomery<typename Group::coordinate::parameters>::redundant;

/// The kernel. Numbers are the words of `field`: the Montgomery form v = a R, R = 2^(64 N), below 2p, in L digits of 52
/// bits. A product of the multiplier is a b 2^(-52 L), so it falls short of a Montgomery product by 2^(52 L - 64 N). No
/// value is converted to make up for it:
///  - Along a chain of products A_0 = 1, A_i+1 = A_i d_i 2^(-52 L), an inverse I_n = K / A_n that walks back by
///    I_i = I_i+1 d_i 2^(-52 L) keeps I_i A_i = K, and I_i+1 A_i 2^(-52 L) = K / d_i for every i. K is free.
///  - K = 2^((64 N + 52 L) / 2 + 52 L) makes the slope's word l = slope 2^((64 N + 52 L) / 2), and l l 2^(-52 L) is
///    slope^2 R: exactly what x3 needs. In y3 = slope (x1 - x3) - y1 the factor x1 - x3 is shifted left by half the
///    excess, (52 L - 64 N) / 2 bits: 2 for BN254, 16 for BLS12-381. So is x1 in 3 x1^2, the numerator of a tangent.
/// Ranges, in units of p, with c = p / 2^(52 L) (0.0119 for BN254, 2^-35 for BLS12-381), a product being < 1 + c a b:
///    x, y < 2; +-y <= 2; d and numerators <= 4, 3 x1^2 < 3 (1 + 64 c) < 5.3 (with x1 < 8 shifted; 1 + 2^-1 for 2^17);
///    chains < 1.06; l < 1.07; l^2 < 1.02; x1 - x3 + 2p < 4, shifted < 16 (2^18); slope (x1 - x3) < 1.21.
/// So x3 before reduction is in (-4, 1.1), y3 in (-2, 1.3); `below_bound` takes (-4, 1.9) to [0, 2).
/// Shifted numbers stay below 2^(52 L): 16 p < 2^258 and 2^18 p < 2^399.
template <class Group>
struct ifma_batch_adder {
  using coordinate = typename Group::coordinate;
  using parameters = typename coordinate::parameters;
  using radix = radix52<parameters>;
  using number = wide<parameters>;
  static constexpr std::size_t words = radix::words;
  static constexpr std::size_t digits = radix::digits;
  static constexpr std::size_t chunk_groups = 128;  // 1024 additions share an inversion

  /// Two groups of eight additions between the passes over a chunk, one for each of two chains of products.
  struct pair_state {
    number denominator[2], prefix[2], x1[2], x2[2];
  };
  static constexpr std::size_t blocks_per_pair = sizeof(pair_state) / sizeof(vector_block);

  /// The lanes of a group that are no chords.
  struct edges {
    unsigned char tangent = 0, left = 0, right = 0, none = 0;
    [[nodiscard]] bool any() const noexcept { return (tangent | left | right | none) != 0; }
  };
  struct indices {
    const std::uint32_t *left, *right, *out;
  };

  const affine_point<Group>* points;
  affine_point<Group>* sums;
  indices all;  // of a whole chunk
  std::size_t full_groups;  // those before the one in `tail`
  std::array<std::array<std::uint32_t, 8>, 3> tail;
  std::array<edges, chunk_groups + 1> edge_lanes;

  [[nodiscard]] indices at(std::size_t group) const noexcept {
    if (group >= full_groups) return {tail[0].data(), tail[1].data(), tail[2].data()};
    return {all.left + 8 * group, all.right + 8 * group, all.out + 8 * group};
  }

  // --- Points in memory ----------------------------------------------------------------------------------------------
  /// A coordinate of eight points: `words` words from word `offset` of each on.
  ASSAY_DETAIL_IFMA_INLINE number load(const std::uint32_t* index, std::size_t offset) const noexcept {
    const std::uint64_t* from[8];
    ifma_lanes w[words];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < 8; ++k)
      from[k] = reinterpret_cast<const std::uint64_t*>(points + (index[k] >> 1)) + offset;
    load_four_words(from, w);
    if constexpr (words == 6) {
      ifma_lanes upper[4];
#pragma GCC unroll 8
      for (std::size_t k = 0; k < 8; ++k) from[k] += 2;
      load_four_words(from, upper);
      w[4] = upper[2], w[5] = upper[3];
    }
    return digits_of<parameters>(w);
  }
  ASSAY_DETAIL_IFMA_INLINE number load_x(const std::uint32_t* index) const noexcept { return load(index, 0); }
  /// y or 2p - y, not carried.
  ASSAY_DETAIL_IFMA_INLINE number load_signed_y(const std::uint32_t* index) const noexcept {
    number y = load(index, words);
    const lane_indices v = *reinterpret_cast<const lane_indices*>(index);
    const ifma_lanes negative = __builtin_convertvector(v, ifma_lanes) & broadcast(1);
#pragma GCC unroll 16
    for (std::size_t i = 0; i < digits; ++i)
      y.digit[i] = negative != 0 ? broadcast(radix::twice[i]) - y.digit[i] : y.digit[i];
    return y;
  }
  ASSAY_DETAIL_IFMA_INLINE void store(const std::uint32_t* out, const number& x, const number& y) const noexcept {
    ifma_lanes w[2 * words];
    words_of(x, w);
    words_of(y, w + words);
    std::uint64_t* to[8];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < 8; ++k) to[k] = reinterpret_cast<std::uint64_t*>(sums + out[k]);
#pragma GCC unroll 8
    for (std::size_t part = 0; part < 2 * words; part += 4) {
      store_four_words(w + part, to);
#pragma GCC unroll 8
      for (std::size_t k = 0; k < 8; ++k) to[k] += 4;
    }
  }
  void prefetch(const indices& group) const noexcept {
    for (std::size_t k = 0; k < 8; ++k) {
      const affine_point<Group>&a = points[group.left[k] >> 1], &b = points[group.right[k] >> 1];
      __builtin_prefetch(&a), __builtin_prefetch(&b);
      __builtin_prefetch(&a.y), __builtin_prefetch(&b.y);
    }
  }

  // --- Infinity, equal and opposite points ---------------------------------------------------------------------------
  template <std::uint64_t K>
  static ASSAY_DETAIL_IFMA_INLINE lane_set equal_multiple(const number& a) noexcept {
    constexpr typename radix::digit_array multiple = radix::multiple(K);
    ifma_lanes differing{};
#pragma GCC unroll 16
    for (std::size_t i = 0; i < digits; ++i) differing |= a.digit[i] ^ broadcast(multiple[i]);
    return equal_lanes(differing, ifma_lanes{});
  }
  /// The lanes that are multiples of p. @pre carried, at most 4p
  static ASSAY_DETAIL_IFMA_INLINE lane_set zero_lanes(const number& a) noexcept {
    return equal_multiple<0>(a) | equal_multiple<1>(a) | equal_multiple<2>(a) | equal_multiple<3>(a) |
           equal_multiple<4>(a);
  }
  /// False unless some lane's x1 = 0, x2 = 0 or x1 = x2; looks at the lowest digits only.
  static ASSAY_DETAIL_IFMA_INLINE bool may_have_edges(const number& x1, const number& x2,
                                                      const number& denominator) noexcept {
    constexpr std::uint64_t p = radix::modulus[0];
    const ifma_lanes a = x1.digit[0], b = x2.digit[0], d = denominator.digit[0];
    return (equal_lanes(a, ifma_lanes{}) | equal_lanes(a, broadcast(p)) | equal_lanes(b, ifma_lanes{}) |
            equal_lanes(b, broadcast(p)) | equal_lanes(d, broadcast(p)) | equal_lanes(d, broadcast(2 * p & low52)) |
            equal_lanes(d, broadcast(3 * p & low52))) != 0;
  }
  /// Sorts out the lanes and replaces their denominators: 2 y for tangents, 1 where there is no slope.
  ASSAY_DETAIL_IFMA __attribute__((noinline)) edges find_edges(const indices& group, const number& x1, const number& x2,
                                                               number& denominator) const noexcept {
    number y1 = load_signed_y(group.left), y2 = load_signed_y(group.right), both;
    carry(y1), carry(y2);
    for (std::size_t i = 0; i < digits; ++i) both.digit[i] = y1.digit[i] + y2.digit[i];
    carry(both);
    const lane_set no1 = zero_lanes(x1) & zero_lanes(y1), no2 = zero_lanes(x2) & zero_lanes(y2);
    const lane_set same = zero_lanes(denominator) & ~no1 & ~no2, opposite = same & zero_lanes(both);
    const lane_set tangent = same & ~opposite, trivial = no1 | no2 | opposite;
    for (std::size_t i = 0; i < digits; ++i) {
      ifma_lanes& d = denominator.digit[i];
      d = select(tangent, both.digit[i], select(trivial, broadcast(i == 0), d));
    }
    return {static_cast<unsigned char>(tangent), static_cast<unsigned char>(no2 & ~no1),
            static_cast<unsigned char>(no1 & ~no2), static_cast<unsigned char>((no1 & no2) | opposite)};
  }
  /// Puts 3 x1^2 into the numerators of tangents.
  static ASSAY_DETAIL_IFMA __attribute__((noinline)) void set_tangents(const edges& e, const number& x1,
                                                                       number& numerator) noexcept {
    const number x = carried_and_shifted<parameters, radix::excess / 2>(x1);
    number square = multiply(x, x);
    for (std::size_t i = 0; i < digits; ++i) square.digit[i] *= 3;
    carry(square);
    for (std::size_t i = 0; i < digits; ++i)
      numerator.digit[i] = select(e.tangent, square.digit[i], numerator.digit[i]);
  }
  /// Puts the operand that is the sum, or infinity, into the lanes without a slope.
  ASSAY_DETAIL_IFMA __attribute__((noinline)) void set_trivial(const edges& e, const indices& group, const number& x1,
                                                               const number& x2, number& x, number& y) const noexcept {
    number y1 = load_signed_y(group.left), y2 = load_signed_y(group.right);
    carry(y1), carry(y2);
    for (std::size_t i = 0; i < digits; ++i) {
      x.digit[i] = select(e.left, x1.digit[i], select(e.right, x2.digit[i], select(e.none, ifma_lanes{}, x.digit[i])));
      y.digit[i] = select(e.left, y1.digit[i], select(e.right, y2.digit[i], select(e.none, ifma_lanes{}, y.digit[i])));
    }
    const lane_set bound = equal_multiple<2>(y);  // y = 0 negated
    for (std::size_t i = 0; i < digits; ++i) y.digit[i] = select(bound, ifma_lanes{}, y.digit[i]);
  }

  // --- The two passes ------------------------------------------------------------------------------------------------
  /// a - b + 2p, not carried
  static ASSAY_DETAIL_IFMA_INLINE number difference(const number& a, const number& b) noexcept {
    number r;
#pragma GCC unroll 16
    for (std::size_t i = 0; i < digits; ++i) r.digit[i] = a.digit[i] - b.digit[i] + broadcast(radix::twice[i]);
    return r;
  }
  /// Puts groups g and g + 1 of a chunk into the chains of products.
  ASSAY_DETAIL_IFMA_INLINE void enter(std::size_t g, pair_state& s, number* product) noexcept {
#pragma GCC unroll 2
    for (std::size_t c = 0; c < 2; ++c) {
      const indices group = at(g + c);
      const number x1 = load_x(group.left), x2 = load_x(group.right);
      number denominator = difference(x2, x1);
      carry(denominator);
      edge_lanes[g + c] = {};
      s.x1[c] = x1, s.x2[c] = x2, s.denominator[c] = denominator, s.prefix[c] = product[c];
      if (may_have_edges(x1, x2, denominator))
        edge_lanes[g + c] = find_edges(group, s.x1[c], s.x2[c], s.denominator[c]);
    }
    multiply_each<2>(product, s.denominator, product);
  }
  /// Adds groups g and g + 1; `inverse` holds K / the products that include them, and afterwards those before them.
  ASSAY_DETAIL_IFMA_INLINE void leave(std::size_t g, const pair_state& s, number* inverse) noexcept {
    const indices group[2] = {at(g), at(g + 1)};
    number numerator[2], y1[2], slope[2], x3[2], y3[2], run[2];
    multiply_each<2>(inverse, s.prefix, slope);
    multiply_each<2>(inverse, s.denominator, inverse);
#pragma GCC unroll 2
    for (std::size_t c = 0; c < 2; ++c) {
      y1[c] = load_signed_y(group[c].left);
      numerator[c] = difference(load_signed_y(group[c].right), y1[c]);
      carry(numerator[c]);
      if (edge_lanes[g + c].tangent != 0) set_tangents(edge_lanes[g + c], s.x1[c], numerator[c]);
    }
    multiply_each<2>(numerator, slope, slope);
    multiply_each<2>(slope, slope, x3);
#pragma GCC unroll 2
    for (std::size_t c = 0; c < 2; ++c) {
#pragma GCC unroll 16
      for (std::size_t i = 0; i < digits; ++i) x3[c].digit[i] -= s.x1[c].digit[i] + s.x2[c].digit[i];
      below_bound(x3[c]);
      run[c] = carried_and_shifted<parameters, radix::excess / 2>(difference(s.x1[c], x3[c]));
    }
    multiply_each<2>(slope, run, y3);
#pragma GCC unroll 2
    for (std::size_t c = 0; c < 2; ++c) {
#pragma GCC unroll 16
      for (std::size_t i = 0; i < digits; ++i) y3[c].digit[i] -= y1[c].digit[i];
      below_bound(y3[c]);
      if (edge_lanes[g + c].any()) set_trivial(edge_lanes[g + c], group[c], s.x1[c], s.x2[c], x3[c], y3[c]);
      store(group[c].out, x3[c], y3[c]);
    }
  }

  template <unsigned Distance>
  static ASSAY_DETAIL_IFMA_INLINE number exchanged(const number& a) noexcept {
    number r;
    for (std::size_t i = 0; i < digits; ++i) {
      const ifma_lanes v = a.digit[i];
      if constexpr (Distance == 4) r.digit[i] = __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3);
      else if constexpr (Distance == 2) r.digit[i] = __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5);
      else r.digit[i] = __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6);
    }
    return r;
  }
  /// K / a in every lane, with one inversion. @pre no lane is zero
  static ASSAY_DETAIL_IFMA __attribute__((noinline)) void invert(number& a) noexcept {
    constexpr unsigned exponent = static_cast<unsigned>(64 * words + 52 * digits) / 2 + radix::excess;  // K / R
    const coordinate scale = coordinate::from_montgomery(montgomery<parameters>::power_of_two(exponent));
    const number other4 = exchanged<4>(a), four = multiply(a, other4), other2 = exchanged<2>(four),
                 two = multiply(four, other2), other1 = exchanged<1>(two), product = multiply(two, other1);
    ifma_lanes w[words];
    words_of(product, w);
    typename coordinate::limbs_type v{};
    for (std::size_t i = 0; i < words; ++i) v[i] = w[i][0];
    v = (coordinate::from_montgomery(v).inverse() * scale).montgomery_form();
    for (std::size_t i = 0; i < words; ++i) w[i] = broadcast(v[i]);
    a = multiply(multiply(multiply(digits_of<parameters>(w), other1), other2), other4);
  }

  /// One chunk. Missing lanes and groups of the last pair repeat the last addition. @pre 0 < count <= 8 chunk_groups
  ASSAY_DETAIL_IFMA __attribute__((noinline)) void add(const indices& chunk, std::size_t count,
                                                       pair_state* states) noexcept {
    all = chunk;
    full_groups = count / 8;
    for (std::size_t k = 0; k < 8; ++k) {
      const std::size_t i = 8 * full_groups + k < count ? 8 * full_groups + k : count - 1;
      tail[0][k] = all.left[i], tail[1][k] = all.right[i], tail[2][k] = all.out[i];
    }
    const std::size_t pairs = (count + 15) / 16;
    number product[2] = {}, inverse[2];
    product[0].digit[0] = product[1].digit[0] = broadcast(1);
    for (std::size_t i = 0; i < pairs; ++i) {
      if (2 * i + 4 <= full_groups) prefetch(at(2 * i + 2)), prefetch(at(2 * i + 3));
      enter(2 * i, states[i], product);
    }
    number both = multiply(product[0], product[1]);
    invert(both);
    inverse[0] = multiply(both, product[1]);
    inverse[1] = multiply(both, product[0]);
    for (std::size_t i = pairs; i-- > 0;) leave(2 * i, states[i], inverse);
  }
};

/// `batch_add` with AVX-512 IFMA. @pre active_kernel's processor has it
template <class Group>
void batch_add_ifma(const affine_point<Group>* points, const std::uint32_t* left, const std::uint32_t* right,
                    const std::uint32_t* out, affine_point<Group>* sums, std::size_t count,
                    std::vector<vector_block>& blocks) {
  using adder = ifma_batch_adder<Group>;
  constexpr std::size_t most = 8 * adder::chunk_groups;
  const std::size_t chunks = (count + most - 1) / most;
  if (chunks == 0) return;
  const std::size_t chunk = ((count + chunks - 1) / chunks + 15) / 16 * 16;
  if (blocks.size() < chunk / 16 * adder::blocks_per_pair) blocks.resize(chunk / 16 * adder::blocks_per_pair);
  auto* states = reinterpret_cast<typename adder::pair_state*>(blocks.data());
  adder a{points, sums, {}, 0, {}, {}};
  for (std::size_t i = 0; i < count; i += chunk)
    a.add({left + i, right + i, out + i}, count - i < chunk ? count - i : chunk, states);
}

#endif

}  // namespace assay::inline v0::detail

#endif
