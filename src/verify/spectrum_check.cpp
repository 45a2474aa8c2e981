#include "verify/spectrum_check.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <limits>

#include "core/random_vector.h"
#include "curvature/symmetric_eigen.h"
#include "verify/held_slopes.h"
#include "verify/kink_check.h"
#include "verify/kink_sites.h"
#include "verify/points.h"

namespace basin {
namespace {

using torch::Tensor;

/// A Hessian by differences, scaled so that its diagonal is 1: no sign changes, and
/// what is small does not depend on the units of a parameter.
struct ScaledSpectrum {
  Tensor values;   // by size, ascending
  Tensor bounds;   // what each is uncertain by
  Tensor vectors;  // x with xᵀ H x = value, rows
};

ScaledSpectrum scaled_spectrum(const Tensor& hessian, const Tensor& error) {
  const auto diagonal =
      at::maximum(hessian.diagonal().abs(), 1e3 * error.diagonal())
          .clamp_min(1e-30 * std::max(1e-270, hessian.abs().max().item<double>()));
  const auto d = 1 / diagonal.sqrt();
  const auto [values, v] = symmetric_eigen(d.unsqueeze(1) * hessian * d);
  const auto off = d.unsqueeze(1) * error * d;
  const auto bounds = (v.abs() * at::mm(off, v.abs())).sum(0) +
                      1e-15 * static_cast<double>(values.size(0));
  const auto order = std::get<1>(values.abs().sort());
  return {values.index_select(0, order),
          bounds.index_select(0, order),
          (d.unsqueeze(1) * v).t().index_select(0, order).contiguous()};
}

// Newton's step with the gradient as large as it may be, over all but the `flat` least
// eigenvalues.
Tensor possible_shift(const ScaledSpectrum& s,
                      int64_t flat,
                      const Tensor& gradient,
                      double noise) {
  const auto count = s.values.size(0) - flat;
  const auto x = s.vectors.narrow(0, flat, count);
  const auto step = (at::mv(x, gradient).abs() + noise * x.norm(1, {1})) /
                    s.values.narrow(0, flat, count).abs().clamp_min(1e-300);
  return at::mv(x.t(), step);
}

// The least loss over the complement, θ displaced by `fixed` in the zero modes; NaN if
// chord Newton steps do not settle.
Real reduced_loss(const CertificateContext& context,
                  const std::vector<Real>& theta,
                  const Tensor& fixed,
                  const Tensor& complement,
                  const Tensor& curvature,
                  double noise) {
  auto w = at::zeros_like(curvature);
  double last = INFINITY;
  Real value = NAN;
  for (int i = 0; i < 60; ++i) {
    const auto point = moved(theta, fixed + at::mv(complement.t(), w), 1);
    const auto at = context.reference.evaluate(point, {});
    const auto slope = at::mv(complement, as_tensor(at.gradient));
    const auto shift = slope / curvature;
    const double above =
        curvature.numel() == 0 ? 0.0 : (slope * shift).abs().sum().item<double>() / 2;
    value = above <= noise ? at.value : NAN;
    if (above <= 1e-3 * noise || !(above < last)) return value;
    last = above;
    w = w - shift;
  }
  return value;
}

// The loss along the zero modes, the other directions following: it may not fall, and
// where all of them come from symmetries (`constant`) it may not rise. Each zero mode,
// and random elements of their span, to both sides.
void check_zero_modes(const CertificateContext& context,
                      const Endpoint& e,
                      const std::vector<Real>& theta,
                      Real loss,
                      const ScaledSpectrum& s,
                      bool constant,
                      std::vector<std::string>& faults) {
  constexpr int64_t kMost = 6;  // zero modes tried one by one, and as many mixtures
  const auto count = e.nullity, size = s.values.size(0);
  auto zero = s.vectors.narrow(0, 0, count);
  zero = zero / zero.norm(2, {1}, true).clamp_min(1e-300);
  const auto complement = s.vectors.narrow(0, count, size - count);
  const auto curvature = s.values.narrow(0, count, size - count);
  const double noise = 1e-14 * (1e-2 + std::abs(static_cast<double>(loss)));
  RandomStream random(0, Stream::kProbe, 11);
  int64_t followed = 0;
  for (int64_t i = 0; i < 2 * kMost; ++i) {
    if (i < kMost && i >= count) continue;
    auto mode = i < kMost ? zero[i] : at::mv(zero.t(), normal_vector(random, count));
    mode = mode / mode.norm();
    for (const double share : {0.015625, -0.015625, 0.0625, -0.0625}) {
      const double reach = std::isfinite(e.radius) ? 0.25 * e.radius : 1.0;
      const double length = std::copysign(std::min(std::abs(share), reach), share);
      const Real value =
          reduced_loss(context, theta, length * mode, complement, curvature, noise);
      const double rise = static_cast<double>(value - loss);
      followed += !std::isnan(rise);
      if (rise < -noise || (constant && rise > noise)) {
        faults.push_back(fmt::format("the loss {} by {:.1e} along a zero mode",
                                     rise < 0 ? "falls" : "rises",
                                     std::abs(rise)));
        return;
      }
    }
  }
  if (followed == 0) faults.emplace_back("no zero mode could be followed");
}

}  // namespace

void check_spectrum(const CertificateContext& context,
                    const Endpoint& e,
                    const std::vector<Real>& theta,
                    const ReferenceValue& at,
                    std::vector<std::string>& faults) {
  const double limit = gradient_limit(context, theta, {});
  if (const double size = largest(at.gradient); !(size <= limit)) {
    faults.push_back(
        fmt::format("gradient {:.1e}, at most {:.1e} is zero", size, limit));
  }
  if (!active_sites(context, theta, at).empty()) {
    faults.emplace_back("it lies on a kink, but was certified as smooth");
    return;
  }
  if (const auto radius = context.reference.smooth_radius(theta);
      !(e.newton_step <= 0.1L * radius)) {
    faults.push_back(
        fmt::format("no Hessian holds {:.1e} away, Newton's step is {:.1e}",
                    static_cast<double>(radius),
                    e.newton_step));
  }
  // The sides of all kinks are held, so that no difference step crosses one.
  std::vector<double> slopes;
  for (const auto& b : context.blocks) {
    for (int64_t i = 0; i < b.size(); ++i) {
      slopes.push_back(at.arguments[static_cast<size_t>(b.offset + i)] > 0 ? b.high
                                                                           : b.low);
    }
  }
  const auto all = all_parameters(theta.size());
  const auto hessian = difference_hessian(context.reference, theta, slopes, all);
  const auto values = symmetric_eigenvalues(hessian);
  const double most = values.abs().max().item<double>();
  const double least = values[0].item<double>();
  if (std::abs(least - e.min_eigenvalue) > 1e-6 * most) {
    faults.push_back(
        fmt::format("least eigenvalue {:.6e}, not {:.6e}", least, e.min_eigenvalue));
  }
  const double greatest = values[-1].item<double>();
  if (std::abs(greatest - e.max_eigenvalue) > 1e-6 * most) {
    faults.push_back(fmt::format(
        "largest eigenvalue {:.6e}, not {:.6e}", greatest, e.max_eigenvalue));
  }
  const bool strict = e.verdict == Verdict::kStrictMinimum;
  const bool modulo = e.verdict == Verdict::kMinimumModuloSymmetry;
  const bool higher = e.certificate == Certificate::kHigherOrder;
  const bool counts = e.nullity >= 0 && e.nullity < values.size(0) + 1;
  const bool consistent = (strict && e.nullity == 0) ||
                          (modulo && e.nullity > 0 && e.explained == e.nullity) ||
                          (higher && e.nullity == e.explained + 1);
  if (!counts || !consistent) {
    faults.push_back(fmt::format("{} by {} with {} zero modes, {} explained",
                                 name_of(e.verdict),
                                 name_of(e.certificate),
                                 e.nullity,
                                 e.explained));
    return;
  }
  if (strict && least > context.options.zero_tolerance * most) return;
  // Zero modes, or small eigenvalues: their signs, with what differences leave open.
  const auto coarse = difference_hessian(context.reference, theta, slopes, all, 4e-6L);
  auto error = 4 * (coarse - hessian).abs() + 1e-15 * hessian.abs();
  auto s = scaled_spectrum(hessian, error);
  const auto rest = s.values.size(0) - e.nullity;
  const auto all_curved = [&] {
    const auto above = s.values.narrow(0, e.nullity, rest);
    const bool curved =
        (above > s.bounds.narrow(0, e.nullity, rest)).all().item<bool>();
    if (!curved) {
      faults.push_back(fmt::format(
          "{} zero modes were certified, but the next eigenvalue is {:.1e} (scaled)",
          e.nullity,
          rest > 0 ? above.min().item<double>() : 0.0));
    }
    return curved;
  };
  if (!all_curved()) return;
  // ... and how they change on the way to where the critical point may be.
  const auto shift = possible_shift(s, e.nullity, as_tensor(at.gradient), limit);
  for (const Real side : {Real{1}, Real{-1}}) {
    const auto there = moved(theta, shift, side);
    const auto other = difference_hessian(context.reference, there, slopes, all);
    error = at::maximum(error, 4 * (other - hessian).abs());
  }
  if (!error.isfinite().all().item<bool>()) {
    faults.emplace_back("where its critical point is stays open");
    return;
  }
  s = scaled_spectrum(hessian, error);
  if (!all_curved()) return;
  if (e.nullity > 0) check_zero_modes(context, e, theta, at.value, s, modulo, faults);
}

}  // namespace basin
