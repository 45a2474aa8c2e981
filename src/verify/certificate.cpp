#include "verify/certificate.h"

#include <ATen/Functions.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "core/random_vector.h"
#include "curvature/symmetric_eigen.h"
#include "verify/kink_check.h"
#include "verify/points.h"
#include "verify/spectrum_check.h"

namespace basin {
namespace {

using torch::Tensor;

// The loss is the same, bit for bit but for decay that there is none of, at random
// places as far as half the way to the nearest kink.
void check_constant(const CertificateContext& context,
                    const Endpoint& e,
                    const std::vector<Real>& theta,
                    Real loss,
                    std::vector<std::string>& faults) {
  if (!(e.radius > 0)) faults.emplace_back("constant within no radius at all");
  RandomStream random(0, Stream::kProbe, 12);
  for (int trial = 0; trial < 200; ++trial) {
    auto step = normal_vector(random, static_cast<int64_t>(theta.size()));
    const double length = 0.5 * std::min(1.0, e.radius) * random.uniform();
    step = step * (length / step.norm().item<double>());
    if (context.reference.evaluate(moved(theta, step, 1), {}).value != loss) {
      faults.push_back(fmt::format("the loss is another {:.1e} away", length));
      return;
    }
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

// H v by differences of the gradient.
Tensor hessian_along(const CertificateContext& context,
                     const std::vector<Real>& theta,
                     const Tensor& v) {
  const auto h = 1e-6L / static_cast<Real>(v.norm().item<double>());
  auto out = context.reference.evaluate(moved(theta, v, h), {}).gradient;
  const auto down = context.reference.evaluate(moved(theta, v, -h), {}).gradient;
  for (size_t p = 0; p < out.size(); ++p) out[p] = (out[p] - down[p]) / (2 * h);
  return as_tensor(out);
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
    auto outward = at::mv(vectors, inside);
    if (falls(outward)) return;
    // What the differences left of other modes, taken out by differences along it.
    const auto rest = zero.logical_not().nonzero().squeeze(1);
    const auto others = vectors.index_select(1, rest);
    for (int pass = 0; pass < 2; ++pass) {
      const auto bent = hessian_along(context, theta, outward);
      const auto by = at::mv(others.t(), bent) / values.index_select(0, rest);
      outward = outward - at::mv(others, by);
    }
    if (falls(outward)) return;
  }
  faults.emplace_back("the loss does not fall when the weights grow");
}

// Which verdict a certificate is of.
bool fits(Verdict verdict, Certificate certificate) {
  switch (certificate) {
    case Certificate::kNone:
      return true;
    case Certificate::kHessian:
      return verdict == Verdict::kStrictMinimum ||
             verdict == Verdict::kMinimumModuloSymmetry;
    case Certificate::kActiveSet:
      return verdict == Verdict::kKinkMinimum || verdict == Verdict::kModuloSplitting;
    default:
      return verdict == Verdict::kDegenerateMinimum;
  }
}

// What the certificate, or the verdict without one, says.
void check_claim(const CertificateContext& context,
                 const Endpoint& e,
                 const std::vector<Real>& theta,
                 const ReferenceValue& at,
                 std::vector<std::string>& faults) {
  if (is_certified(e) && e.theta.numel() > context.options.dense_limit) {
    faults.emplace_back("certified although its spectrum is not known");
  } else if (e.certificate == Certificate::kLowerBound) {
    const Real bound = context.reference.least_loss();
    const Real rounding = context.reference.zero_loss() + 1e-14L * std::abs(bound);
    if (!(at.value - bound <= rounding)) {
      faults.push_back(fmt::format("the loss is {:.17g}, its least value {:.17g}",
                                   static_cast<double>(at.value),
                                   static_cast<double>(bound)));
    }
  } else if (e.certificate == Certificate::kConstant) {
    check_constant(context, e, theta, at.value, faults);
  } else if (e.certificate == Certificate::kConvex) {
    check_convex(context, e, theta, at, faults);
  } else if (e.verdict == Verdict::kKinkMinimum ||
             e.verdict == Verdict::kModuloSplitting ||
             e.verdict == Verdict::kPrunedMinimum) {
    check_active_set(context, e, theta, at, faults);
  } else if (is_certified(e)) {
    check_spectrum(context, e, theta, at, faults);
  } else if (e.verdict == Verdict::kSaddle) {
    check_saddle(context, e, theta, at.value, faults);
  } else if (e.verdict == Verdict::kEscaping) {
    check_escaping(context, e, theta, at.value, faults);
  }
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
  try {
    check_claim(context, e, theta, at, faults);
  } catch (const NumericError& error) {
    faults.push_back(fmt::format("could not be derived: {}", error.what()));
  } catch (const c10::Error& error) {
    faults.push_back(
        fmt::format("could not be derived: {}", error.what_without_backtrace()));
  }
  const bool says_certified = e.verdict == Verdict::kKinkMinimum ||
                              e.verdict == Verdict::kModuloSplitting ||
                              e.verdict == Verdict::kStrictMinimum ||
                              e.verdict == Verdict::kMinimumModuloSymmetry;
  const bool spectrum_known = e.residual == 0;
  if (says_certified && spectrum_known && !is_certified(e))
    faults.emplace_back("a verdict without certificate");
  if (!fits(e.verdict, e.certificate))
    faults.push_back(
        fmt::format("certified as a minimum by {}, though its verdict is {}",
                    name_of(e.certificate),
                    name_of(e.verdict)));
  if (is_certified(e) && e.index > 0)
    faults.push_back(fmt::format("certified with {} negative eigenvalues", e.index));
  const double norm = e.theta.norm().item<double>();
  if (!std::isnan(e.norm) && std::abs(e.norm - norm) > 1e-9 * (1 + norm))
    faults.push_back(fmt::format("norm {:.6g}, not {:.6g}", norm, e.norm));
  return faults;
}

}  // namespace basin
