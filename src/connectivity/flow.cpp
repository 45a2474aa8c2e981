#include "connectivity/flow.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/stop.h"
#include "curvature/hessian.h"

namespace basin {
namespace {

using torch::Tensor;

// (1 − e^{−hλ}) / λ, h where λ = 0.
Tensor times_of(const Tensor& values, double h) {
  const auto x = -values * h;
  const auto ratio = at::where(x.abs() < 1e-8, 1 + 0.5 * x, at::expm1(x) / x);
  return h * ratio;
}

}  // namespace

SymmetricEigen curvature_without(const Objective& objective,
                                 const Tensor& theta,
                                 const ZeroModes& zero_modes) {
  auto hessian = dense_hessian(objective, theta);
  const auto basis = zero_modes ? zero_modes(theta) : Tensor();
  if (basis.defined() && basis.size(0) > 0) {
    const auto inside = at::mm(basis.t(), basis);
    const auto outside = at::eye(theta.size(0), torch::kFloat64) - inside;
    hessian = at::mm(outside, at::mm(hessian, outside));
    hessian = 0.5 * (hessian + hessian.t()) + 10 * hessian.norm() * inside;
  }
  return symmetric_eigen(hessian);
}

FlowResult follow_gradient(const Objective& objective,
                           const Tensor& theta,
                           const FlowOptions& options) {
  FlowResult out{.theta = theta.clone()};
  auto answer = objective.value_and_gradient(out.theta.unsqueeze(0));
  double h = 0;
  for (; out.steps < options.max_steps; ++out.steps) {
    check_stop();
    const auto [values, vectors] =
        curvature_without(objective, out.theta, options.zero_modes);
    const auto slope = at::mv(vectors.t(), answer.gradient.squeeze(0));
    const double most = values.abs().max().item<double>();
    const auto zero = values.abs() <= options.zero_tolerance * most;
    const double least = values[0].item<double>();
    if (least >= -options.zero_tolerance * most) {
      const auto newton =
          at::where(zero, at::zeros_like(slope), slope / values).norm().item<double>();
      const double scale =
          std::max(out.length, 1e-6 * (1 + out.theta.norm().item<double>()));
      if (newton <= options.near * scale) {
        out.arrived = true;
        return out;
      }
    }
    if (h == 0) h = 0.1 / std::max(most, 1e-300);
    for (int trial = 0;; ++trial) {
      if (least < 0) h = std::min(h, 1.0 / -least);
      const auto times = times_of(values, h);
      const auto step = -times * slope;
      const auto next = (out.theta + at::mv(vectors, step)).contiguous();
      const auto there = objective.value_and_gradient(next.unsqueeze(0));
      const auto missed =
          at::mv(vectors.t(), there.gradient.squeeze(0)) - (slope + values * step);
      const double length = step.norm().item<double>();
      const double off =
          (times * missed).norm().item<double>() / std::max(length, 1e-300);
      const bool finite = there.gradient.isfinite().all().item<bool>();
      if (trial == 60) return out;
      if (!finite || !(off <= options.error)) {
        h *= finite ? std::clamp(0.9 * std::sqrt(options.error / off), 0.1, 0.7) : 0.1;
        continue;
      }
      const double fall = answer.value.item<double>() - there.value.item<double>();
      if (fall < -1e-13 * (1 + std::abs(answer.value.item<double>())))
        out.monotone = false;
      out.theta = next;
      answer = there;
      out.length += length;
      h *= std::clamp(0.9 * std::sqrt(options.error / std::max(off, 1e-12)), 0.5, 5.0);
      break;
    }
  }
  return out;
}

}  // namespace basin
