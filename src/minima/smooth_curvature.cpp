#include "minima/smooth_curvature.h"

#include <ATen/Functions.h>

#include "core/unit_rows.h"
#include "curvature/symmetric_eigen.h"
#include "minima/finite_moves.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kAnnihilated = 1e-6;  // ‖H t‖ / (‖H‖ ‖t‖) of a tangent of an orbit

// Sources along which L is constant at finite distance, and whose tangents H
// annihilates.
ExplainedModes verified_modes(const MinimaProblem& problem,
                              const Tensor& theta,
                              double scale,
                              const Endpoint& at,
                              const MinimaOptions& options) {
  auto sources = null_sources(problem, theta);
  if (sources.empty()) return explain(sources, theta.size(0));
  sources = sources_that_hold(
      problem,
      theta,
      std::move(sources),
      {.gradient = std::max({options.gradient_tolerance, at.noise, at.gradient_norm}),
       .curvature = scale,
       .reach = 0.5 * at.radius});
  for (auto& source : sources) {
    const auto unit = unit_rows(source.tangents);
    const auto points = theta.unsqueeze(0).expand_as(unit).contiguous();
    const auto bent = problem.objective.hessian_times(points, unit).norm(2, {1});
    const auto held = (bent <= kAnnihilated * scale).nonzero().squeeze(1);
    source.tangents = unit.index_select(0, held);
  }
  return explain(sources, theta.size(0));
}

// How far the critical point may be from θ, in the directions that are not flat.
Tensor possible_shift(const HessianSpectrum& spectrum,
                      const Tensor& zero,
                      const Tensor& gradient,
                      double noise) {
  const auto step =
      (at::mv(spectrum.vectors, gradient).abs() + noise) / spectrum.values.abs();
  const auto kept = at::where(zero, at::zeros_like(step), step);
  return at::mv(spectrum.vectors.t(), kept);
}

// How far it may be in all directions that an inertia calls curved, soft ones too.
Tensor possible_shift(const Inertia& inertia, const Tensor& gradient, double noise) {
  const auto size = inertia.vectors.norm(1, {1});
  const auto step =
      (at::mv(inertia.vectors, gradient).abs() + noise * size) / inertia.values.abs();
  const auto kept = at::where(inertia.is_zero(), at::zeros_like(step), step);
  return at::mv(inertia.vectors.t(), kept);
}

// The signs of the eigenvalues that the critical point near θ has. A soft direction is
// one along which it may be far from θ, so far that its curvature there is another:
// what such a shift changes is part of the error, and a direction that it drowns is
// zero. Near a curved valley of minima the curvature along it is never exactly zero.
Inertia signs_at(const MinimaProblem& problem,
                 const Tensor& theta,
                 const Tensor& gradient,
                 double noise,
                 const Curvature& c) {
  const auto shift = possible_shift(c.spectrum, c.zero, gradient, noise);
  auto error = hessian_error(problem.objective, theta, c.hessian, shift);
  auto out = inertia_of(c.hessian, error, c.explained.basis);
  for (int64_t left = theta.size(0); left > 0; --left) {
    const auto before = out.zero;
    const auto soft = possible_shift(out, gradient, noise);
    error =
        at::maximum(error, hessian_error(problem.objective, theta, c.hessian, soft));
    out = inertia_of(c.hessian, error, c.explained.basis);
    if (out.zero == before) break;
  }
  return out;
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

}  // namespace

Curvature curvature_at(const MinimaProblem& problem,
                       const Tensor& theta,
                       const Tensor& gradient,
                       const Endpoint& at,
                       const MinimaOptions& options) {
  Curvature out;
  const bool dense = theta.size(0) <= options.dense_limit;
  if (dense) {
    // Most endpoints are strict minima: their eigenvectors are not asked for, and
    // eigenvalues alone cost a third.
    out.hessian = dense_hessian(problem.objective, theta);
    const auto values = symmetric_eigenvalues(out.hessian);
    const double scale = values.abs().max().item<double>();
    if (values[0].item<double>() > options.zero_tolerance * scale) {
      out.explained = explain({}, theta.size(0));
      out.spectrum = {.values = values, .complete = true};
      out.zero = at::zeros_like(values).to(torch::kBool);
      return out;
    }
    const auto [all, vectors] = symmetric_eigen(out.hessian);
    out.spectrum = {
        .values = all, .vectors = vectors.t().contiguous(), .complete = true};
  } else {
    out.spectrum = hessian_spectrum(
        problem.objective,
        theta,
        {.dense_limit = options.dense_limit, .lanczos_steps = options.lanczos_steps});
  }
  const double scale = out.spectrum.values.abs().max().item<double>();
  out.explained = verified_modes(problem, theta, scale, at, options);
  if (!dense && out.explained.total > 0) {
    out.spectrum =
        deflated_spectrum(problem, theta, out.explained.basis, scale, options);
  }
  out.zero = out.spectrum.values.abs() <= options.zero_tolerance * scale;
  const bool bent_down = out.spectrum.min() < -options.zero_tolerance * scale;
  if (dense && !bent_down && out.zero.sum().item<int64_t>() != out.explained.total) {
    out.inertia = signs_at(problem, theta, gradient, at.noise, out);
  }
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
  const auto sorted = std::get<0>(values.abs().sort());
  auto shown = values;
  if (c.inertia) {
    out.nullity = c.explained.total + c.inertia->zero;
    out.index = c.inertia->negative;
    if (out.nullity == 0 && out.index == 0) {
      shown = positive_eigenvalues(c.hessian, *c.inertia);
      out.min_eigenvalue = shown[0].item<double>();
    }
    out.newton_step = solve(*c.inertia, gradient).norm().item<double>();
  } else {
    out.nullity = c.zero.sum().item<int64_t>();
    out.index = (values < 0).logical_and(c.zero.logical_not()).sum().item<int64_t>();
    if (c.spectrum.vectors.defined()) {
      const auto step = at::mv(c.spectrum.vectors, gradient) / values;
      out.newton_step =
          at::where(c.zero, at::zeros_like(step), step).norm().item<double>();
    } else {
      out.newton_step = at::linalg_solve(c.hessian, gradient).norm().item<double>();
    }
  }
  if (out.nullity > 0) out.cut_below = sorted[out.nullity - 1].item<double>();
  if (out.nullity < sorted.size(0)) out.cut_above = sorted[out.nullity].item<double>();
  const auto keep = std::min<int64_t>(values.size(0), out.nullity + out.index + 3);
  out.eigenvalues = shown.narrow(0, 0, keep).clone();
}

}  // namespace basin
