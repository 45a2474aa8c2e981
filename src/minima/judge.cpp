#include "minima/judge.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>

#include "core/random.h"
#include "curvature/hessian.h"
#include "minima/higher_order.h"
#include "minima/kink_verdict.h"
#include "minima/newton.h"
#include "minima/symmetry.h"
#include "minima/units.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kHigherOrderLimit = 500;  // parameters
constexpr int64_t kHigherOrderModes = 8;
constexpr double kZeroLoss = 1e-20;

/// What the smooth verdict is made from.
struct Curvature {
  HessianSpectrum spectrum;  // without eigenvectors where H is positive definite
  torch::Tensor hessian;     // then
  ExplainedModes explained;
  Tensor zero;  // which eigenvalues count as zero modes, bool
};

// Tangents that H annihilates; the others explain nothing.
ExplainedModes verified_modes(const MinimaProblem& problem,
                              const Tensor& theta,
                              double scale) {
  auto sources = null_sources(problem, theta);
  for (auto& source : sources) {
    const auto unit =
        source.tangents / source.tangents.norm(2, {1}, true).clamp_min(1e-300);
    const auto points = theta.unsqueeze(0).expand_as(unit).contiguous();
    const auto bent = problem.objective.hessian_times(points, unit).norm(2, {1});
    const auto held = (bent <= 1e-6 * scale).nonzero().squeeze(1);
    source.tangents = unit.index_select(0, held);
  }
  return explain(sources, theta.size(0));
}

// Above the dense limit: Lanczos with the explained zero modes moved to the top of the
// spectrum.
HessianSpectrum deflated_spectrum(const MinimaProblem& problem,
                                  const Tensor& theta,
                                  const Tensor& basis,
                                  double top,
                                  const MinimaOptions& options) {
  const auto hessian = hessian_operator(problem.objective, theta);
  const auto deflated = [&](const Tensor& v) {
    const auto inside = at::mv(basis.t(), at::mv(basis, v));
    const auto bent = hessian(v - inside);
    return bent - at::mv(basis.t(), at::mv(basis, bent)) + top * inside;
  };
  return lanczos_spectrum(deflated, theta.size(0), options.lanczos_steps);
}

Curvature curvature_at(const MinimaProblem& problem,
                       const Tensor& theta,
                       const MinimaOptions& options) {
  Curvature out;
  if (theta.size(0) <= options.dense_limit) {
    // Most endpoints are strict minima: their eigenvectors are not asked for, and
    // eigenvalues alone cost a third.
    const auto hessian = dense_hessian(problem.objective, theta);
    const auto values = at::linalg_eigvalsh(hessian);
    const double scale = values.abs().max().item<double>();
    if (values[0].item<double>() > options.zero_tolerance * scale) {
      out.explained = verified_modes(problem, theta, scale);
      out.spectrum = {.values = values, .complete = true};
      out.hessian = hessian;
      out.zero = at::zeros_like(values).to(torch::kBool);
      return out;
    }
  }
  out.spectrum = hessian_spectrum(
      problem.objective,
      theta,
      {.dense_limit = options.dense_limit, .lanczos_steps = options.lanczos_steps});
  const double scale = out.spectrum.values.abs().max().item<double>();
  out.explained = verified_modes(problem, theta, scale);
  if (!out.spectrum.complete && out.explained.total > 0) {
    out.spectrum =
        deflated_spectrum(problem, theta, out.explained.basis, scale, options);
  }
  out.zero = out.spectrum.values.abs() <= options.zero_tolerance * scale;
  return out;
}

void fill_spectrum(const Curvature& c, const Tensor& gradient, Endpoint& out) {
  const auto& values = c.spectrum.values;
  out.min_eigenvalue = c.spectrum.min();
  out.max_eigenvalue = c.spectrum.max();
  out.residual = c.spectrum.min_residual;
  out.explained = c.explained.total;
  out.sources = c.explained.text;
  if (!c.spectrum.complete) return;
  const auto rest = c.zero.logical_not();
  out.nullity = c.zero.sum().item<int64_t>();
  out.index = (values < 0).logical_and(rest).sum().item<int64_t>();
  const auto size = values.abs();
  if (out.nullity > 0) out.cut_below = size.masked_select(c.zero).max().item<double>();
  if (out.nullity < values.size(0)) {
    out.cut_above = size.masked_select(rest).min().item<double>();
  }
  const auto keep = std::min<int64_t>(values.size(0), out.nullity + out.index + 3);
  out.eigenvalues = values.narrow(0, 0, keep).clone();
  if (c.hessian.defined()) {
    out.newton_step = at::linalg_solve(c.hessian, gradient).norm().item<double>();
    return;
  }
  const auto step = at::mv(c.spectrum.vectors, gradient) / values;
  out.newton_step = at::where(c.zero, at::zeros_like(step), step).norm().item<double>();
}

// How much the loss falls when θ grows along its own part in the zero modes. It must
// fall at once (5 % growth) and never rise again up to fivefold growth; 0 otherwise.
double fall_along_zero_modes(const MinimaProblem& problem,
                             const Curvature& c,
                             const Endpoint& e) {
  const auto inside = at::mv(c.spectrum.vectors, e.theta) * c.zero.to(torch::kFloat64);
  const auto outward = at::mv(c.spectrum.vectors.t(), inside);
  const auto growth = at::tensor({0.05, 0.25, 1.0, 4.0}, torch::kFloat64).unsqueeze(1);
  const auto losses = problem.objective.value(e.theta + growth * outward);
  const double noise = 1e-14 * (1e-2 + std::abs(e.loss));
  const double first = losses[0].item<double>();
  const bool rises = (losses > first + noise).any().item<bool>();
  return first < e.loss - noise && !rises ? e.loss - losses.min().item<double>() : 0.0;
}

bool is_critical(const Endpoint& e, const MinimaOptions& options) {
  const bool far = e.newton_step > options.step_tolerance * (1 + e.norm);
  return e.gradient_norm <= std::max(options.gradient_tolerance, e.noise) && !far;
}

void judge_unfinished(const MinimaProblem& problem,
                      const MinimaOptions& options,
                      Endpoint& out) {
  const double grown =
      problem.objective.value((1.25 * out.theta).unsqueeze(0)).item<double>();
  if (problem.decay == 0 && grown < out.loss) {
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
  const auto t = at::pow(0.5, at::arange(24, torch::kFloat64)).unsqueeze(1);
  const auto steps = at::cat({t * direction, -t * direction});
  const auto values =
      at::nan_to_num(problem.objective.value(out.theta + steps), 1e300, 1e300);
  const auto best = values.argmin().item<int64_t>();
  out.verdict = Verdict::kSaddle;
  out.witness_fall = out.loss - values[best].item<double>();
  if (out.witness_fall > 0) out.witness = steps[best].clone();
  out.reason = fmt::format(
      "negative curvature {:.3e}; along it the loss falls by {:.1e} at a step of "
      "{:.2g}",
      out.min_eigenvalue,
      out.witness_fall,
      steps[best].norm().item<double>());
}

// Directions in the zero modes that nothing explains, and mixtures of them.
std::vector<Tensor> unexplained_directions(const Curvature& c) {
  const auto zero =
      c.spectrum.vectors.index_select(0, c.zero.nonzero().squeeze(1));  // [n, P]
  const auto& e = c.explained.basis;
  const auto rest = zero - at::mm(at::mm(zero, e.t()), e);
  const auto [u, s, v] = at::linalg_svd(rest, /*full_matrices=*/false);
  const auto count = (s > 0.5).sum().item<int64_t>();
  std::vector<Tensor> out;
  for (int64_t i = 0; i < count; ++i) out.push_back(v[i]);
  RandomStream random(0, Stream::kProbe, 1);
  for (int64_t i = 0; count > 1 && i < 2 * count; ++i) {
    auto mixed = at::zeros_like(v[0]);
    for (int64_t k = 0; k < count; ++k) mixed = mixed + random.normal() * v[k];
    out.push_back(mixed / mixed.norm());
  }
  return out;
}

// More zero modes than symmetries explain: a valley, a saturated unit on its way to
// infinity, or higher order.
void judge_degenerate(const MinimaProblem& problem, const Curvature& c, Endpoint& out) {
  const double fall = problem.decay > 0 ? 0 : fall_along_zero_modes(problem, c, out);
  if (fall > 0) {
    out.verdict = Verdict::kEscaping;
    out.growth_fall = fall;
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
  const auto more = out.nullity - out.explained;
  out.reason = fmt::format("{} zero modes, {} explained", out.nullity, out.explained);
  if (!out.sources.empty()) out.reason += " (" + out.sources + ")";
  if (out.loss - problem.lower_bound <= kZeroLoss) {
    out.certificate = Certificate::kLowerBound;
    out.reason +=
        fmt::format("; the loss is at its least possible value, {:.1e}", out.loss);
    return;
  }
  if (out.theta.size(0) > kHigherOrderLimit || more > kHigherOrderModes) {
    out.reason += "; not tested to higher order";
    return;
  }
  const auto rest = c.zero.logical_not().nonzero().squeeze(1);
  const auto complement = c.spectrum.vectors.index_select(0, rest).t().contiguous();
  const auto curvature = c.spectrum.values.index_select(0, rest);
  int64_t flat = 0, rising = 0, tested = 0;
  double reach = INFINITY, order = INFINITY;
  for (const auto& v : unexplained_directions(c)) {
    const auto test =
        follow_zero_mode(problem.objective, out.theta, v, complement, curvature);
    ++tested;
    if (test.kind == ZeroMode::kFalling) {
      out.verdict = Verdict::kSaddle;
      out.witness = test.witness;
      out.witness_fall = test.fall;
      out.reason +=
          fmt::format("; along one the loss falls by {:.1e} at {:.2g}: higher order",
                      test.fall,
                      test.witness.norm().item<double>());
      return;
    }
    flat += test.kind == ZeroMode::kFlat;
    rising += test.kind == ZeroMode::kRising;
    if (test.kind != ZeroMode::kUnclear) reach = std::min(reach, test.reach);
    if (test.kind == ZeroMode::kRising) order = std::min(order, test.order);
  }
  if (flat == tested && tested > 0) {
    out.reason += fmt::format(
        "; a flat valley in all {} directions tried, up to {:.2g}", tested, reach);
  } else if (more == 1 && rising == tested && order > 3.5 && order < 4.5) {
    out.certificate = Certificate::kHigherOrder;
    out.reason +=
        fmt::format("; along the other the loss rises with power {:.3g}", order);
  } else {
    out.reason +=
        fmt::format("; of {} directions tried {} are flat, {} rise, none falls",
                    tested,
                    flat,
                    rising);
  }
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
  if (out.newton_step > 0.1 * out.radius) {
    out.reason =
        fmt::format("the nearest kink is {:.1e} away, Newton's next step {:.1e} long",
                    out.radius,
                    out.newton_step);
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

}  // namespace

std::vector<NullSource> null_sources(const MinimaProblem& problem,
                                     const Tensor& theta) {
  const bool decayed = problem.decay > 0;
  auto out = symmetry_sources(problem.layout, theta, decayed);
  const auto probes = problem.objective.layer_probes(theta, {});
  for (auto& s : data_sources(problem.layout, theta, probes, decayed)) out.push_back(s);
  return out;
}

Endpoint judge(const MinimaProblem& problem,
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
  out.radius = place.radius;
  if (!place.active.empty() || !place.zeroed.empty()) {
    judge_on_kinks(problem, place, options, out);
    return out;
  }
  const auto curvature = curvature_at(problem, theta, options);
  fill_spectrum(curvature, answer.gradient.squeeze(0), out);
  if (is_critical(out, options)) {
    judge_critical(problem, curvature, options, out);
  } else {
    judge_unfinished(problem, options, out);
  }
  return out;
}

}  // namespace basin
