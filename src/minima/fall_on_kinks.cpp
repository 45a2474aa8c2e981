#include "minima/fall_on_kinks.h"

#include <ATen/Functions.h>

namespace basin {

using torch::Tensor;

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

}  // namespace basin
