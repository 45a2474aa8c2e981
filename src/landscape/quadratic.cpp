#include "landscape/quadratic.h"

#include <ATen/Functions.h>

#include <cmath>

#include "core/stop.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kValues = 120;

/// L and its second-order model along one direction.
struct Model {
  const SampledObjective& objective;
  Tensor theta, direction;
  double c0, c1, c2, error;

  // Where the model fails, [n] bool.
  Tensor fails(const Tensor& t) const {
    const auto rows = (theta + t.unsqueeze(1) * direction).contiguous();
    const auto loss = objective.value(rows).to(torch::kFloat64);
    const auto model = c0 + c1 * t + c2 * t * t;
    return ((model - loss).abs() <= error * loss.abs()).logical_not();
  }
};

QuadraticRadius radius_of(const Model& model, double scale) {
  const auto t = at::logspace(-5, 1, kValues, 10.0, torch::kFloat64) * scale;
  const auto failures = model.fails(t).nonzero();
  if (failures.numel() == 0) return {t[-1].item<double>(), true};
  const auto first = failures[0][0].item<int64_t>();
  double good = first > 0 ? t[first - 1].item<double>() : 0;
  double bad = t[first].item<double>();
  for (int i = 0; i < 30; ++i) {
    const double middle = 0.5 * (good + bad);
    const bool fails = model.fails(at::full({1}, middle, torch::kFloat64)).item<bool>();
    (fails ? bad : good) = middle;
  }
  return {good, false};
}

}  // namespace

std::vector<QuadraticRadius> quadratic_radii(const SampledObjective& objective,
                                             const Tensor& theta,
                                             const Tensor& directions,
                                             double error) {
  const auto units = (directions / directions.norm(2, {1}, true)).contiguous();
  const auto at = objective.value_and_gradient(theta.unsqueeze(0));
  const auto slopes = units.mv(at.gradient[0].to(torch::kFloat64));
  const auto products =
      objective.hessian_times(theta.expand_as(units).contiguous(), units)
          .to(torch::kFloat64);
  const auto bends = (products * units).sum(1);
  const double norm = theta.norm().item<double>();
  std::vector<QuadraticRadius> out;
  for (int64_t k = 0; k < units.size(0); ++k) {
    check_stop();
    out.push_back(radius_of({.objective = objective,
                             .theta = theta,
                             .direction = units[k],
                             .c0 = at.value[0].item<double>(),
                             .c1 = slopes[k].item<double>(),
                             .c2 = 0.5 * bends[k].item<double>(),
                             .error = error},
                            norm > 0 ? norm : 1.0));
  }
  return out;
}

}  // namespace basin
