// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Batched affine addition, kernel by kernel, against complete addition in extended coordinates.
#include <assay/math/batch_add.hpp>
#include <assay/math/bls12_381.hpp>
#include <assay/math/bn254.hpp>

#include <cstdint>
#include <random>
#include <vector>

#include "support/catch.hpp"

namespace {

using namespace assay;

template <class G>
using point = affine_point<G>;

/// One batch: the operands by index and where each sum goes.
struct batch {
  std::vector<std::uint32_t> left, right, out;
};

enum class kernel { dispatched, portable, ifma };

template <class G>
std::vector<kernel> kernels() {
  std::vector<kernel> all = {kernel::dispatched, kernel::portable};
  if (detail::has_ifma_batch_add<G> && detail::fastest_kernel() == math_kernel::ifma) all.push_back(kernel::ifma);
  return all;
}

template <class G>
std::vector<point<G>> run(kernel k, const std::vector<point<G>>& points, const batch& b, batch_add_workspace<G>& work) {
  std::vector<point<G>> sums(b.out.size(), G::generator());
  const auto call = [&](auto add, auto& scratch) {
    add(points.data(), b.left.data(), b.right.data(), b.out.data(), sums.data(), b.left.size(), scratch);
  };
  if (k == kernel::dispatched) call([](auto&&... a) { batch_add(a...); }, work);
  if (k == kernel::portable) call([](auto&&... a) { detail::batch_add_portable(a...); }, work);
#if ASSAY_X86_64
  if constexpr (detail::has_ifma_batch_add<G>)
    if (k == kernel::ifma) call([](auto&&... a) { detail::batch_add_ifma(a...); }, work.blocks);
#endif
  return sums;
}

template <class P>
bool is_below_bound(const field<P>& a) {
  return detail::less(a.montgomery_form(), detail::montgomery<P>::bound);
}
template <class F>
bool is_below_bound(const quadratic<F>& a) {
  return is_below_bound(a.c0) && is_below_bound(a.c1);
}
template <class P>
bool is_exact_zero(const field<P>& a) {
  return detail::is_zero(a.montgomery_form());
}
template <class F>
bool is_exact_zero(const quadratic<F>& a) {
  return is_exact_zero(a.c0) && is_exact_zero(a.c1);
}

template <class G>
point<G> operand(const std::vector<point<G>>& points, std::uint32_t index) {
  return (index & 1) != 0 ? -points[index >> 1] : points[index >> 1];
}

/// Every sum right, below the fields' bound, and infinity all zeros, under every kernel.
template <class G>
bool all_right(const std::vector<point<G>>& points, const batch& b, batch_add_workspace<G>& work) {
  std::vector<xyzz_point<G>> expected_sums(b.out.size());
  for (std::size_t i = 0; i < b.out.size(); ++i)
    expected_sums[b.out[i]] = xyzz_point<G>{operand(points, b.left[i])} + operand(points, b.right[i]);
  std::vector<point<G>> expected(b.out.size());
  to_affine<G>(expected_sums, expected);
  for (const kernel k : kernels<G>()) {
    const std::vector<point<G>> sums = run(k, points, b, work);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      if (!(sums[i] == expected[i])) return false;
      if (!is_below_bound(sums[i].x) || !is_below_bound(sums[i].y)) return false;
      if (expected[i].is_infinity() && !(is_exact_zero(sums[i].x) && is_exact_zero(sums[i].y))) return false;
    }
  }
  return true;
}

/// Multiples of the generator without pattern: a_i+2 = 2 a_i+1 + a_i.
template <class G>
std::vector<point<G>> some_points(std::size_t n) {
  std::vector<xyzz_point<G>> p(n);
  xyzz_point<G> a = G::generator(), b = multiply(a, limbs<1>{0x9e3779b97f4a7c15});
  for (auto& each : p) {
    each = a;
    const xyzz_point<G> next = b.doubled() + a;
    a = b, b = next;
  }
  std::vector<point<G>> out(n);
  to_affine<G>(p, out);
  return out;
}

/// i G, with infinity first: sums collide, repeat and cancel all the time.
template <class G>
std::vector<point<G>> multiples_of_generator(std::size_t n) {
  std::vector<xyzz_point<G>> p(n);
  for (std::size_t i = 1; i < n; ++i) p[i] = p[i - 1] + G::generator();
  std::vector<point<G>> out(n);
  to_affine<G>(p, out);
  return out;
}

template <class Choose>
batch make_batch(std::size_t count, Choose choose) {
  batch b;
  for (std::size_t i = 0; i < count; ++i) {
    const auto [left, right] = choose(i);
    b.left.push_back(left), b.right.push_back(right);
    b.out.push_back(static_cast<std::uint32_t>(i % 2 == 0 ? i / 2 : count - 1 - i / 2));  // a permutation
  }
  return b;
}

using operands = std::pair<std::uint32_t, std::uint32_t>;

template <class G>
batch random_batch(std::size_t count, std::size_t points, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  const auto index = [&] { return static_cast<std::uint32_t>(engine() % (2 * points)); };
  return make_batch(count, [&](std::size_t) { return operands{index(), index()}; });
}

template <class G>
void check_counts() {
  const auto points = some_points<G>(64);
  batch_add_workspace<G> work;
  for (std::size_t count = 0; count <= 40; ++count) {
    CAPTURE(count);
    CHECK(all_right<G>(points, random_batch<G>(count, points.size(), count), work));
  }
}

/// One special addition in each lane of a batch of ordinary ones.
template <class G>
void check_single_lanes() {
  auto points = some_points<G>(64);
  points[0] = point<G>::infinity();
  batch_add_workspace<G> work;
  // Infinity on the left, right and on both sides, with every sign; equal and opposite points.
  const operands specials[] = {{0, 9}, {0, 8}, {1, 8}, {8, 0}, {9, 1}, {0, 0},
                               {1, 0}, {1, 1}, {8, 8}, {9, 9}, {8, 9}, {9, 8}};
  for (const auto& special : specials)
    for (std::size_t lane = 0; lane < 24; ++lane) {
      CAPTURE(special.first, special.second, lane);
      CHECK(all_right<G>(points,
                         make_batch(21,
                                    [&](std::size_t i) {
                                      const auto k = static_cast<std::uint32_t>(i);
                                      return i == lane ? special : operands{2 * k + 4, 2 * k + 61};
                                    }),
                         work));
    }
}

template <class G>
void check_adversarial(std::size_t count) {
  batch_add_workspace<G> work;
  const auto line = multiples_of_generator<G>(24);
  CHECK(all_right<G>(line, random_batch<G>(count, line.size(), 1), work));
  const auto few = multiples_of_generator<G>(3);
  CHECK(all_right<G>(few, random_batch<G>(count, few.size(), 2), work));
  const std::vector<point<G>> same(2, G::generator()), nothing(2);
  CHECK(all_right<G>(same, make_batch(count, [](std::size_t) { return operands{0, 2}; }), work));
  CHECK(all_right<G>(same, make_batch(count, [](std::size_t) { return operands{0, 3}; }), work));
  CHECK(all_right<G>(same, random_batch<G>(count, 2, 3), work));
  CHECK(all_right<G>(nothing, random_batch<G>(count, 2, 4), work));
}

/// Both words for a residue below 2p: coordinates given as v + p, and infinity as (p, p), (0, p), (p, 0).
template <class G>
void check_redundant_words() {
  using coordinate = typename G::coordinate;
  const auto raised = [](const coordinate& a) {
    auto v = a.montgomery_form();
    if (detail::less(v, coordinate::modulus())) detail::add_to(v, coordinate::modulus());
    return coordinate::from_montgomery(v);
  };
  auto points = multiples_of_generator<G>(12);
  const std::size_t n = points.size();
  for (std::size_t i = 0; i < n; ++i) points.push_back({raised(points[i].x), raised(points[i].y)});
  points.push_back({raised(points[0].x), points[0].y});
  points.push_back({points[0].x, raised(points[0].y)});
  batch_add_workspace<G> work;
  CHECK(all_right<G>(points, random_batch<G>(2000, points.size(), 5), work));
}

/// Sums whose x is tiny or just below 2p as a word: P built with a small x, and Q = P - R, R added back.
template <class G>
void check_extreme_coordinates() {
  using coordinate = typename G::coordinate;
  std::vector<point<G>> points = some_points<G>(8);
  std::vector<point<G>> extreme;
  for (std::uint64_t word = 0; extreme.size() < 24; ++word) {
    auto v = coordinate::modulus();
    if (word % 2 == 0) v = {word / 2};
    else detail::subtract_from(v, {word / 2 + 1});
    const coordinate x = coordinate::from_montgomery(v);
    if (const auto y = (x.squared() * x + G::b()).sqrt()) extreme.push_back({x, *y});
  }
  batch b;
  for (const auto& e : extreme)
    for (std::uint32_t i = 0; i < 8; ++i) {
      const auto next = static_cast<std::uint32_t>(points.size());
      points.push_back((xyzz_point<G>{e} + -points[i]).to_affine());
      b.left.push_back(2 * next), b.right.push_back(2 * i);
      b.out.push_back(static_cast<std::uint32_t>(b.out.size()));
    }
  batch_add_workspace<G> work;
  CHECK(all_right<G>(points, b, work));
  points.insert(points.end(), extreme.begin(), extreme.end());
  CHECK(all_right<G>(points, random_batch<G>(1000, points.size(), 6), work));
}

}  // namespace

TEST_CASE("batch_add: every count up to five groups of lanes", "[math]") {
  check_counts<bn254::g1>();
  check_counts<bls12_381::g1>();
}

TEST_CASE("batch_add: counts around the chunks that share an inversion", "[math]") {
  for (const std::size_t count : {511u, 512u, 513u, 1023u, 1024u, 1025u, 1040u, 2049u, 3077u}) {
    CAPTURE(count);
    batch_add_workspace<bn254::g1> work;
    CHECK(all_right<bn254::g1>(some_points<bn254::g1>(200), random_batch<bn254::g1>(count, 200, count), work));
    batch_add_workspace<bls12_381::g1> other;
    CHECK(all_right<bls12_381::g1>(some_points<bls12_381::g1>(200), random_batch<bls12_381::g1>(count, 200, count),
                                   other));
  }
}

TEST_CASE("batch_add: infinity, equal and opposite points in every lane", "[math]") {
  check_single_lanes<bn254::g1>();
  check_single_lanes<bls12_381::g1>();
}

TEST_CASE("batch_add: adversarial batches", "[math]") {
  for (const std::size_t count : {1u, 3u, 8u, 40u, 1500u}) {
    CAPTURE(count);
    check_adversarial<bn254::g1>(count);
    check_adversarial<bls12_381::g1>(count);
  }
}

TEST_CASE("batch_add: both words of a residue", "[math]") {
  check_redundant_words<bn254::g1>();
  check_redundant_words<bls12_381::g1>();
}

TEST_CASE("batch_add: coordinates at the ends of their range", "[math]") {
  check_extreme_coordinates<bn254::g1>();
  check_extreme_coordinates<bls12_381::g1>();
}

TEST_CASE("batch_add: points of the twists", "[math]") {
  batch_add_workspace<bn254::g2> work;
  CHECK(all_right<bn254::g2>(some_points<bn254::g2>(40), random_batch<bn254::g2>(600, 40, 7), work));
  check_adversarial<bn254::g2>(30);
  batch_add_workspace<bls12_381::g2> other;
  CHECK(all_right<bls12_381::g2>(some_points<bls12_381::g2>(40), random_batch<bls12_381::g2>(600, 40, 8), other));
  check_adversarial<bls12_381::g2>(30);
}

TEST_CASE("batch_add: kernels agree bit for bit after reduction", "[math]") {
  const auto words = [](const std::vector<point<bn254::g1>>& sums) {
    std::vector<limbs<4>> out;
    for (const auto& p : sums) out.push_back(p.x.to_limbs()), out.push_back(p.y.to_limbs());
    return out;
  };
  const auto points = multiples_of_generator<bn254::g1>(500);
  const batch b = random_batch<bn254::g1>(5000, points.size(), 9);
  batch_add_workspace<bn254::g1> work;
  const auto expected = words(run(kernel::portable, points, b, work));
  for (const kernel k : kernels<bn254::g1>()) CHECK((words(run(k, points, b, work)) == expected));
}
