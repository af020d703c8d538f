// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The projection of Activation-DiFR's authors: a Gaussian matrix as PyTorch draws it.
#ifndef ASSAY_FINGERPRINT_GAUSSIAN_PROJECTION_HPP
#define ASSAY_FINGERPRINT_GAUSSIAN_PROJECTION_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <assay/core/float_formats.hpp>
#include <assay/core/result.hpp>
#include <assay/fingerprint/activation_difr.hpp>
#include <assay/fingerprint/matrix_projection.hpp>
#include <assay/random/stream.hpp>
#include <assay/random/torch_cpu_normal.hpp>
#include <assay/random/torch_cuda_normal.hpp>

namespace assay::inline v0 {

/// In what arithmetic the matrix is made and applied.
enum class gaussian_numerics : std::uint8_t {
  bf16 = 1,  ///< the authors': draws, sqrt(k), their quotient, the row and the sketch are bfloat16; sums are float32,
             ///< as in PyTorch's products of bfloat16 matrices
  fp32 = 2,  ///< float32 throughout: shows differences that bfloat16 rounds away
};

/// Which generator draws the matrix.
enum class gaussian_draws : std::uint8_t {
  torch_cuda = 1,  ///< torch.randn on a GPU, as in the authors' code
  torch_cpu = 2,   ///< torch.randn of float32 on the CPU (rounded to bfloat16 if the numerics are)
};

struct gaussian_settings {
  gaussian_draws draws = gaussian_draws::torch_cuda;
  gaussian_numerics numerics = gaussian_numerics::bf16;
  std::uint64_t seed = 42;         ///< of a fresh generator for every matrix
  std::uint32_t largest_grid = 0;  ///< torch_cuda: see torch_cuda_layout and cuda_grids; there is no default GPU

  friend bool operator==(const gaussian_settings&, const gaussian_settings&) = default;
};

/// Whether all GPUs with a grid of at least `least_grid` draw the same matrix. If not, two honest parties with different
/// GPUs have different projections: for 4096 x 64 an A100 and an H100 do.
[[nodiscard]] constexpr bool portable_on_cuda(std::uint32_t width, std::uint32_t sketch,
                                              std::uint32_t least_grid) noexcept {
  return std::uint64_t{width} * sketch <= 256 * std::uint64_t{least_grid};
}

/// The distance as the authors' code computes it on bfloat16 sketches: differences and norm are rounded to bfloat16.
/// @pre a.size() == b.size()
[[nodiscard]] inline float bf16_distance(std::span<const float> a, std::span<const float> b) {
  ASSAY_EXPECTS(a.size() == b.size());
  float sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float difference = bf16_to_float(float_to_bf16(a[i] - b[i]));
    sum = fp::add(sum, fp::mul(difference, difference));
  }
  return bf16_to_float(float_to_bf16(__builtin_sqrtf(sum)));
}

/// f = h G / sqrt(k) with independent normal G, width() x sketch(): not orthogonal, E ||f||^2 = ||h||^2 over the draws.
///
/// For comparison with other implementations: it reads k times as much memory as it projects, and anyone can guess a
/// seed of PyTorch's. For commitments take hadamard_projection.
/// Determinism: exact. PyTorch's own matrix differs in the last bits of a draw (see torch_cpu_normal and
/// torch_cuda_normal), its sums in their order: of a 4096 x 16 matrix in bf16, drawn on a CPU with AVX-512, 65530 of
/// 65536 elements have PyTorch's bits.
class gaussian_projection {
 public:
  static constexpr std::uint64_t max_elements = std::uint64_t{1} << 26;

  /// The matrix that `torch.randn(width, sketch, generator=g)`, divided by sqrt(sketch), gives after
  /// `g.manual_seed(settings.seed)`.
  /// @errors out_of_range (width or sketch is zero, or the matrix or the grid out of range), unsupported (settings)
  [[nodiscard]] static result<gaussian_projection> derive(const gaussian_settings& settings, std::uint32_t width,
                                                          std::uint32_t sketch) {
    if (auto valid = check(settings.numerics, width, sketch); !valid) return valid.error();
    std::vector<float> matrix(std::size_t{width} * sketch);
    switch (settings.draws) {
      case gaussian_draws::torch_cpu: torch_cpu_normal{settings.seed}.fill(matrix); break;
      case gaussian_draws::torch_cuda: {
        const auto normals = torch_cuda_normal<float>::make({matrix.size(), settings.largest_grid});
        if (!normals) return normals.error();
        const noise_key key{static_cast<std::uint32_t>(settings.seed),
                            static_cast<std::uint32_t>(settings.seed >> 32)};
        for (std::size_t i = 0; i < matrix.size(); ++i) matrix[i] = normals->normal(key, 0, i);
        break;
      }
      default: return fail(errc::unsupported, "projection: unknown generator of normal draws");
    }
    return gaussian_projection{std::move(matrix), settings.numerics, width, sketch};
  }

  /// The same with draws of our own, from a seed of 256 bits: portable, and bound to what the seed is bound to.
  [[nodiscard]] static result<gaussian_projection> derive(const seed& from, gaussian_numerics numerics,
                                                          std::uint32_t width, std::uint32_t sketch) {
    if (auto valid = check(numerics, width, sketch); !valid) return valid.error();
    random_stream stream{from, "gaussian-projection"};
    std::vector<float> matrix(std::size_t{width} * sketch);
    for (float& x : matrix) x = static_cast<float>(stream.normal());
    return gaussian_projection{std::move(matrix), numerics, width, sketch};
  }

  [[nodiscard]] std::uint32_t width() const noexcept { return map_.width(); }
  [[nodiscard]] std::uint32_t sketch() const noexcept { return map_.sketch(); }
  [[nodiscard]] std::size_t scratch_size() const noexcept { return narrow_ ? map_.width() : 0; }
  [[nodiscard]] gaussian_numerics numerics() const noexcept {
    return narrow_ ? gaussian_numerics::bf16 : gaussian_numerics::fp32;
  }
  /// G / sqrt(k), row-major.
  [[nodiscard]] std::span<const float> matrix() const noexcept { return map_.matrix(); }

  /// Writes the sketch of `row`. @pre row, out and scratch have width(), sketch() and at least scratch_size() elements and
  /// do not overlap
  void project(std::span<const float> row, std::span<float> out, std::span<float> scratch) const {
    if (!narrow_) return map_.project(row, out);
    ASSAY_EXPECTS(row.size() == width() && scratch.size() >= width());
    for (std::size_t i = 0; i < row.size(); ++i) scratch[i] = to_bf16(row[i]);
    map_.project(scratch.first(row.size()), out);
    for (float& x : out) x = to_bf16(x);
  }

 private:
  gaussian_projection(std::vector<float> draws, gaussian_numerics numerics, std::uint32_t width, std::uint32_t sketch)
      : narrow_(numerics == gaussian_numerics::bf16),
        map_(matrix_projection::of(scaled(draws, narrow_, sketch), width, sketch).value()) {}

  [[nodiscard]] static result<void> check(gaussian_numerics numerics, std::uint32_t width, std::uint32_t sketch) {
    if (numerics != gaussian_numerics::bf16 && numerics != gaussian_numerics::fp32)
      return fail(errc::unsupported, "projection: unknown numerics");
    if (width == 0 || sketch == 0 || std::uint64_t{width} * sketch > max_elements)
      return fail(errc::out_of_range, "projection: matrix out of range", std::uint64_t{width} * sketch);
    return {};
  }

  [[nodiscard]] static float to_bf16(float x) noexcept { return bf16_to_float(float_to_bf16(x)); }

  [[nodiscard]] static std::span<const float> scaled(std::vector<float>& draws, bool narrow,
                                                     std::uint32_t sketch) noexcept {
    const auto count = static_cast<float>(sketch);
    const float root = narrow ? to_bf16(__builtin_sqrtf(to_bf16(count))) : __builtin_sqrtf(count);
    for (float& x : draws) x = narrow ? to_bf16(to_bf16(x) / root) : x / root;
    return draws;
  }

  bool narrow_;
  matrix_projection map_;
};

static_assert(projection<gaussian_projection>);

}  // namespace assay::inline v0

#endif
