#include "verify/certificate.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "curvature/symmetric_eigen.h"
#include "verify/kink_check.h"

namespace basin {
namespace {

using torch::Tensor;

std::vector<Real> reals(const Tensor& theta) {
  const auto flat = theta.to(torch::kFloat64).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

std::vector<Real> moved(const std::vector<Real>& theta,
                        const Tensor& step,
                        Real scale) {
  auto out = theta;
  for (size_t p = 0; p < out.size(); ++p) {
    out[p] += scale * static_cast<Real>(step[static_cast<int64_t>(p)].item<double>());
  }
  return out;
}

double largest(const std::vector<Real>& g) {
  Real most = 0;
  for (const Real v : g) most = std::max(most, std::abs(v));
  return static_cast<double>(most);
}

Tensor as_tensor(const std::vector<Real>& v) {
  auto out = at::empty({static_cast<int64_t>(v.size())}, torch::kFloat64);
  for (size_t i = 0; i < v.size(); ++i)
    out.data_ptr<double>()[i] = static_cast<double>(v[i]);
  return out;
}

std::vector<int64_t> all_parameters(size_t count) {
  std::vector<int64_t> out(count);
  std::iota(out.begin(), out.end(), int64_t{0});
  return out;
}

// Along a zero mode, the other directions following, the loss does not fall.
void check_zero_mode(const CertificateContext& context,
                     const std::vector<Real>& theta,
                     Real loss,
                     const Tensor& v,
                     const Tensor& complement,
                     const Tensor& curvature,
                     std::vector<std::string>& faults) {
  for (const double s : {0.015625, -0.015625}) {
    auto w = at::zeros_like(curvature);
    Real value = INFINITY;
    for (int i = 0; i < 40; ++i) {
      const auto point = moved(theta, s * v + at::mv(complement, w), 1);
      const auto at = context.reference.evaluate(point, {});
      value = at.value;
      const auto slope = at::mv(complement.t(), as_tensor(at.gradient));
      if (curvature.numel() == 0 || slope.abs().max().item<double>() <= 1e-13) break;
      w = w - slope / curvature;
    }
    if (loss - value > 1e-14L * (1e-2L + std::abs(loss))) {
      faults.push_back(fmt::format("the loss falls by {:.1e} along a zero mode",
                                   static_cast<double>(loss - value)));
      return;
    }
  }
}

void check_spectrum(const CertificateContext& context,
                    const Endpoint& e,
                    const std::vector<Real>& theta,
                    const ReferenceValue& at,
                    std::vector<std::string>& faults) {
  const double limit = 4 * std::max(context.options.gradient_tolerance, e.noise);
  if (const double size = largest(at.gradient); !(size <= limit)) {
    faults.push_back(
        fmt::format("gradient {:.1e}, at most {:.1e} was certified", size, limit));
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
  const auto hessian = difference_hessian(
      context.reference, theta, slopes, all_parameters(theta.size()));
  const auto [values, vectors] = symmetric_eigen(hessian);
  const double most = values.abs().max().item<double>();
  const double cut = context.options.zero_tolerance * most;
  const auto is_zero = values.abs() <= cut;
  const auto nullity = is_zero.sum().item<int64_t>();
  const double least = values[0].item<double>();
  if (least < -cut) faults.push_back(fmt::format("negative curvature {:.3e}", least));
  if (nullity != e.nullity) {
    faults.push_back(
        fmt::format("{} zero modes, {} were certified", nullity, e.nullity));
  }
  if (std::abs(least - e.min_eigenvalue) > 1e-6 * most) {
    faults.push_back(
        fmt::format("least eigenvalue {:.6e}, not {:.6e}", least, e.min_eigenvalue));
  }
  const bool strict = e.verdict == Verdict::kStrictMinimum;
  const bool modulo = e.verdict == Verdict::kMinimumModuloSymmetry;
  if ((strict && nullity != 0) ||
      (modulo && (nullity == 0 || e.explained != nullity))) {
    faults.push_back(fmt::format("{} with {} zero modes, {} explained",
                                 name_of(e.verdict),
                                 nullity,
                                 e.explained));
  }
  const auto rest = is_zero.logical_not().nonzero().squeeze(1);
  const auto complement = vectors.index_select(1, rest);
  const auto curvature = values.index_select(0, rest);
  const auto zero = is_zero.nonzero().squeeze(1);
  for (int64_t i = 0; i < std::min<int64_t>(6, zero.size(0)); ++i) {
    const auto v = vectors.select(1, zero[i].item<int64_t>());
    check_zero_mode(context, theta, at.value, v, complement, curvature, faults);
  }
}

void check_saddle(const CertificateContext& context,
                  const Endpoint& e,
                  const std::vector<Real>& theta,
                  Real loss,
                  std::vector<std::string>& faults) {
  if (!e.witness.defined()) return;  // negative curvature that no step could follow
  const Real fall =
      loss - context.reference.evaluate(moved(theta, e.witness, 1), {}).value;
  const double claimed = e.witness_fall;
  if (!(fall > 0) ||
      std::abs(static_cast<double>(fall) - claimed) >
          1e-6 * claimed + 1e-14 * (1 + static_cast<double>(std::abs(loss)))) {
    faults.push_back(fmt::format("the witness lowers the loss by {:.3e}, not {:.3e}",
                                 static_cast<double>(fall),
                                 claimed));
  }
}

// The loss falls when all weights grow, or their part in the zero modes does.
void check_escaping(const CertificateContext& context,
                    const Endpoint& e,
                    const std::vector<Real>& theta,
                    Real loss,
                    std::vector<std::string>& faults) {
  const auto falls = [&](const Tensor& outward) {
    for (const Real growth : {Real{0.05}, Real{0.25}, Real{1}, Real{4}}) {
      const auto far = moved(theta, outward, growth);
      if (context.reference.evaluate(far, {}).value < loss) return true;
    }
    return false;
  };
  if (falls(e.theta)) return;
  if (e.theta.numel() <= context.options.dense_limit) {
    const auto hessian =
        difference_hessian(context.reference, theta, {}, all_parameters(theta.size()));
    const auto [values, vectors] = symmetric_eigen(hessian);
    const auto zero =
        values.abs() <= context.options.zero_tolerance * values.abs().max();
    const auto inside = at::mv(vectors.t(), e.theta) * zero.to(torch::kFloat64);
    if (falls(at::mv(vectors, inside))) return;
  }
  faults.emplace_back("the loss does not fall when the weights grow");
}

}  // namespace

std::vector<std::string> faults_of(const CertificateContext& context,
                                   const Endpoint& e) {
  std::vector<std::string> faults;
  if (e.verdict == Verdict::kDiverged) return faults;
  if (!e.theta.defined() || e.theta.numel() != context.reference.dimension()) {
    faults.emplace_back("its parameters are missing, or not of this network");
    return faults;
  }
  const auto theta = reals(e.theta);
  const auto at = context.reference.evaluate(theta, {});
  const auto loss = static_cast<double>(at.value);
  if (!(std::abs(loss - e.loss) <= 1e-12 * (1 + std::abs(loss)))) {
    faults.push_back(fmt::format("loss {:.17g}, not {:.17g}", loss, e.loss));
  }
  if (is_certified(e) && e.theta.numel() > context.options.dense_limit) {
    faults.emplace_back("certified although its spectrum is not known");
  } else if (e.certificate == Certificate::kLowerBound) {
    if (!(loss <= context.reference.zero_loss())) {
      faults.push_back(fmt::format("the loss is {:.1e}, not its least value", loss));
    }
  } else if (e.verdict == Verdict::kKinkMinimum) {
    check_active_set(context, e, theta, at, faults);
  } else if (is_certified(e)) {
    check_spectrum(context, e, theta, at, faults);
  } else if (e.verdict == Verdict::kSaddle) {
    check_saddle(context, e, theta, at.value, faults);
  } else if (e.verdict == Verdict::kEscaping) {
    check_escaping(context, e, theta, at.value, faults);
  }
  const bool says_certified = e.verdict == Verdict::kKinkMinimum;
  if (says_certified && !is_certified(e))
    faults.emplace_back("a verdict without certificate");
  return faults;
}

}  // namespace basin
