#include "minima/newton.h"

#include <ATen/Functions.h>

#include <cmath>
#include <optional>

#include "core/stop.h"
#include "curvature/hessian.h"
#include "curvature/symmetric_eigen.h"
#include "minima/trust_region.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kHalvings = 24;
constexpr double kShortStep = 1e-10;  // relative to the parameters

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

/// What one look at H gives: a step, or the knowledge that there is none to take.
struct Plan {
  TrustStep trust;
  bool bends_down = false;  // a negative eigenvalue, zero modes aside
  Tensor down;              // its eigenvector
};

// H = L Lᵀ far from singular, and Newton's step inside the ball: no eigenvalues needed.
// With `scaled`, D H D is asked, its diagonal 1: columns of very different size make no
// direction flat.
std::optional<Plan> cholesky_plan(const Tensor& hessian,
                                  const Point& at,
                                  double radius,
                                  double zero_tolerance,
                                  bool scaled) {
  const auto bent = hessian.diagonal();
  if (scaled && !(bent > 0).all().item<bool>()) return std::nullopt;
  const auto d = scaled ? 1 / bent.sqrt() : at::ones_like(bent);
  const auto [factor, info] = at::linalg_cholesky_ex(d.unsqueeze(1) * hessian * d);
  if (info.item<int64_t>() != 0) return std::nullopt;
  const auto diagonal = factor.diagonal().square();
  if (!(diagonal.min() > zero_tolerance * diagonal.max()).item<bool>()) {
    return std::nullopt;
  }
  const auto step =
      -d * at::cholesky_solve((d * at.gradient).unsqueeze(1), factor).squeeze(1);
  if (!(step.norm().item<double>() <= radius)) return std::nullopt;
  return Plan{{.step = step, .predicted = -0.5 * at.gradient.dot(step).item<double>()}};
}

Plan eigen_plan(const Tensor& hessian,
                const Point& at,
                double radius,
                double tolerance,
                double hidden,
                double zero_tolerance) {
  const auto [values, vectors] = symmetric_eigen(hessian);
  const auto slope = at::mv(vectors.t(), at.gradient).abs();
  const double most = values.abs().max().item<double>();
  const auto plan_above = [&, &values = values, &vectors = vectors](double floor,
                                                                    bool lift) {
    // A zero mode with no slope to speak of is left alone: its share is noise.
    const auto zero = values.abs() <= floor;
    const auto bent =
        lift ? at::where(zero, at::full_like(values, floor), values) : values;
    return Plan{
        exact_trust_step(
            bent, vectors, at.gradient, zero.logical_and(slope <= tolerance), radius),
        values[0].item<double>() < -floor,
        vectors.select(1, 0)};
  };
  const auto plan = plan_above(zero_tolerance * most, false);
  // Where L no longer tells, the gradient leads. Bent orbits then look like small
  // curvature; a zero mode with a slope is taken to curve just enough to count.
  const double floor = zero_mode_floor(most, at.norm(), zero_tolerance);
  return plan.trust.predicted > hidden || at.norm() <= tolerance
             ? plan
             : plan_above(floor, true);
}

std::optional<Plan> plan_at(const Objective& objective,
                            const Point& at,
                            double radius,
                            double tolerance,
                            double hidden,
                            const NewtonOptions& options) {
  if (at.theta.size(0) > options.exact_limit) {
    const double forcing = std::min(0.1, std::sqrt(at.norm()));
    return Plan{steihaug_trust_step(hessian_operator(objective, at.theta),
                                    at.gradient,
                                    radius,
                                    forcing,
                                    options.cg_iterations)};
  }
  const auto hessian = dense_hessian(objective, at.theta);
  if (!hessian.isfinite().all().item<bool>()) return std::nullopt;
  for (const bool scaled : {false, true}) {
    if (auto plan = cholesky_plan(hessian, at, radius, options.zero_tolerance, scaled))
      return plan;
  }
  return eigen_plan(hessian, at, radius, tolerance, hidden, options.zero_tolerance);
}

// Below this a change of L is rounding: of the result, or of large terms that cancel in
// it (measured by moving θ in its last places).
double hidden_change(const Objective& objective, const Point& at) {
  const double relative = 1e-13 * (std::abs(at.value) + 1e-3);
  if (at.norm() > 1e-5) return relative;
  return std::max(relative, 64 * value_noise(objective, at.theta));
}

// Where rounding hides the decrease, a smaller gradient decides.
bool improves(const Point& from, const Point& to, const Plan& plan, double hidden) {
  if (!std::isfinite(to.value)) return false;
  if (plan.trust.predicted > hidden) {
    return from.value - to.value > 1e-4 * plan.trust.predicted;
  }
  const bool flat = std::abs(to.value - from.value) <= hidden;
  return flat && !plan.bends_down && to.norm() < from.norm();
}

}  // namespace

double zero_mode_floor(double largest, double gradient_norm, double zero_tolerance) {
  const double floor = zero_tolerance * largest;
  return gradient_norm < 1e-5 * largest ? std::max(floor, 10 * gradient_norm) : floor;
}

Fall largest_fall(const Objective& objective,
                  const Tensor& theta,
                  double value,
                  const Tensor& direction) {
  const auto t = at::pow(0.5, at::arange(kHalvings, torch::kFloat64)).unsqueeze(1);
  const auto steps = at::cat({t * direction, -t * direction});
  const auto values = at::nan_to_num(objective.value(theta + steps), 1e300, 1e300);
  const auto best = values.argmin().item<int64_t>();
  return {steps[best].clone(), value - values[best].item<double>()};
}

double value_noise(const Objective& objective, const Tensor& theta) {
  const auto sign = 1 - 2 * at::arange(theta.size(0), torch::kFloat64).remainder(2);
  const auto shift = at::tensor({0.0, 1.0, -1.0, 2.0, -2.0}, torch::kFloat64) * 2.3e-16;
  const auto losses = objective.value(theta * (1 + shift.unsqueeze(1) * sign));
  return (losses - losses[0]).abs().max().item<double>();
}

double gradient_floor(const Objective& objective, const Tensor& theta) {
  return 4 * objective.gradient_noise(theta);
}

NewtonResult minimize_newton(const Objective& objective,
                             const Tensor& theta,
                             const NewtonOptions& options) {
  auto here = point_at(objective, theta.to(torch::kFloat64));
  NewtonResult result;
  double radius = (1 + here.theta.norm().item<double>());
  const double first_radius = radius;
  int last_steps = 6;
  for (; result.iterations < options.max_iterations; ++result.iterations) {
    check_stop();
    if (!std::isfinite(here.value)) break;
    double tolerance = options.gradient_tolerance;
    if (here.norm() > tolerance && here.norm() < 1e-6) {
      tolerance = std::max(tolerance, gradient_floor(objective, here.theta));
    }
    const bool critical = here.norm() <= tolerance;
    if (critical && here.theta.size(0) > options.exact_limit) break;
    const double hidden = hidden_change(objective, here);
    const auto plan = plan_at(objective, here, radius, tolerance, hidden, options);
    if (!plan) break;
    if (critical && !plan->bends_down) {
      // A small gradient may still be far away where all curvature is small.
      const double far = plan->trust.step.norm().item<double>();
      if (far <= kShortStep * (1 + here.theta.norm().item<double>()) || last_steps == 0)
        break;
      const auto next = point_at(objective, here.theta + plan->trust.step);
      if (!(next.norm() < here.norm())) break;
      here = next;
      --last_steps;
      continue;
    }
    if (critical) {
      if (result.escapes >= options.max_escapes) break;
      const auto down = largest_fall(objective, here.theta, here.value, plan->down);
      if (!(down.fall > 0)) break;
      ++result.escapes;
      here = point_at(objective, here.theta + down.step);
      radius = first_radius;
      continue;
    }
    const auto next = point_at(objective, here.theta + plan->trust.step);
    if (improves(here, next, *plan, hidden)) {
      const double ratio = (here.value - next.value) / plan->trust.predicted;
      radius = next_radius(
          radius, plan->trust, plan->trust.predicted > hidden ? ratio : 0.5);
      here = next;
    } else {
      radius = 0.25 * std::min(radius, plan->trust.step.norm().item<double>());
      if (!(radius > 1e-14 * (1 + here.theta.norm().item<double>()))) break;
    }
  }
  result.theta = here.theta;
  result.value = here.value;
  result.gradient_norm = here.norm();
  return result;
}

}  // namespace basin
