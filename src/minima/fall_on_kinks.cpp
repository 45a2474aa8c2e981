#include "minima/fall_on_kinks.h"

#include <ATen/Functions.h>

#include "curvature/symmetric_eigen.h"

namespace basin {

using torch::Tensor;

namespace {

constexpr double kDependent = 1e-9;  // singular values of rows
constexpr double kBent = 1e-9;       // of the largest diagonal entry: bends down

}  // namespace

Fall largest_fall_on_kinks(const Objective& objective,
                           const KinkPoint& point,
                           const Tensor& free,
                           const Tensor& restore,
                           const Tensor& direction,
                           double value) {
  if (point.active.empty()) return {};
  const auto t = at::pow(0.5, at::arange(24, torch::kFloat64));
  auto points = point.theta + at::cat({t, -t}).unsqueeze(1) * direction;
  const auto sites = index_of(point.active);
  for (int pass = 0; pass < 2; ++pass) {
    const auto z = objective.kink_arguments(points).index_select(1, sites);
    points.index_add_(1, free, -at::mm(z, restore.t()));
  }
  const auto values = at::nan_to_num(objective.value(points), 1e300, 1e300);
  const auto best = values.argmin().item<int64_t>();
  return {points[best] - point.theta, value - values[best].item<double>()};
}

Fall fall_where_bent(const Objective& objective,
                     const KinkPoint& point,
                     const Tensor& free,
                     const Tensor& rows,
                     const Tensor& hessian,
                     double value) {
  const auto identity = at::eye(free.size(0), torch::kFloat64);
  const auto restore = at::linalg_pinv(rows, kDependent);
  const auto along = identity - at::mm(restore, rows);
  const double most = hessian.diagonal().abs().max().item<double>();
  const auto reduced =
      at::mm(along, at::mm(hessian, along)) + most * (identity - along);
  const auto [values, vectors] = symmetric_eigen((reduced + reduced.t()) / 2);
  if (!(values[0].item<double>() < -kBent * most)) return {};
  const auto direction =
      at::zeros_like(point.theta).index_add(0, free, vectors.select(1, 0));
  const auto straight = largest_fall(objective, point.theta, value, direction);
  const auto held =
      largest_fall_on_kinks(objective, point, free, restore, direction, value);
  return held.fall > straight.fall ? held : straight;
}

}  // namespace basin
