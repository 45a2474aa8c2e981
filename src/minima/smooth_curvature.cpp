#include "minima/smooth_curvature.h"

#include <ATen/Functions.h>

#include "curvature/symmetric_eigen.h"

namespace basin {
namespace {

using torch::Tensor;

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

}  // namespace

Curvature curvature_at(const MinimaProblem& problem,
                       const Tensor& theta,
                       const MinimaOptions& options) {
  Curvature out;
  if (theta.size(0) <= options.dense_limit) {
    // Most endpoints are strict minima: their eigenvectors are not asked for, and
    // eigenvalues alone cost a third.
    const auto hessian = dense_hessian(problem.objective, theta);
    const auto values = symmetric_eigenvalues(hessian);
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

}  // namespace basin
