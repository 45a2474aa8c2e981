#include "connectivity/saddle.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/stop.h"
#include "curvature/hessian.h"
#include "curvature/symmetric_eigen.h"
#include "minima/newton.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kPush = 1e-3;  // at first, relative to 1 + ‖θ‖

// The mode to follow up: the softest, or that nearest to `along`.
int64_t followed_mode(const Tensor& vectors, const Tensor& along) {
  return along.defined() ? at::mv(vectors.t(), along).abs().argmax().item<int64_t>()
                         : 0;
}

// Where the flow from θ ends, as a judged endpoint.
Endpoint descend(const MinimaProblem& problem,
                 const Tensor& theta,
                 const MinimaOptions& options,
                 std::string& trouble) {
  const auto flow = follow_gradient(problem.objective,
                                    theta,
                                    {.zero_tolerance = options.zero_tolerance,
                                     .zero_modes = symmetry_modes(problem)});
  if (!flow.arrived) {
    trouble = fmt::format("the flow from it did not arrive in {} steps", flow.steps);
    return {.theta = flow.theta};
  }
  if (!flow.monotone) trouble = "the loss rose along the flow from it";
  const auto polished =
      minimize_newton(problem.objective,
                      flow.theta,
                      {.max_iterations = options.newton_iterations,
                       .gradient_tolerance = options.gradient_tolerance,
                       .zero_tolerance = options.zero_tolerance,
                       .max_escapes = 0});
  const double moved = (polished.theta - flow.theta).norm().item<double>();
  if (moved > 0.05 * (theta - polished.theta).norm().item<double>())
    trouble = fmt::format("polishing moved the end of the flow by {:.1e}", moved);
  auto out = judge(problem, polished.theta, options);
  if (!is_certified(out) && trouble.empty())
    trouble = fmt::format(
        "the flow from it ends at a {}: {}", name_of(out.verdict), out.reason);
  return out;
}

}  // namespace

SaddleSearch find_saddle(const Objective& objective,
                         const Tensor& theta,
                         const Tensor& uphill,
                         const SaddleOptions& options) {
  SaddleSearch out{.theta = theta.clone()};
  double radius = 0.1 * (1 + theta.norm().item<double>());
  const double widest = 3 * radius;
  auto along = uphill;
  auto answer = objective.value_and_gradient(out.theta.unsqueeze(0));
  for (; out.iterations < options.max_iterations; ++out.iterations) {
    check_stop();
    const auto g = answer.gradient.squeeze(0);
    if (!g.isfinite().all().item<bool>()) return out;
    out.gradient_norm = g.abs().max().item<double>();
    const auto [values, vectors] =
        curvature_without(objective, out.theta, options.zero_modes);
    const auto mode = followed_mode(vectors, along);
    double floor = options.gradient_tolerance;
    if (out.gradient_norm < 1e-7)
      floor = std::max(floor, gradient_floor(objective, out.theta));
    if (out.gradient_norm <= floor) {
      out.converged = values[mode].item<double>() < 0;
      return out;
    }
    const auto slope = at::mv(vectors.t(), g);
    const auto size = values.abs().clamp_min(1e-12 * values.abs().max().item<double>());
    auto step = -2 * slope / (size * (1 + at::sqrt(1 + 4 * (slope / size).square())));
    step[mode] = -step[mode];
    const double length = step.norm().item<double>();
    if (length > radius) step = step * (radius / length);
    const auto next = (out.theta + at::mv(vectors, step)).contiguous();
    const auto there = objective.value_and_gradient(next.unsqueeze(0));
    // By how much the model's error would move the next step.
    const auto missed =
        (at::mv(vectors.t(), there.gradient.squeeze(0)) - slope - values * step) / size;
    const double off =
        missed.norm().item<double>() / std::max(step.norm().item<double>(), 1e-300);
    if (!std::isfinite(off) || (off > 1 && out.gradient_norm > 1e-9)) {
      radius = 0.4 * std::min(radius, length);
      if (radius < 1e-12) return out;
      continue;
    }
    if (off < 0.25) radius = std::min(widest, 2 * radius);
    if (off > 0.5) radius = 0.7 * std::min(radius, length);
    // The chosen mode is followed until it is the one of negative curvature.
    if (along.defined()) {
      along = values[mode].item<double>() < 0 && mode == 0
                  ? Tensor()
                  : vectors.select(1, mode).contiguous();
    }
    out.theta = next;
    answer = there;
  }
  return out;
}

ZeroModes symmetry_modes(const MinimaProblem& problem) {
  return [&problem](const Tensor& theta) {
    const auto sources = symmetry_sources(problem.layout, theta, problem.decay > 0);
    return explain(sources, theta.size(0)).basis;
  };
}

bool is_simple_saddle(const Endpoint& e, const MinimaOptions& options) {
  return e.verdict == Verdict::kSaddle && e.index == 1 && e.kinks == 0 &&
         e.zeroed == 0 && e.residual == 0 && e.nullity == e.explained &&
         e.gradient_norm <= std::max(options.gradient_tolerance, e.noise);
}

double log_product_of(const Tensor& eigenvalues, double zero_tolerance) {
  const auto size = eigenvalues.abs();
  const auto kept = size > zero_tolerance * size.max();
  return size.masked_select(kept).log().sum().item<double>();
}

// A step along ±v off a saddle, short enough that L falls on both sides as its
// curvature says: ½ |λ| t², within a fifth. 0: there is none.
double push_off(const Objective& objective,
                const Tensor& theta,
                const Tensor& v,
                double curvature,
                double first) {
  for (double t = first; t > 1e-4 * first; t *= 0.5) {
    const auto loss = objective.value(at::stack({theta, theta - t * v, theta + t * v}))
                          .to(torch::kFloat64);
    const double expected = -0.5 * curvature * t * t;
    bool agrees = true;
    for (const int64_t side : {1, 2}) {
      const double fall = (loss[0] - loss[side]).item<double>();
      agrees = agrees && std::abs(fall - expected) <= 0.2 * expected;
    }
    if (agrees) return t;
  }
  return 0;
}

Crossing cross(const MinimaProblem& problem,
               const Tensor& theta,
               const MinimaOptions& options,
               double share) {
  Crossing out{.saddle = judge(problem, theta, options)};
  if (!is_simple_saddle(out.saddle, options)) {
    out.problem = fmt::format(
        "not a saddle of index 1 with all zero modes explained: "
        "{}, index {}, {} zero modes, {} explained",
        name_of(out.saddle.verdict),
        out.saddle.index,
        out.saddle.nullity,
        out.saddle.explained);
    return out;
  }
  const auto spectrum =
      hessian_spectrum(problem.objective, theta, {.dense_limit = options.dense_limit});
  auto v = spectrum.vectors[0].contiguous();
  // The eigenvector's sign is nobody's choice: the largest entry is positive.
  if (v[v.abs().argmax()].item<double>() < 0) v = -v;
  out.eigenvector = v;
  out.log_product = log_product_of(spectrum.values, options.zero_tolerance);
  const double push = share * push_off(problem.objective,
                                       theta,
                                       v,
                                       spectrum.values[0].item<double>(),
                                       kPush * (1 + theta.norm().item<double>()));
  if (push == 0) {
    out.problem = "no step off the saddle lowers the loss as its curvature says";
    return out;
  }
  out.left = descend(problem, theta - push * v, options, out.problem);
  std::string trouble;
  out.right = descend(problem, theta + push * v, options, trouble);
  if (out.problem.empty()) out.problem = trouble;
  out.proved = out.problem.empty() && out.left.loss < out.saddle.loss &&
               out.right.loss < out.saddle.loss;
  return out;
}

}  // namespace basin
