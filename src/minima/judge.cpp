#include "minima/judge.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>

#include "core/stop.h"
#include "curvature/hessian.h"
#include "minima/newton.h"
#include "minima/symmetry.h"
#include "train/lbfgs.h"

namespace basin {
namespace {

using torch::Tensor;

// The loss still falls when all parameters grow by a quarter, and the slope points
// outward: evidence that the seed is on its way to infinity.
bool falls_outward(const MinimaProblem& problem, const Tensor& theta, double loss) {
  const auto grown =
      problem.objective.value((1.25 * theta).unsqueeze(0)).item<double>();
  return !problem.decayed && grown < loss;
}

HessianSpectrum spectrum_at(const MinimaProblem& problem,
                            const Tensor& theta,
                            const MinimaOptions& options) {
  return hessian_spectrum(
      problem.objective,
      theta,
      {.dense_limit = options.dense_limit, .lanczos_steps = options.lanczos_steps});
}

// Eigenvalues that count as zero modes.
Tensor zero_modes(const HessianSpectrum& spectrum, const MinimaOptions& options) {
  const auto size = spectrum.values.abs();
  return size <= options.zero_tolerance * size.max();
}

void fill_spectrum(const HessianSpectrum& spectrum,
                   const Tensor& gradient,
                   const MinimaOptions& options,
                   Endpoint& out) {
  out.min_eigenvalue = spectrum.min();
  out.max_eigenvalue = spectrum.max();
  out.residual = spectrum.min_residual;
  if (!spectrum.complete) return;
  const auto zero = zero_modes(spectrum, options);
  out.nullity = zero.sum().item<int64_t>();
  out.index =
      (spectrum.values < 0).logical_and(zero.logical_not()).sum().item<int64_t>();
  const auto step = at::mv(spectrum.vectors, gradient) / spectrum.values;
  out.newton_step = at::where(zero, at::zeros_like(step), step).norm().item<double>();
}

// How much the loss falls when θ grows along its own part in the zero modes. It must
// fall at once (5 % growth) and never rise again up to fivefold growth; 0 otherwise.
double fall_along_zero_modes(const MinimaProblem& problem,
                             const HessianSpectrum& spectrum,
                             const MinimaOptions& options,
                             const Endpoint& e) {
  const auto inside = at::mv(spectrum.vectors, e.theta) *
                      zero_modes(spectrum, options).to(torch::kFloat64);
  const auto outward = at::mv(spectrum.vectors.t(), inside);
  const auto growth = at::tensor({0.05, 0.25, 1.0, 4.0}, torch::kFloat64).unsqueeze(1);
  const auto losses = problem.objective.value(e.theta + growth * outward);
  const double noise = 1e-14 * (1e-2 + std::abs(e.loss));
  const double first = losses[0].item<double>();
  const bool rises = (losses > first + noise).any().item<bool>();
  return first < e.loss - noise && !rises ? e.loss - losses.min().item<double>() : 0.0;
}

bool is_critical(const Endpoint& e, const MinimaOptions& options) {
  const bool far = e.newton_step > options.step_tolerance * (1 + e.norm);
  return e.gradient_norm <= options.gradient_tolerance && !far;
}

// Generators that H does not annihilate explain nothing.
int64_t verified_nullity(const MinimaProblem& problem,
                         const Tensor& theta,
                         double max_eigenvalue) {
  const auto generators = symmetry_generators(problem.layout, theta, problem.decayed);
  if (generators.size(0) == 0) return 0;
  const auto unit = generators / generators.norm(2, {1}, true).clamp_min(1e-300);
  const auto points = theta.unsqueeze(0).expand_as(unit).contiguous();
  const auto bent = problem.objective.hessian_times(points, unit).norm(2, {1});
  const auto held = (bent <= 1e-6 * max_eigenvalue).nonzero().squeeze(1);
  return explained_nullity(generators.index_select(0, held));
}

void judge_unfinished(const MinimaProblem& problem,
                      const MinimaOptions& options,
                      Endpoint& out) {
  if (out.kinks > 0 || out.kink_distance < 1e-6) {
    out.reason = fmt::format(
        "stopped at a kink: a pre-activation at {:.1e} of its layer's scale, "
        "gradient {:.1e}; kinks are not judged yet",
        out.kink_distance,
        out.gradient_norm);
  } else if (falls_outward(problem, out.theta, out.loss)) {
    out.verdict = Verdict::kEscaping;
    out.reason = fmt::format(
        "no decay, gradient {:.1e}, and the loss still falls when all weights grow by "
        "a "
        "quarter; norm {:.3g}",
        out.gradient_norm,
        out.norm);
  } else {
    out.reason =
        out.gradient_norm > options.gradient_tolerance
            ? fmt::format("gradient {:.1e} is above the tolerance", out.gradient_norm)
            : fmt::format("gradient {:.1e}, but Newton's next step is {:.1e} long",
                          out.gradient_norm,
                          out.newton_step);
  }
}

// More zero modes than symmetries explain: a valley, a saturated unit on its way to
// infinity, or higher order.
void judge_degenerate(const MinimaProblem& problem,
                      const HessianSpectrum& spectrum,
                      const MinimaOptions& options,
                      Endpoint& out) {
  const double fall =
      problem.decayed ? 0.0 : fall_along_zero_modes(problem, spectrum, options, out);
  if (fall > 0) {
    out.verdict = Verdict::kEscaping;
    out.reason = fmt::format(
        "no decay, and the loss falls by {:.1e} as the weights grow along {} zero "
        "modes; "
        "norm {:.3g}",
        fall,
        out.nullity,
        out.norm);
    return;
  }
  out.verdict = Verdict::kDegenerateMinimum;
  out.reason =
      fmt::format("{} zero modes, symmetries explain {}: not tested to higher order",
                  out.nullity,
                  out.explained);
}

void judge_critical(const MinimaProblem& problem,
                    const HessianSpectrum& spectrum,
                    const MinimaOptions& options,
                    Endpoint& out) {
  const double scale =
      std::max(std::abs(out.min_eigenvalue), std::abs(out.max_eigenvalue));
  const double floor = options.zero_tolerance * scale;
  // A Ritz value is a curvature that some direction really has.
  if (out.min_eigenvalue < -floor) {
    out.verdict = Verdict::kSaddle;
    out.reason = fmt::format("negative curvature {:.3e}", out.min_eigenvalue);
    return;
  }
  if (out.kinks > 0) {
    out.reason = fmt::format(
        "{} pre-activations are on a kink; kinks are not judged yet", out.kinks);
    return;
  }
  if (out.nullity < 0) {
    out.verdict = Verdict::kDegenerateMinimum;
    out.reason = fmt::format(
        "least Ritz value {:.2e} ± {:.1e}: zero modes are not counted above P = {}",
        out.min_eigenvalue,
        out.residual,
        options.dense_limit);
    return;
  }
  out.explained = verified_nullity(problem, out.theta, scale);
  if (out.nullity == 0) {
    out.verdict = Verdict::kStrictMinimum;
    out.reason = fmt::format("least eigenvalue {:.3e} > 0", out.min_eigenvalue);
  } else if (out.nullity == out.explained) {
    out.verdict = Verdict::kMinimumModuloSymmetry;
    out.reason = fmt::format("{} zero modes, all from symmetries", out.nullity);
  } else {
    judge_degenerate(problem, spectrum, options, out);
  }
}

Endpoint diverged_endpoint(const Tensor& theta) {
  return {.verdict = Verdict::kDiverged,
          .reason = "training ended in numbers that are none, or huge",
          .theta = theta};
}

}  // namespace

Endpoint judge(const MinimaProblem& problem,
               const Tensor& theta,
               const MinimaOptions& options) {
  const auto batch = theta.unsqueeze(0).contiguous();
  const auto answer = problem.objective.value_and_gradient(batch);
  Endpoint out{.theta = theta, .loss = answer.value.item<double>()};
  if (!std::isfinite(out.loss) || !answer.gradient.isfinite().all().item<bool>()) {
    return diverged_endpoint(theta);
  }
  out.gradient_norm = answer.gradient.abs().max().item<double>();
  out.norm = theta.norm().item<double>();
  const auto kinks = problem.objective.kinks(batch);
  out.kink_distance = kinks.nearest.item<double>();
  out.kinks = kinks.active.item<int64_t>();
  const auto spectrum = spectrum_at(problem, theta, options);
  fill_spectrum(spectrum, answer.gradient.squeeze(0), options, out);
  if (is_critical(out, options)) {
    judge_critical(problem, spectrum, options, out);
  } else {
    judge_unfinished(problem, options, out);
  }
  return out;
}

std::vector<Endpoint> polish_and_judge(const MinimaProblem& problem,
                                       const Tensor& theta,
                                       int64_t first,
                                       const std::vector<bool>& diverged,
                                       const MinimaOptions& options) {
  std::vector<int64_t> alive;
  for (size_t i = 0; i < diverged.size(); ++i) {
    if (!diverged[i]) alive.push_back(static_cast<int64_t>(i));
  }
  std::vector<Endpoint> out;
  for (int64_t i = 0; i < theta.size(0); ++i)
    out.push_back(diverged_endpoint(theta[i]));
  if (!alive.empty()) {
    const auto start = theta.index_select(0, at::tensor(alive, torch::kInt64));
    const auto smooth =
        minimize_lbfgs(problem.objective,
                       start,
                       {.max_iterations = options.polish_iterations,
                        .gradient_tolerance = options.gradient_tolerance});
    for (size_t k = 0; k < alive.size(); ++k) {
      check_stop();
      auto point = smooth.theta[static_cast<int64_t>(k)].clone();
      int64_t steps = smooth.iterations[k];
      if (point.size(0) <= options.newton_limit) {
        const auto newton =
            minimize_newton(problem.objective,
                            point,
                            {.max_iterations = options.newton_iterations,
                             .gradient_tolerance = options.gradient_tolerance,
                             .zero_tolerance = options.zero_tolerance});
        point = newton.theta;
        steps += newton.iterations;
      }
      auto& end = out[static_cast<size_t>(alive[k])];
      end = judge(problem, point, options);
      end.polish_steps = steps;
    }
  }
  for (size_t i = 0; i < out.size(); ++i) out[i].seed = first + static_cast<int64_t>(i);
  return out;
}

}  // namespace basin
