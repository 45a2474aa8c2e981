#include "minima/box_problem.h"

#include <ATen/Functions.h>

#include <algorithm>

namespace basin {
namespace {

using torch::Tensor;

constexpr int kMostSteps = 400;
constexpr int kHalvings = 40;
constexpr double kShift = 1e-13;      // of the mean diagonal: G may be singular
constexpr double kTolerance = 1e-14;  // of the largest entry of c and G a

double value_at(const Tensor& matrix, const Tensor& linear, const Tensor& a) {
  return (0.5 * a.dot(at::mv(matrix, a)) + linear.dot(a)).item<double>();
}

// Newton's step over the entries that are not held at a bound, `[K]`.
Tensor newton_step(const Tensor& matrix, const Tensor& gradient, const Tensor& open) {
  const auto rows = matrix.index_select(0, open);
  auto own = rows.index_select(1, open);
  const double shift = kShift * own.diagonal().mean().item<double>() + 1e-300;
  own.diagonal().add_(shift);
  const auto g = gradient.index_select(0, open).unsqueeze(1);
  const auto [factor, failed] = at::linalg_cholesky_ex(own);
  const auto step = failed.item<int>() == 0
                        ? at::cholesky_solve(g, factor)
                        : g / own.diagonal().unsqueeze(1).clamp_min(shift);
  return at::zeros_like(gradient).index_copy(0, open, -step.squeeze(1));
}

// Each entry in turn to where the value is least. Where Newton's model has no curvature
// its step says nothing; this always descends.
Tensor sweep(const Tensor& matrix, const Tensor& linear, const Tensor& from) {
  auto a = from.clone();
  auto gradient = at::mv(matrix, a) + linear;
  const auto diagonal = matrix.diagonal().contiguous();
  auto* entry = a.data_ptr<double>();
  const auto* slope = gradient.data_ptr<double>();
  for (int64_t k = 0; k < a.size(0); ++k) {
    const double x = entry[k], g = slope[k];
    const double curvature = diagonal.data_ptr<double>()[k];
    const double end = g > 0 ? 0.0 : 1.0;
    const double next = curvature > 0 ? std::clamp(x - g / curvature, 0.0, 1.0)
                        : g == 0      ? x
                                      : end;
    if (next == x) continue;
    gradient.add_(matrix[k], next - x);
    entry[k] = next;
  }
  return a;
}

}  // namespace

Tensor solve_box_problem(const Tensor& matrix,
                         const Tensor& linear,
                         const Tensor& start) {
  auto a = start.clamp(0, 1);
  if (a.size(0) == 0) return a;
  double value = value_at(matrix, linear, a);
  for (int step = 0; step < kMostSteps; ++step) {
    const auto pull = at::mv(matrix, a);
    const auto gradient = pull + linear;
    const auto held = at::logical_or(at::logical_and(a <= 0, gradient >= 0),
                                     at::logical_and(a >= 1, gradient <= 0));
    const auto open = held.logical_not().nonzero().squeeze(1);
    if (open.size(0) == 0) return a;
    const double scale =
        std::max(pull.abs().max().item<double>(), linear.abs().max().item<double>());
    const double left = gradient.index_select(0, open).abs().max().item<double>();
    if (!(left > kTolerance * scale)) return a;
    const auto direction = newton_step(matrix, gradient, open);
    double t = 1;
    bool lower = false;
    for (int k = 0; k < kHalvings && !lower; ++k, t /= 2) {
      const auto trial = (a + t * direction).clamp(0, 1);
      const double next = value_at(matrix, linear, trial);
      if (!(next < value)) continue;
      a = trial;
      value = next;
      lower = true;
    }
    if (lower) continue;
    const auto swept = sweep(matrix, linear, a);
    const double next = value_at(matrix, linear, swept);
    if (!(next < value)) return a;
    a = swept;
    value = next;
  }
  return a;
}

}  // namespace basin
