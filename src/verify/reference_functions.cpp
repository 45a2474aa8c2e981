#include "verify/reference_functions.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace basin {

using std::numbers::pi_v;

Real logistic(Real z) { return 1 / (1 + std::exp(-z)); }

ValueAndSlope apply(Elementwise kind, Real z) {
  switch (kind) {
    case Elementwise::kIdentity:
      return {z, 1};
    case Elementwise::kRelu:
      return {z > 0 ? z : 0, z > 0 ? Real{1} : Real{0}};
    case Elementwise::kLeakyRelu: {
      const Real leak = 0.01;
      return {z > 0 ? z : leak * z, z > 0 ? Real{1} : leak};
    }
    case Elementwise::kAbs:
      return {std::abs(z), z > 0 ? Real{1} : z < 0 ? Real{-1} : Real{0}};
    case Elementwise::kTanh: {
      const Real t = std::tanh(z);
      return {t, 1 - t * t};
    }
    case Elementwise::kSigmoid: {
      const Real s = logistic(z);
      return {s, s * (1 - s)};
    }
    case Elementwise::kSoftplus:
      return {std::log1p(std::exp(-std::abs(z))) + (z > 0 ? z : 0), logistic(z)};
    case Elementwise::kGelu: {
      const Real cdf = std::erfc(-z / std::sqrt(Real{2})) / 2;
      const Real pdf = std::exp(-z * z / 2) / std::sqrt(2 * pi_v<Real>);
      return {z * cdf, cdf + z * pdf};
    }
    case Elementwise::kSilu: {
      const Real s = logistic(z);
      return {z * s, s + z * s * (1 - s)};
    }
    case Elementwise::kElu:
      return {z > 0 ? z : std::expm1(z), z > 0 ? Real{1} : std::exp(z)};
    case Elementwise::kSin:
      return {std::sin(z), std::cos(z)};
    case Elementwise::kSquare:
      return {z * z, 2 * z};
    default:
      throw ContractError("reference: not an activation");
  }
}

SampleLoss sample_loss(const LossOptions& loss,
                       const std::vector<Real>& f,
                       const double* y) {
  SampleLoss out{.slope = std::vector<Real>(f.size(), 0)};
  if (loss.kind == LossKind::kCrossEntropy) {
    Real most = f[0], sum = 0;
    for (const Real v : f) most = std::max(most, v);
    for (const Real v : f) sum += std::exp(v - most);
    for (size_t k = 0; k < f.size(); ++k) {
      out.slope[k] = std::exp(f[k] - most) / sum - static_cast<Real>(y[k]);
      out.value += static_cast<Real>(y[k]) * (std::log(sum) + most - f[k]);
    }
    return out;
  }
  for (size_t k = 0; k < f.size(); ++k) {
    const Real t = y[k], r = f[k] - t, delta = loss.huber_delta;
    switch (loss.kind) {
      case LossKind::kMse:
        out.value += r * r / 2;
        out.slope[k] = r;
        break;
      case LossKind::kLogistic: {
        const auto a = apply(Elementwise::kSoftplus, -t * f[k]);
        out.value += a.value;
        out.slope[k] = -t * a.slope;
        break;
      }
      case LossKind::kSigmoidCrossEntropy: {
        const auto a = apply(Elementwise::kSoftplus, f[k]);
        out.value += a.value - t * f[k];
        out.slope[k] = a.slope - t;
        break;
      }
      case LossKind::kHuber:
        out.value +=
            std::abs(r) <= delta ? r * r / 2 : delta * (std::abs(r) - delta / 2);
        out.slope[k] = std::abs(r) <= delta ? r : r > 0 ? delta : -delta;
        break;
      case LossKind::kHinge:
        out.value += std::max(Real{0}, 1 - t * f[k]);
        out.slope[k] = t * f[k] < 1 ? -t : 0;
        break;
      case LossKind::kAbsolute:
        out.value += std::abs(r);
        out.slope[k] = r > 0 ? 1 : r < 0 ? -1 : 0;
        break;
      default:
        throw ContractError("reference: not a loss");
    }
  }
  return out;
}

// What stands inside the kink of the loss, and its derivative by the output.
ValueAndSlope loss_argument(const LossOptions& loss, Real f, Real y) {
  if (loss.kind == LossKind::kHinge) return {1 - y * f, -y};
  return {f - y, 1};
}

bool has_loss_kink(const LossOptions& loss) {
  return loss.kind == LossKind::kHinge || loss.kind == LossKind::kAbsolute;
}

// The outputs of an activation fill an interval, in which the loss is convex: a search
// by thirds. Least outputs are found on a grid of what stands before the activation.
Real least_sample_loss(const LossOptions& loss,
                       Elementwise output_activation,
                       double y) {
  if (loss.kind == LossKind::kCrossEntropy) return -INFINITY;
  const Real far = 1e6L;
  const auto phi = [&](Real z) { return apply(output_activation, z).value; };
  const Real spacing = 1e-3L;
  Real low = INFINITY, high = -INFINITY, lowest = 0;
  for (Real z = -40; z <= 40; z += spacing) {
    if (phi(z) < low) lowest = z;
    low = std::min(low, phi(z));
    high = std::max(high, phi(z));
  }
  for (Real z = lowest, step = spacing / 2; step > 1e-12L; step /= 2) {
    for (const Real next : {z - step, z + step}) {
      if (phi(next) < phi(z)) z = next;
    }
    low = std::min(low, phi(z));
  }
  if (low < -5) low = -far;
  if (high > 5) high = far;
  const auto at = [&](Real f) { return sample_loss(loss, {f}, &y).value; };
  Real from = low, to = high;
  for (int step = 0; step < 300; ++step) {
    const Real a = from + (to - from) / 3, b = to - (to - from) / 3;
    (at(a) <= at(b) ? to : from) = at(a) <= at(b) ? b : a;
  }
  const Real best = (from + to) / 2;
  const Real near = 1e-3L;  // of an end
  const bool at_low = best<low + near, at_high = best> high - near;
  const auto is = [&](std::initializer_list<Elementwise> kinds) {
    return std::find(kinds.begin(), kinds.end(), output_activation) != kinds.end();
  };
  const bool reaches_low = is({Elementwise::kRelu,
                               Elementwise::kSquare,
                               Elementwise::kAbs,
                               Elementwise::kSin,
                               Elementwise::kGelu,
                               Elementwise::kSilu});
  if (at_low && !reaches_low) return -INFINITY;
  if (at_high && !is({Elementwise::kSin})) return -INFINITY;
  return std::min({at(best), at(low), at(high)});
}

}  // namespace basin
