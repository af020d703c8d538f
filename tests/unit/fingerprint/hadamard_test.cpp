// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/catch.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include <assay/core/row_source.hpp>
#include <assay/fingerprint/hadamard.hpp>

using assay::errc;
using assay::hadamard_projection;
using assay::seed;

namespace {

seed seed_of(unsigned number) {
  seed s;
  s.bytes[0] = static_cast<std::byte>(number);
  s.bytes[1] = static_cast<std::byte>(number >> 8);
  return s;
}

std::vector<float> random_row(std::size_t width, unsigned number = 0) {
  assay::random_stream stream{seed_of(number), "test-row"};
  std::vector<float> row(width);
  for (float& x : row) x = static_cast<float>(stream.normal());
  return row;
}

hadamard_projection derive(std::uint32_t width, std::uint32_t sketch, unsigned number = 1) {
  return hadamard_projection::derive(seed_of(number), width, sketch).value();
}

std::vector<float> project(const hadamard_projection& map, const std::vector<float>& row) {
  std::vector<float> out(map.sketch()), scratch(map.scratch_size());
  map.project(row, out, scratch);
  return out;
}

double squared(const std::vector<float>& v) {
  double sum = 0;
  for (const float x : v) sum += static_cast<double>(x) * static_cast<double>(x);
  return sum;
}

std::uint64_t fnv(const std::vector<float>& v, std::uint64_t state = 0xcbf29ce484222325u) {
  for (const float x : v)
    for (unsigned shift = 0; shift < 32; shift += 8)
      state = (state ^ ((std::bit_cast<std::uint32_t>(x) >> shift) & 0xff)) * 0x100000001b3u;
  return state;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && fnv(a) == fnv(b);
}

using kernel = void (*)(const assay::detail::hadamard_task&) noexcept;

std::vector<kernel> kernels() {
  std::vector<kernel> list{assay::detail::hadamard_portable};
#if ASSAY_X86_64
  if (__builtin_cpu_supports("avx2")) list.push_back(assay::detail::hadamard_avx2);
  if (__builtin_cpu_supports("avx512f")) list.push_back(assay::detail::hadamard_avx512);
#endif
  return list;
}

}  // namespace

TEST_CASE("hadamard: every kernel has the reference's bits", "[fingerprint]") {
  for (const std::uint32_t width :
       {16u, 17u, 32u, 64u, 100u, 128u, 256u, 300u, 512u, 896u, 1024u, 2048u, 4096u, 5120u, 8192u, 16384u, 65536u}) {
    const auto row = random_row(width);
    for (const std::uint32_t sketch : {1u, 2u, 3u, 7u, 16u, 33u, 64u, 200u, 4096u}) {
      if (sketch > std::bit_ceil(width)) continue;
      const auto map = derive(width, sketch);
      std::vector<float> expected(sketch), scratch(map.scratch_size());
      map.project_ref(row, expected, scratch);
      CHECK(same_bits(project(map, row), expected));
      for (const kernel run : kernels()) {
        std::vector<float> out(sketch, 99.0f), dirty(map.scratch_size(), std::numeric_limits<float>::quiet_NaN());
        run(map.task(row, out, dirty));
        INFO("width " << width << " sketch " << sketch);
        CHECK(same_bits(out, expected));
      }
    }
  }
}

TEST_CASE("hadamard: the reference is the definition", "[fingerprint]") {
  // Small integers are summed exactly, so the signed sums of the definition can be compared bit by bit.
  for (const std::uint32_t width : {1u, 2u, 3u, 5u, 8u, 20u, 64u}) {
    const std::uint32_t n = std::bit_ceil(width);
    const auto map = derive(width, n);
    std::vector<float> row(width), out(n), scratch(n);
    for (std::uint32_t i = 0; i < width; ++i) row[i] = static_cast<float>(static_cast<int>(i * 7 % 23) - 11);
    map.project_ref(row, out, scratch);
    const auto task = map.task(row, out, scratch);
    for (std::uint32_t j = 0; j < n; ++j) {
      float sum = 0;
      for (std::uint32_t i = 0; i < width; ++i) {
        const bool negative = (std::popcount(task.outputs[j] & i) % 2 != 0) != (task.signs[i] != 0);
        sum += negative ? -row[i] : row[i];
      }
      CHECK(out[j] == sum * task.scale);
    }
  }
}

TEST_CASE("hadamard: bits are the same with every compiler and flag", "[fingerprint]") {
  // Checksums of the sketches' bits, recorded once; g++ 12 and clang 16 agree at every level, with -mfma or not.
  CHECK(fnv(project(derive(4096, 16), random_row(4096))) == 0xc370591d4e1cad94u);
  CHECK(fnv(project(derive(896, 16), random_row(896))) == 0xf70970f859f584a3u);
  CHECK(fnv(project(derive(256, 5), random_row(256))) == 0x6c9feeeaa35e7011u);
  CHECK(fnv(project(derive(3, 2), random_row(3))) == 0x32fe1e30553cd5b6u);
}

TEST_CASE("hadamard: shapes that make no sense are errors", "[fingerprint]") {
  const auto code = [](std::uint32_t width, std::uint32_t sketch) {
    return hadamard_projection::derive(seed{}, width, sketch).error().code;
  };
  CHECK(code(0, 1) == errc::out_of_range);
  CHECK(code(5, 0) == errc::out_of_range);
  CHECK(code(5, 9) == errc::out_of_range);
  CHECK(code(hadamard_projection::max_width + 1, 1) == errc::out_of_range);
  CHECK(code(~0u, ~0u) == errc::out_of_range);
  CHECK(hadamard_projection::derive(seed{}, 5, 8));
}

TEST_CASE("hadamard: width 1 is a signed copy", "[fingerprint]") {
  std::set<float> seen;
  for (unsigned number = 0; number < 32; ++number) seen.insert(project(derive(1, 1, number), {2.5f})[0]);
  CHECK(seen == std::set<float>{-2.5f, 2.5f});
}

TEST_CASE("hadamard: outputs are distinct, signs balanced, seeds and shapes independent", "[fingerprint]") {
  const auto map = derive(4096, 64);
  std::vector<float> row(4096), out(64), scratch(4096);
  const auto task = map.task(row, out, scratch);
  CHECK(std::set<std::uint32_t>(task.outputs, task.outputs + 64).size() == 64);
  int negative = 0;
  for (std::size_t i = 0; i < 4096; ++i) negative += task.signs[i] != 0;
  CHECK(std::abs(negative - 2048) < 160);  // five standard deviations
  const auto other = random_row(4096);
  CHECK(same_bits(project(map, other), project(derive(4096, 64), other)));
  CHECK_FALSE(same_bits(project(map, other), project(derive(4096, 64, 2), other)));
}

TEST_CASE("hadamard: all outputs keep the length, few keep it on average", "[fingerprint]") {
  const auto row = random_row(512);
  CHECK(squared(project(derive(512, 512), row)) == Approx(squared(row)).epsilon(1e-5));
  double mean = 0;
  constexpr unsigned rounds = 2000;
  for (unsigned number = 0; number < rounds; ++number)
    mean += squared(project(derive(512, 16, number), row)) / squared(row) / rounds;
  CHECK(mean == Approx(1.0).margin(5 * std::sqrt(2.0 / 16 / rounds)));
  // Padding must not change the scale.
  const auto odd = random_row(300);
  mean = 0;
  for (unsigned number = 0; number < rounds; ++number)
    mean += squared(project(derive(300, 16, number), odd)) / squared(odd) / rounds;
  CHECK(mean == Approx(1.0).margin(5 * std::sqrt(2.0 / 16 / rounds)));
}

TEST_CASE("hadamard: the rows of the matrix are orthogonal and of one length, whatever was selected", "[fingerprint]") {
  for (const auto& [width, sketch] : {std::pair{64u, 64u}, {64u, 9u}, {128u, 16u}, {1u, 1u}}) {
    const auto map = derive(width, sketch);
    std::vector<std::vector<float>> columns;  // the images of the unit vectors
    for (std::uint32_t i = 0; i < width; ++i) {
      std::vector<float> unit(width, 0.0f);
      unit[i] = 1.0f;
      columns.push_back(project(map, unit));
    }
    for (std::uint32_t a = 0; a < sketch; ++a)
      for (std::uint32_t b = 0; b <= a; ++b) {
        double product = 0;
        for (const auto& column : columns) product += static_cast<double>(column[a]) * static_cast<double>(column[b]);
        CHECK(product * sketch / width == Approx(a == b ? 1.0 : 0.0).margin(1e-6));
      }
  }
}

TEST_CASE("hadamard: linear", "[fingerprint]") {
  const auto map = derive(1000, 16);
  const auto a = random_row(1000, 1), b = random_row(1000, 2);
  std::vector<float> both(1000), doubled(1000);
  for (std::size_t i = 0; i < 1000; ++i) both[i] = a[i] + b[i], doubled[i] = 4 * a[i];
  const auto fa = project(map, a), fb = project(map, b), fboth = project(map, both), fdoubled = project(map, doubled);
  for (std::size_t j = 0; j < 16; ++j) {
    CHECK(fboth[j] == Approx(fa[j] + fb[j]).margin(1e-4));
    CHECK(fdoubled[j] == 4 * fa[j]);  // powers of two are exact
  }
}

TEST_CASE("hadamard: zeros give zeros, what is not finite shows", "[fingerprint]") {
  const auto map = derive(4096, 16);
  std::vector<float> row(4096, 0.0f);
  for (const float x : project(map, row)) CHECK(x == 0.0f);
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    row[1234] = bad;
    for (const float x : project(map, row)) CHECK_FALSE(assay::fp::is_finite(x));
  }
}

TEST_CASE("hadamard: strides of the host's tensor do not matter", "[fingerprint]") {
  const auto map = derive(100, 8);
  const auto dense = random_row(100);
  std::vector<float> reversed(dense.rbegin(), dense.rend()), spread(300), read(100);
  for (std::size_t i = 0; i < 100; ++i) spread[3 * i] = dense[i];
  const auto expected = project(map, dense);
  REQUIRE(assay::read_row(assay::matrix_view(reversed.data() + 99, assay::dtype::f32, 1, 100, 0, -4), 0, read));
  CHECK(same_bits(project(map, read), expected));
  REQUIRE(assay::read_row(assay::matrix_view(spread.data(), assay::dtype::f32, 1, 100, 0, 12), 0, read));
  CHECK(same_bits(project(map, read), expected));
  REQUIRE(assay::read_row(assay::matrix_view(dense.data(), assay::dtype::f32, 2, 100, 0, 0), 1, read));
  CHECK(same_bits(project(map, read), project(map, std::vector<float>(100, dense[0]))));
}

TEST_CASE("hadamard: rows and scratch may lie at any alignment of a float", "[fingerprint]") {
  const auto map = derive(256, 16);
  const auto row = random_row(256);
  std::vector<float> shifted(257), out(17), scratch(map.scratch_size() + 1);
  std::copy(row.begin(), row.end(), shifted.begin() + 1);
  map.project(std::span(shifted).subspan(1), std::span(out).subspan(1), std::span(scratch).subspan(1));
  CHECK(same_bits(std::vector<float>(out.begin() + 1, out.end()), project(map, row)));
}
