#pragma once

#include <array>
#include <memory>
#include <utility>

#include "landscape/frame.h"

namespace basin {

/// What was found on the grid of a slice, or on some of its rows, `[rows, nx]` each.
struct SliceValues {
  torch::Tensor loss;
  torch::Tensor plain_loss;         ///< without decay
  torch::Tensor accuracy;           ///< NaN where it is not defined
  torch::Tensor held_out_loss;      ///< decay included; undefined without held-out data
  torch::Tensor held_out_accuracy;  ///< undefined without held-out data
  torch::Tensor quadratic;  ///< second order at the origin; undefined if not asked

  /// Name and place of each of them.
  std::array<std::pair<const char*, torch::Tensor*>, 6> channels();
};

/// Evaluates a slice row by row, so that memory does not grow with the resolution and a
/// long slice can be continued.
class SliceEvaluator {
 public:
  /// `held_out` may be null. All must outlive this.
  SliceEvaluator(const SampledObjective& objective,
                 const SampledObjective* held_out,
                 const SliceFrame& frame,
                 bool quadratic);

  /// Rows `first`, ..., `first + rows - 1` of the grid: one value of y each.
  SliceValues rows(int64_t first, int64_t rows, int64_t threads) const;

  /// Rows that make a piece of work worth saving.
  int64_t preferred_rows() const;

 private:
  void add_quadratic(const torch::Tensor& x,
                     const torch::Tensor& y,
                     SliceValues& out) const;

  const SliceFrame& frame_;
  std::unique_ptr<PlaneObjective> plane_, held_out_;
  double decay_[6] = {};           // ½ Σ decay θ² in 1, x, y, x², xy, y²
  std::array<double, 6> model_{};  // the local quadratic model in the same
  bool quadratic_;
};

/// All rows at once.
SliceValues evaluate_slice(const SampledObjective& objective,
                           const SliceFrame& frame,
                           int64_t threads);

/// Extreme eigenvalues of the Hessian at one point of a map.
struct CurvatureRow {
  torch::Tensor least, largest;  ///< `[m]`
};

/// How the eigenvalues of a map are found.
struct CurvatureMapOptions {
  int64_t dense_limit = 300;   ///< P up to which all eigenvalues are found
  int64_t lanczos_steps = 40;  ///< above: least is too high, largest too low, by little
};

/// λ_min and λ_max along row y of a frame at the points x `[m]`. Li et al. 2018, figure
/// 7, draw |λ_min / λ_max|.
CurvatureRow curvature_row(const SampledObjective& objective,
                           const SliceFrame& frame,
                           const torch::Tensor& x,
                           double y,
                           const CurvatureMapOptions& options,
                           int64_t threads);

/// The coordinates of a map of m points over the range of `axis`.
torch::Tensor map_axis(const torch::Tensor& axis, int64_t m);

}  // namespace basin
