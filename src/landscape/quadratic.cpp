#include "landscape/quadratic.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/stop.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kPerDecade = 40;
constexpr double kFirst = 1e-8, kLast = 10;  // of ‖θ‖
constexpr int kBisections = 40;
constexpr int64_t kMoves = 16;

/// L and its second-order model along one direction.
struct Model {
  const SampledObjective& objective;
  Tensor theta, direction;
  double value, slope, bend, error;

  // Where the model fails, [n] bool; a loss that is not a number is a failure.
  Tensor fails(const Tensor& t) const {
    const auto rows = (theta + t.unsqueeze(1) * direction).contiguous();
    const auto rise = objective.value(rows).to(torch::kFloat64) - value;
    const auto second = 0.5 * bend * t * t;
    return ((rise - slope * t - second).abs() <= error * second.abs()).logical_not();
  }
};

double unit_of(const SampledObjective& objective) {
  return objective.dtype() == torch::kFloat32 ? std::numeric_limits<float>::epsilon()
                                              : std::numeric_limits<double>::epsilon();
}

// θ moved by a unit in the last place of each entry, [n, P].
Tensor moved(const Tensor& theta, double unit, int64_t n) {
  auto signs = at::empty({n, theta.size(0)}, theta.options());
  for (int64_t k = 0; k < n; ++k) {
    const auto digits = at::arange(theta.size(0), torch::kInt64) * (2 * k + 1);
    signs[k].copy_(1 - 2 * digits.remainder(7).remainder(2));
  }
  return (theta * (1 + unit * signs)).contiguous();
}

// How uncertain rounding leaves L at θ.
double value_noise(const SampledObjective& objective, const Tensor& theta, double at) {
  const double unit = unit_of(objective);
  const auto near = objective.value(moved(theta, unit, kMoves)).to(torch::kFloat64);
  return (near - at).abs().max().item<double>() + unit * std::abs(at);
}

// The least t at which a tenth of the right side is above the noise.
double first_resolved(const Model& model, double noise) {
  return std::sqrt(10 * noise / (0.5 * model.error * std::abs(model.bend)));
}

// The end of [good, bad] at which the model still holds.
double bisect(const Model& model, double good, double bad) {
  for (int i = 0; i < kBisections; ++i) {
    const double middle = 0.5 * (good + bad);
    const bool fails = model.fails(at::full({1}, middle, torch::kFloat64)).item<bool>();
    (fails ? bad : good) = middle;
  }
  return good;
}

QuadraticRadius radius_of(const Model& model, double scale, double noise) {
  const double first = std::max(kFirst * scale, first_resolved(model, noise));
  const double last = kLast * scale;
  if (!(first < last)) return {NAN, RadiusEnd::kUndefined};
  double good = 0;
  for (double from = first; from < last; from *= 10) {
    const double to = std::min(last, 10 * from);
    const auto t = at::logspace(
        std::log10(from), std::log10(to), kPerDecade + 1, 10.0, torch::kFloat64);
    const auto failures = model.fails(t).nonzero();
    if (failures.numel() == 0) {
      good = t[-1].item<double>();
      continue;
    }
    const auto k = failures[0][0].item<int64_t>();
    const double bad = t[k].item<double>();
    if (k > 0) good = t[k - 1].item<double>();
    if (good == 0) return {bad, RadiusEnd::kAtMost};
    return {bisect(model, good, bad), RadiusEnd::kFound};
  }
  return {last, RadiusEnd::kAtLeast};
}

}  // namespace

std::vector<QuadraticRadius> quadratic_radii(const SampledObjective& objective,
                                             const Tensor& theta,
                                             const Tensor& directions,
                                             double error) {
  const auto units = (directions / directions.norm(2, {1}, true)).contiguous();
  const auto at = objective.value_and_gradient(theta.unsqueeze(0));
  const auto slopes = units.mv(at.gradient[0].to(torch::kFloat64));
  const auto product_at = [&](const Tensor& point) {
    return objective.hessian_times(point.expand_as(units).contiguous(), units)
        .to(torch::kFloat64);
  };
  const auto products = product_at(theta);
  const auto bends = (products * units).sum(1);
  const auto bend_noise =
      (product_at(moved(theta, unit_of(objective), 1)[0]) - products).norm(2, {1});
  const double value = at.value[0].item<double>();
  const double noise = value_noise(objective, theta, value);
  const double norm = theta.norm().item<double>();
  std::vector<QuadraticRadius> out;
  for (int64_t k = 0; k < units.size(0); ++k) {
    check_stop();
    const double bend = bends[k].item<double>();
    if (!(error * std::abs(bend) > bend_noise[k].item<double>())) {
      out.push_back({NAN, RadiusEnd::kUndefined});
      continue;
    }
    out.push_back(radius_of({.objective = objective,
                             .theta = theta,
                             .direction = units[k],
                             .value = value,
                             .slope = slopes[k].item<double>(),
                             .bend = bend,
                             .error = error},
                            norm > 0 ? norm : 1.0,
                            noise));
  }
  return out;
}

const char* name_of(RadiusEnd end) {
  switch (end) {
    case RadiusEnd::kFound:
      return "found";
    case RadiusEnd::kAtLeast:
      return "at_least";
    case RadiusEnd::kAtMost:
      return "at_most";
    case RadiusEnd::kUndefined:
      break;
  }
  return "undefined";
}

}  // namespace basin
