// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verkle multiproof: any number of values of any number of committed vectors, proven by two group elements.
#ifndef ASSAY_POLYCOMMIT_VERKLE_HPP
#define ASSAY_POLYCOMMIT_VERKLE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include <assay/core/expects.hpp>
#include <assay/core/result.hpp>
#include <assay/hash/transcript.hpp>
#include <assay/io/reader.hpp>
#include <assay/io/writer.hpp>
#include <assay/math/point_encoding.hpp>
#include <assay/polycommit/encoding.hpp>
#include <assay/polycommit/kzg.hpp>

namespace assay::inline v0 {

/// The claim that the vector with this number has this value at a node.
template <class C>
struct verkle_claim {
  std::uint32_t commitment = 0;  ///< place in the statement's list
  std::uint32_t node = 0;
  typename C::fr value;
};

/// What a multiproof proves. A commitment may serve any number of claims; claims may repeat.
template <class C>
struct verkle_statement {
  digest context;  ///< what the claims are about; hashed in
  std::span<const affine_point<typename C::g1>> commitments;
  std::span<const verkle_claim<C>> claims;
};

namespace detail {
template <class G>
[[nodiscard]] result<affine_point<G>> parse_point(reader& in) {
  const std::size_t at = in.offset();
  const auto bytes = in.bytes(compressed_size<G>);
  if (!bytes) return bytes.error();
  const auto point = parse_compressed<G>(*bytes);
  if (!point) return fail(point.error().code, point.error().message, at);
  return *point;
}
}  // namespace detail

/// Two group elements: 64 bytes on BN254, 96 on BLS12-381, whatever is claimed.
template <class C>
struct verkle_proof {
  using point = affine_point<typename C::g1>;
  static constexpr std::size_t size = 2 * compressed_size<typename C::g1>;

  point quotients;  ///< D: the claims' quotients, combined
  point opening;    ///< pi: the KZG proof at the drawn point

  friend bool operator==(const verkle_proof&, const verkle_proof&) = default;

  void encode(writer& out) const { out.bytes(encode_compressed(quotients)).bytes(encode_compressed(opening)); }
  /// @errors truncated, and those of parse_compressed(); `where`: offset of the point
  [[nodiscard]] static result<verkle_proof> parse(reader& in) {
    verkle_proof p;
    for (point* part : {&p.quotients, &p.opening}) {
      const auto parsed = detail::parse_point<typename C::g1>(in);
      if (!parsed) return parsed.error();
      *part = *parsed;
    }
    return p;
  }
};

namespace detail {

/// A scalar, uniform up to 2^-256, that depends on everything absorbed.
template <class Fr>
[[nodiscard]] Fr challenge_scalar(transcript& t, std::string_view label) {
  std::array<std::byte, 64> wide;
  for (std::size_t half = 0; half < 2; ++half) {
    const digest d = t.challenge(label);
    std::copy(d.bytes.begin(), d.bytes.end(), wide.begin() + 32 * static_cast<std::ptrdiff_t>(half));
  }
  return Fr::reduce_le(wide);
}

/// Draws until the scalar is no node: at a node the combination could not be divided.
template <class Fr, class Draw>
[[nodiscard]] Fr draw_off_nodes(std::uint32_t width, Draw draw) {
  for (;;)
    if (const Fr t = draw(); node_of_scalar(t, width) == width) return t;
}

/// All that both sides derive from the statement, before and after D is known.
template <class C>
class verkle_challenges {
 public:
  using fr = typename C::fr;

  verkle_challenges(const kzg_key<C>& key, const verkle_statement<C>& s)
      : transcript_{domains::multiproof}, width_{key.width()} {
    std::vector<std::byte> bytes;
    writer out{bytes};
    for (const auto& c : s.commitments) out.bytes(encode_compressed(c));
    transcript_.u64("curve", static_cast<std::uint64_t>(C::id)).digest("parameters", key.reference_id());
    transcript_.u64("width", width_).digest("context", s.context).bytes("commitments", bytes);
    bytes.clear();
    std::array<std::byte, fr::byte_size> value;
    for (const auto& q : s.claims) {
      q.value.encode_le(value);
      out.u32(q.commitment).u32(q.node).bytes(value);
    }
    transcript_.bytes("claims", bytes);
    const fr rho = challenge_scalar<fr>(transcript_, "rho");
    powers_.reserve(s.claims.size());
    fr power = fr::one();
    for (std::size_t i = 0; i < s.claims.size(); ++i, power *= rho) powers_.push_back(power);
  }

  /// rho^q per claim.
  [[nodiscard]] std::span<const fr> powers() const noexcept { return powers_; }

  /// The point t, which depends on D.
  [[nodiscard]] fr point_after(const affine_point<typename C::g1>& quotients) {
    transcript_.bytes("quotients", encode_compressed(quotients));
    return draw_off_nodes<fr>(width_, [&] { return challenge_scalar<fr>(transcript_, "t"); });
  }

 private:
  transcript transcript_;
  std::uint32_t width_;
  std::vector<fr> powers_;
};

/// sum rho^q f_q / (t - z_q): a factor per commitment, and what it is at t.
template <class C>
struct verkle_combination {
  using fr = typename C::fr;
  std::vector<fr> factors;
  fr value;

  verkle_combination(const verkle_statement<C>& s, std::span<const fr> powers, const fr& t)
      : factors(s.commitments.size()) {
    std::vector<fr> inverses(s.claims.size()), scratch(s.claims.size());
    for (std::size_t q = 0; q < s.claims.size(); ++q) inverses[q] = t - fr::from_u64(s.claims[q].node);
    invert_all<fr>(inverses, scratch);
    for (std::size_t q = 0; q < s.claims.size(); ++q) {
      const fr factor = powers[q] * inverses[q];
      factors[s.claims[q].commitment] += factor;
      value += factor * s.claims[q].value;
    }
  }
};

/// sum rho^q (f_q - y_q) / (X - z_q) in values at the nodes: claims at one node are divided together.
template <class C>
[[nodiscard]] std::vector<typename C::fr> combined_quotients(const kzg_key<C>& key,
                                                             std::span<const value_span<typename C::fr>> vectors,
                                                             std::span<const verkle_claim<C>> claims,
                                                             std::span<const typename C::fr> powers) {
  using fr = typename C::fr;
  std::vector<std::uint32_t> order(claims.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return claims[a].node < claims[b].node; });
  std::vector<fr> sum(key.width()), f(key.width());
  for (std::size_t i = 0; i < order.size();) {
    const std::uint32_t node = claims[order[i]].node;
    fr value;
    std::fill(f.begin(), f.end(), fr::zero());
    for (; i < order.size() && claims[order[i]].node == node; ++i) {
      const verkle_claim<C>& q = claims[order[i]];
      const fr& power = powers[order[i]];
      std::visit([&](const auto& v) { add_scaled(v, power, std::span<fr>{f}); }, vectors[q.commitment]);
      value += power * q.value;
    }
    for (fr& at : f) at -= value;
    add_quotient_at_node<C>(key, f, node, sum);
  }
  return sum;
}

/// True iff every claim names a commitment of the list and a node.
template <class C>
[[nodiscard]] bool well_formed(const kzg_key<C>& key, const verkle_statement<C>& s) noexcept {
  for (const auto& q : s.claims)
    if (q.commitment >= s.commitments.size() || q.node >= key.width()) return false;
  return !s.claims.empty();
}

}  // namespace detail

/// Proves claims. Exact.
/// @pre vectors[i] is what commitments[i] commits to; every claim names a commitment and a node and states the true
///   value; at least one claim
/// Complexity: about 3 products per claim and node, and two full-width multi-scalar multiplications of width().
/// Source: Feist, "PCS multiproofs using random evaluation" (2021).
template <class C>
[[nodiscard]] verkle_proof<C> open_multiproof(const kzg_key<C>& key,
                                              std::span<const value_span<typename C::fr>> vectors,
                                              const verkle_statement<C>& s, msm_workspace<typename C::g1>& work) {
  using fr = typename C::fr;
  ASSAY_EXPECTS(vectors.size() == s.commitments.size() && detail::well_formed(key, s));
  detail::verkle_challenges<C> challenges{key, s};
  const std::vector<fr> g = detail::combined_quotients<C>(key, vectors, s.claims, challenges.powers());
  verkle_proof<C> proof;
  proof.quotients = kzg_commit<C, fr>(key, g, work);
  const fr t = challenges.point_after(proof.quotients);
  const detail::verkle_combination<C> h{s, challenges.powers(), t};
  std::vector<fr> f(key.width());
  for (std::size_t i = 0; i < f.size(); ++i) f[i] = -g[i] - h.value;
  for (std::size_t i = 0; i < vectors.size(); ++i)
    if (!h.factors[i].is_zero())
      std::visit([&](const auto& v) { detail::add_scaled(v, h.factors[i], std::span<fr>{f}); }, vectors[i]);
  detail::divide_off_nodes<fr>(f, t);
  proof.opening = kzg_commit<C, fr>(key, f, work);
  return proof;
}

namespace detail {

/// E - D - y G + t pi with E = sum of factors times commitments: tau times the opening, if all claims hold.
template <class C>
[[nodiscard]] affine_point<typename C::g1> verkle_left_side(const kzg_key<C>& key, const verkle_statement<C>& s,
                                                            const verkle_proof<C>& proof,
                                                            msm_workspace<typename C::g1>& work) {
  using fr = typename C::fr;
  using g1 = typename C::g1;
  verkle_challenges<C> challenges{key, s};
  const fr t = challenges.point_after(proof.quotients);
  verkle_combination<C> h{s, challenges.powers(), t};
  std::vector<affine_point<g1>> bases(s.commitments.begin(), s.commitments.end());
  bases.push_back(g1::generator()), h.factors.push_back(-h.value);
  bases.push_back(proof.opening), h.factors.push_back(t);
  return (msm<g1>(bases, std::span<const fr>{h.factors}, work) + -proof.quotients).to_affine();
}

}  // namespace detail

/// Checks all claims at once: one multiplication over the commitments, two pairings. @pre the points are in their
/// groups, as parsed ones are. @errors empty, out_of_range (a claim names no commitment or no node), invalid_proof
/// A false claim survives with probability below 2^-200.
template <class C>
[[nodiscard]] result<void> verify_multiproof(const kzg_key<C>& key, const verkle_statement<C>& s,
                                             const verkle_proof<C>& proof, msm_workspace<typename C::g1>& work) {
  if (s.claims.empty()) return fail(errc::empty, "verkle: no claim");
  if (!detail::well_formed(key, s)) return fail(errc::out_of_range, "verkle: a claim names no commitment or no node");
  const std::array<pairing_term<C>, 2> terms{{{detail::verkle_left_side(key, s, proof, work), &key.generator_g2()},
                                              {-proof.opening, &key.tau_g2()}}};
  if (pairing_product_is_one<C>(terms)) return {};
  return fail(errc::invalid_proof, "verkle: the claims are not proven");
}

}  // namespace assay::inline v0

#endif
