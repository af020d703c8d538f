// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Points of y^2 = x^3 + b in affine and in extended Jacobian (XYZZ) coordinates, with complete addition.
#ifndef ASSAY_MATH_POINT_HPP
#define ASSAY_MATH_POINT_HPP

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include <assay/math/field.hpp>

namespace assay::inline v0 {

/// A point in affine coordinates. Infinity is (0, 0), which lies on neither curve.
/// `Group` names the coordinate field (`coordinate`), the scalar field (`scalar`) and the curve's constant (`b()`).
template <class Group>
struct affine_point {
  using group = Group;
  using coordinate = typename Group::coordinate;
  coordinate x, y;

  [[nodiscard]] static constexpr affine_point infinity() noexcept { return {}; }
  [[nodiscard]] constexpr bool is_infinity() const noexcept { return x.is_zero() && y.is_zero(); }
  /// True for infinity and for points with y^2 = x^3 + b; says nothing of the subgroup.
  [[nodiscard]] constexpr bool is_on_curve() const noexcept {
    return is_infinity() || y.squared() == x.squared() * x + Group::b();
  }
  constexpr affine_point operator-() const noexcept { return is_infinity() ? *this : affine_point{x, -y}; }
  friend constexpr bool operator==(const affine_point&, const affine_point&) = default;
};

/// A point as (x zz, y zzz) with zz^3 = zzz^2; infinity has zz = 0. Additions need no inversion. Every operation is
/// complete: it handles infinity, equal and opposite points.
template <class Group>
struct xyzz_point {
  using group = Group;
  using coordinate = typename Group::coordinate;
  coordinate x, y, zz, zzz;

  constexpr xyzz_point() noexcept = default;
  constexpr xyzz_point(const affine_point<Group>& p) noexcept {
    if (p.is_infinity()) return;
    x = p.x, y = p.y, zz = coordinate::one(), zzz = coordinate::one();
  }

  [[nodiscard]] static constexpr xyzz_point infinity() noexcept { return {}; }
  [[nodiscard]] constexpr bool is_infinity() const noexcept { return zz.is_zero(); }
  constexpr xyzz_point operator-() const noexcept {
    xyzz_point r = *this;
    r.y = -y;
    return r;
  }

  [[nodiscard]] constexpr xyzz_point doubled() const noexcept {  // dbl-2008-s-1
    if (is_infinity()) return *this;
    const coordinate u = y.doubled(), v = u.squared(), w = u * v, s = x * v, x2 = x.squared(), m = x2.doubled() + x2;
    xyzz_point r;
    r.x = m.squared() - s.doubled();
    r.y = m * (s - r.x) - w * y;
    r.zz = v * zz;
    r.zzz = w * zzz;
    return r;
  }

  friend constexpr xyzz_point operator+(const xyzz_point& a, const affine_point<Group>& b) noexcept {  // madd-2008-s
    if (b.is_infinity()) return a;
    if (a.is_infinity()) return b;
    const coordinate p = b.x * a.zz - a.x, r = b.y * a.zzz - a.y;
    if (p.is_zero()) return r.is_zero() ? xyzz_point{b}.doubled() : infinity();
    return chord(a.x, a.y, p, r, a.zz, a.zzz);
  }
  friend constexpr xyzz_point operator+(const xyzz_point& a, const xyzz_point& b) noexcept {  // add-2008-s
    if (b.is_infinity()) return a;
    if (a.is_infinity()) return b;
    const coordinate u1 = a.x * b.zz, s1 = a.y * b.zzz, p = b.x * a.zz - u1, r = b.y * a.zzz - s1;
    if (p.is_zero()) return r.is_zero() ? a.doubled() : infinity();
    return chord(u1, s1, p, r, a.zz * b.zz, a.zzz * b.zzz);
  }
  friend constexpr xyzz_point operator-(const xyzz_point& a, const xyzz_point& b) noexcept { return a + -b; }
  constexpr xyzz_point& operator+=(const xyzz_point& b) noexcept { return *this = *this + b; }
  constexpr xyzz_point& operator+=(const affine_point<Group>& b) noexcept { return *this = *this + b; }

  /// Equal as points.
  friend constexpr bool operator==(const xyzz_point& a, const xyzz_point& b) noexcept {
    if (a.is_infinity() || b.is_infinity()) return a.is_infinity() == b.is_infinity();
    return a.x * b.zz == b.x * a.zz && a.y * b.zzz == b.y * a.zzz;
  }

  [[nodiscard]] constexpr affine_point<Group> to_affine() const noexcept {
    if (is_infinity()) return {};
    const coordinate i = zzz.inverse(), z = i * zz;
    return {x * z.squared(), y * i};
  }

 private:
  static constexpr xyzz_point chord(const coordinate& x1, const coordinate& y1, const coordinate& p, const coordinate& r,
                                    const coordinate& zz, const coordinate& zzz) noexcept {
    const coordinate pp = p.squared(), ppp = p * pp, q = x1 * pp;
    xyzz_point s;
    s.x = r.squared() - ppp - q.doubled();
    s.y = r * (q - s.x) - y1 * ppp;
    s.zz = zz * pp;
    s.zzz = zzz * ppp;
    return s;
  }
};

/// k P for an integer k of any size: windows of four bits. Variable time.
template <class Group, std::size_t N>
[[nodiscard]] constexpr xyzz_point<Group> multiply(const xyzz_point<Group>& p, const limbs<N>& k) noexcept {
  std::array<xyzz_point<Group>, 16> table;
  for (std::size_t i = 1; i < 16; ++i) table[i] = table[i - 1] + p;
  xyzz_point<Group> r;
  for (unsigned at = (detail::bit_length(k) + 3) / 4 * 4; at > 0; at -= 4) {
    r = r.doubled().doubled().doubled().doubled();
    if (const std::uint32_t digit = detail::bits_of(k, at - 4, 4)) r += table[digit];
  }
  return r;
}
template <class Group>
[[nodiscard]] constexpr xyzz_point<Group> multiply(const xyzz_point<Group>& p, const typename Group::scalar& k) noexcept {
  return multiply(p, k.to_limbs());
}

/// Affine coordinates of many points with one inversion. @pre out.size() == points.size()
template <class Group>
void to_affine(std::span<const xyzz_point<Group>> points, std::span<affine_point<Group>> out) {
  ASSAY_EXPECTS(points.size() == out.size());
  using coordinate = typename Group::coordinate;
  std::vector<coordinate> prefix(points.size());
  coordinate product = coordinate::one();
  for (std::size_t i = 0; i < points.size(); ++i) {
    prefix[i] = product;
    if (!points[i].is_infinity()) product *= points[i].zzz;
  }
  coordinate inverse = product.inverse();
  for (std::size_t i = points.size(); i-- > 0;) {
    if (points[i].is_infinity()) {
      out[i] = {};
      continue;
    }
    const coordinate own = inverse * prefix[i], z = own * points[i].zz;
    inverse *= points[i].zzz;
    out[i] = {points[i].x * z.squared(), points[i].y * own};
  }
}

}  // namespace assay::inline v0

#endif
