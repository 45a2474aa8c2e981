#include "minima/newton.h"

#include <ATen/Functions.h>

#include <cmath>
#include <optional>

#include "core/stop.h"
#include "curvature/hessian.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kHalvings = 24;

struct Point {
  Tensor theta;     // [P]
  double value;     // L
  Tensor gradient;  // [P]

  double norm() const { return gradient.abs().max().item<double>(); }
};

Point point_at(const Objective& objective, const Tensor& theta) {
  const auto answer = objective.value_and_gradient(theta.unsqueeze(0).contiguous());
  return {theta, answer.value.item<double>(), answer.gradient.squeeze(0)};
}

// θ + 2^-k p for k = 0, 1, ...: evaluated as one batch.
Tensor halvings(const Tensor& theta, const Tensor& p) {
  const auto t = at::pow(0.5, at::arange(kHalvings, torch::kFloat64)).unsqueeze(1);
  return theta + t * p;
}

// The longest halved step that decreases L enough (Armijo), if any.
std::optional<Tensor> decreasing_step(const Objective& objective,
                                      const Point& from,
                                      const Tensor& p) {
  const auto trials = halvings(from.theta, p);
  const auto values = objective.value(trials);
  const double slope = from.gradient.dot(p).item<double>();
  double t = 1;
  for (int64_t k = 0; k < kHalvings; ++k, t /= 2) {
    const double value = values[k].item<double>();
    if (std::isfinite(value) && value < from.value &&
        value <= from.value + 1e-4 * t * slope) {
      return trials[k];
    }
  }
  return std::nullopt;
}

// The longest step along ±q, from 1 down, that lowers L most.
std::optional<Tensor> escape(const Objective& objective,
                             const Point& from,
                             const Tensor& q) {
  const auto trials = at::cat({halvings(from.theta, q), halvings(from.theta, -q)});
  const auto values = at::nan_to_num(objective.value(trials), 1e300, 1e300);
  const auto best = values.argmin().item<int64_t>();
  if (!(values[best].item<double>() < from.value)) return std::nullopt;
  return trials[best];
}

Tensor newton_step(const Point& at,
                   const Tensor& values,
                   const Tensor& vectors,
                   const NewtonOptions& options) {
  const auto floor = options.zero_tolerance * values.abs().max();
  auto c = at::mv(vectors.t(), at.gradient);
  // A zero mode with no slope to speak of is left alone: its share is noise.
  const auto quiet =
      (values.abs() <= floor).logical_and(c.abs() <= options.gradient_tolerance);
  c = at::where(quiet, at::zeros_like(c), c);
  return -at::mv(vectors, c / at::maximum(values.abs(), floor).clamp_min(1e-300));
}

}  // namespace

NewtonResult minimize_newton(const Objective& objective,
                             const Tensor& theta,
                             const NewtonOptions& options) {
  auto here = point_at(objective, theta.to(torch::kFloat64));
  NewtonResult result;
  for (; result.iterations < options.max_iterations; ++result.iterations) {
    check_stop();
    if (!std::isfinite(here.value)) break;
    const auto hessian = dense_hessian(objective, here.theta);
    if (!hessian.isfinite().all().item<bool>()) break;
    const auto [values, vectors] = at::linalg_eigh(hessian);
    const double most = values.abs().max().item<double>();
    const bool bends_down = values[0].item<double>() < -options.zero_tolerance * most;
    if (here.norm() <= options.gradient_tolerance) {
      if (!bends_down || result.escapes >= options.max_escapes) break;
      const auto next = escape(objective, here, vectors.select(1, 0));
      if (!next) break;
      ++result.escapes;
      here = point_at(objective, *next);
      continue;
    }
    const auto p = newton_step(here, values, vectors, options);
    if (const auto next = decreasing_step(objective, here, p)) {
      here = point_at(objective, *next);
      continue;
    }
    const auto full = point_at(objective, here.theta + p);
    const bool flat =
        std::abs(full.value - here.value) <= 1e-13 * (1e-3 + std::abs(here.value));
    if (bends_down || !flat || !(full.norm() < here.norm())) break;
    here = full;
  }
  result.theta = here.theta;
  result.value = here.value;
  result.gradient_norm = here.norm();
  return result;
}

}  // namespace basin
