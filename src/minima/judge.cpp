#include "minima/judge.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "minima/degenerate.h"
#include "minima/inactive.h"
#include "minima/kink_verdict.h"
#include "minima/newton.h"
#include "minima/smooth_curvature.h"
#include "minima/units.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kZeroLoss = 1e-20;

bool is_critical(const Endpoint& e, const MinimaOptions& options) {
  const bool far = e.newton_step > options.step_tolerance * (1 + e.norm);
  return e.gradient_norm <= std::max(options.gradient_tolerance, e.noise) && !far;
}

void judge_unfinished(const MinimaProblem& problem,
                      const MinimaOptions& options,
                      Endpoint& out) {
  const double grown =
      problem.objective.value((1.25 * out.theta).unsqueeze(0)).item<double>();
  const double noise = 16 * value_noise(problem.objective, out.theta);
  if (problem.decay == 0 && grown < out.loss - noise) {
    out.verdict = Verdict::kEscaping;
    out.growth_fall = out.loss - grown;
    out.reason = fmt::format(
        "no decay, gradient {:.1e}, and the loss still falls when all weights grow by "
        "a "
        "quarter; norm {:.3g}",
        out.gradient_norm,
        out.norm);
  } else if (out.kink_distance < 1e-6) {
    out.reason = fmt::format(
        "stopped near a kink: a pre-activation at {:.1e} of its layer's scale, "
        "gradient {:.1e}",
        out.kink_distance,
        out.gradient_norm);
  } else if (out.gradient_norm > std::max(options.gradient_tolerance, out.noise)) {
    out.reason =
        fmt::format("gradient {:.1e} is above the tolerance", out.gradient_norm);
  } else {
    out.reason = fmt::format("gradient {:.1e}, but Newton's next step is {:.1e} long",
                             out.gradient_norm,
                             out.newton_step);
  }
}

void judge_saddle(const MinimaProblem& problem,
                  const Tensor& direction,
                  Endpoint& out) {
  const auto down = largest_fall(problem.objective, out.theta, out.loss, direction);
  out.witness_fall = down.fall;
  if (!(out.witness_fall > 16 * value_noise(problem.objective, out.theta))) {
    out.reason = fmt::format(
        "negative curvature {:.3e}, but no step along it lowers the loss beyond "
        "rounding",
        out.min_eigenvalue);
    return;
  }
  out.verdict = Verdict::kSaddle;
  out.witness = down.step;
  out.reason = fmt::format(
      "negative curvature {:.3e}; along it the loss falls by {:.1e} at a step of "
      "{:.2g}",
      out.min_eigenvalue,
      out.witness_fall,
      down.step.norm().item<double>());
}

// Eigenvalues within the cut that their own bounds show to be negative.
void judge_small_negative(const MinimaProblem& problem,
                          const Inertia& inertia,
                          Endpoint& out) {
  const auto direction = inertia.vectors[0] / inertia.vectors[0].norm();
  const auto bent =
      problem.objective.hessian_times(out.theta.unsqueeze(0), direction.unsqueeze(0));
  out.min_eigenvalue = bent.squeeze(0).dot(direction).item<double>();
  judge_saddle(problem, direction, out);
  if (out.verdict != Verdict::kSaddle) out.verdict = Verdict::kUndecided;
}

void judge_critical(const MinimaProblem& problem,
                    const Curvature& c,
                    const MinimaOptions& options,
                    Endpoint& out) {
  const double scale =
      std::max(std::abs(out.min_eigenvalue), std::abs(out.max_eigenvalue));
  const double floor = options.zero_tolerance * scale;
  // A Ritz value is a curvature that some direction really has.
  if (out.min_eigenvalue < -floor)
    return judge_saddle(problem, c.spectrum.vectors[0], out);
  if (!c.spectrum.complete) {
    const bool positive = out.min_eigenvalue - out.residual > floor;
    out.verdict = !positive            ? Verdict::kDegenerateMinimum
                  : out.explained == 0 ? Verdict::kStrictMinimum
                                       : Verdict::kMinimumModuloSymmetry;
    out.reason = fmt::format(
        "Lanczos, {} zero modes deflated: least Ritz value {:.3e}, residual {:.1e}; it "
        "bounds the least eigenvalue from above only, so this is no certificate",
        out.explained,
        out.min_eigenvalue,
        out.residual);
    return;
  }
  if (out.newton_step > 0.1 * out.radius ||
      !(out.radius > kLeastRadius * (1 + out.norm))) {
    out.reason = fmt::format(
        "the nearest point where L is not smooth is {:.1e} away, Newton's next step "
        "{:.1e} long",
        out.radius,
        out.newton_step);
  } else if (c.inertia && c.inertia->negative > 0) {
    judge_small_negative(problem, *c.inertia, out);
  } else if (out.nullity == 0) {
    out.verdict = Verdict::kStrictMinimum;
    out.certificate = Certificate::kHessian;
    out.reason = fmt::format("least eigenvalue {:.3e} > 0", out.min_eigenvalue);
  } else if (out.nullity == out.explained) {
    out.verdict = Verdict::kMinimumModuloSymmetry;
    out.certificate = Certificate::kHessian;
    out.reason =
        fmt::format("{} zero modes, all explained: {}; the next eigenvalue is {:.3e}",
                    out.nullity,
                    out.sources,
                    out.cut_above);
  } else {
    judge_degenerate(problem, c, out);
  }
}

// Which parameters L does not depend on near θ; decay aside.
std::vector<bool> free_near(const MinimaProblem& problem, const Tensor& theta) {
  const auto blocks = problem.objective.kink_blocks();
  if (blocks.empty()) return {};
  const auto z = problem.objective.kink_arguments(theta.unsqueeze(0)).squeeze(0);
  return locally_free(problem.layout, blocks, z);
}

// Where L is constant its gradient is 0, not merely small: few endpoints are asked
// more.
bool is_constant_near(const MinimaProblem& problem,
                      const Tensor& theta,
                      double gradient_norm) {
  if (gradient_norm != 0 || (problem.objective.decay() != 0).any().item<bool>())
    return false;
  const auto free = free_near(problem, theta);
  return !free.empty() && std::find(free.begin(), free.end(), false) == free.end();
}

}  // namespace

std::vector<NullSource> null_sources(const MinimaProblem& problem,
                                     const Tensor& theta) {
  const bool decayed = problem.decay > 0;
  auto out = symmetry_sources(problem.layout, theta, decayed);
  const auto probes = problem.objective.layer_probes(theta, {});
  const auto free = free_near(problem, theta);
  for (auto& s : data_sources(problem.layout, theta, probes, free, decayed))
    out.push_back(std::move(s));
  return out;
}

namespace {

Endpoint judge_by_curvature(const MinimaProblem& problem,
                            const Tensor& theta,
                            const MinimaOptions& options) {
  const auto answer =
      problem.objective.value_and_gradient(theta.unsqueeze(0).contiguous());
  Endpoint out{.theta = theta, .loss = answer.value.item<double>()};
  if (!std::isfinite(out.loss) || !answer.gradient.isfinite().all().item<bool>()) {
    out.verdict = Verdict::kDiverged;
    out.reason = "training ended in numbers that are none, or huge";
    return out;
  }
  out.gradient_norm = answer.gradient.abs().max().item<double>();
  out.noise = gradient_floor(problem.objective, theta);
  out.norm = theta.norm().item<double>();
  out.units = describe(
      problem.layout,
      odd_units(problem.layout, theta, problem.objective.layer_probes(theta, {})));
  const auto place = place_of(problem, theta);
  out.kink_distance = place.distance;
  out.radius = std::min(place.radius, problem.objective.smooth_radius(theta));
  if (problem.objective.smoothness() == Smoothness::kUnknown) {
    out.verdict = Verdict::kUndecided;
    out.reason = "whether the loss is differentiable here is not known";
    return out;
  }
  if (is_constant_near(problem, theta, out.gradient_norm)) {
    out.verdict = Verdict::kDegenerateMinimum;
    out.certificate = Certificate::kConstant;
    out.nullity = out.explained = theta.size(0);
    out.index = 0;
    out.reason = fmt::format(
        "the loss is constant near here: on every sample a strictly inactive unit "
        "stands between the parameters and the loss (up to {:.2g})",
        out.radius);
    return out;
  }
  if (!place.active.empty() || !place.zeroed.empty()) {
    judge_on_kinks(problem, place, options, out);
    return out;
  }
  Curvature curvature;
  try {
    curvature = curvature_at(problem, theta, answer.gradient.squeeze(0), out, options);
  } catch (const NumericError& error) {
    out.reason = fmt::format("no curvature is known here: {}", error.what());
    return out;
  }
  fill_spectrum(curvature, answer.gradient.squeeze(0), out);
  if (is_critical(out, options)) {
    judge_critical(problem, curvature, options, out);
  } else {
    judge_unfinished(problem, options, out);
  }
  return out;
}

}  // namespace

bool at_lower_bound(const MinimaProblem& problem, const Tensor& theta, double loss) {
  if (!std::isfinite(problem.lower_bound)) return false;
  const double zero = std::max(kZeroLoss, 8 * value_noise(problem.objective, theta));
  return loss - problem.lower_bound <= zero;
}

namespace {

// Whether 0 is a subgradient at an endpoint that its own curvature does not certify:
// the gradient is zero where L is smooth; or slopes of the kinks within their range,
// ends included, make it zero.
bool has_zero_subgradient(const Endpoint& e, const MinimaOptions& options) {
  constexpr double kRounding = 1e-9;
  if (!(e.gradient_norm <= std::max(options.gradient_tolerance, e.noise))) return false;
  if (e.kinks > 0) return e.kink_margin >= -kRounding && e.kink_force > 0;
  return e.verdict == Verdict::kDegenerateMinimum && e.radius > 0;
}

}  // namespace

Endpoint judge(const MinimaProblem& problem,
               const Tensor& theta,
               const MinimaOptions& options) {
  auto out = judge_by_curvature(problem, theta, options);
  if (out.verdict == Verdict::kDiverged || is_certified(out)) return out;
  if (problem.convex && has_zero_subgradient(out, options)) {
    out.verdict = Verdict::kDegenerateMinimum;
    out.certificate = Certificate::kConvex;
    out.reason = fmt::format(
        "the loss is convex and 0 is a subgradient here ({}): no loss is less, and the "
        "minima of this loss are one convex set",
        out.kinks > 0
            ? fmt::format(
                  "on {}, slope shares at least {:.2g} from their ends",
                  out.kinks == 1 ? "1 kink" : fmt::format("{} kinks", out.kinks),
                  std::max(0.0, out.kink_margin))
            : "the gradient is zero to rounding");
    return out;
  }
  if (!at_lower_bound(problem, theta, out.loss)) return out;
  out.verdict = Verdict::kDegenerateMinimum;
  out.certificate = Certificate::kLowerBound;
  out.witness = Tensor();
  out.witness_fall = out.growth_fall = Endpoint::kNan;
  out.reason = fmt::format(
      "{}the loss is at its least possible value to rounding, {:.1e}",
      out.nullity > 0
          ? fmt::format("{} zero modes, {} explained; ", out.nullity, out.explained)
          : "",
      out.loss);
  return out;
}

}  // namespace basin
