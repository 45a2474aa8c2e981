#include "minima/higher_order.h"

#include <ATen/Functions.h>

#include <cmath>
#include <vector>

namespace basin {
namespace {

using torch::Tensor;

constexpr int kScales = 9;
constexpr int kChordSteps = 60;

/// l on one side, from the smallest s outward, as far as w could be followed.
struct Side {
  std::vector<double> s;
  std::vector<double> rise;  // l(s) − l(0)
  std::vector<Tensor> step;  // s v + w
};

Side follow(const Objective& objective,
            const Tensor& theta,
            const Tensor& v,
            const Tensor& complement,
            const Tensor& curvature,
            double at_zero) {
  Side out;
  auto w = at::zeros_like(curvature);
  for (int k = kScales; k >= 1; --k) {
    const double s = std::ldexp(1.0, -k);
    bool settled = false;
    double value = 0;
    double last = INFINITY;
    for (int i = 0; i < kChordSteps && !settled; ++i) {
      const auto point = theta + s * v + at::mv(complement, w);
      const auto answer = objective.value_and_gradient(point.unsqueeze(0));
      const auto slope = at::mv(complement.t(), answer.gradient.squeeze(0));
      value = answer.value.item<double>();
      const double size =
          curvature.numel() > 0 ? slope.abs().max().item<double>() : 0.0;
      settled = size <= 1e-13;
      if (!settled && !(size < 2 * last)) break;
      last = size;
      if (!settled) w = w - slope / curvature;
    }
    if (!settled && !(last <= 1e-10)) break;
    out.s.push_back(s);
    out.rise.push_back(value - at_zero);
    out.step.push_back(s * v + at::mv(complement, w));
  }
  return out;
}

// It falls at once and goes on falling: the last point before it rises again.
int64_t falls_to(const Side& side, double noise) {
  int64_t best = -1;
  double least = 0;
  for (size_t i = 0; i < side.rise.size(); ++i) {
    if (side.rise[i] > least + noise) break;
    if (side.rise[i] < -10 * noise) best = static_cast<int64_t>(i);
    least = std::min(least, side.rise[i]);
  }
  return best;
}

bool is_flat(const Side& side, double noise) {
  for (const double r : side.rise) {
    if (std::abs(r) > 10 * noise) return false;
  }
  return true;
}

// The exponent between the two largest scales that stand clear of noise, of those where
// the leading term still rules; 0 if there are none, or it falls somewhere.
double order_of(const Side& side, double noise) {
  for (size_t i = 0; i + 1 < side.rise.size(); ++i) {
    if (side.rise[i] < -10 * noise) return 0;
    if (side.rise[i] > 1e3 * noise && side.rise[i + 1] > 0) {
      return std::log2(side.rise[i + 1] / side.rise[i]);
    }
  }
  return 0;
}

}  // namespace

ZeroModeTest follow_zero_mode(const Objective& objective,
                              const Tensor& theta,
                              const Tensor& v,
                              const Tensor& complement,
                              const Tensor& curvature) {
  ZeroModeTest out;
  const double at_zero = objective.value(theta.unsqueeze(0)).item<double>();
  const double noise = 4e-16 * (1e-2 + std::abs(at_zero));
  const auto plus = follow(objective, theta, v, complement, curvature, at_zero);
  const auto minus = follow(objective, theta, -v, complement, curvature, at_zero);
  for (const auto* side : {&plus, &minus}) {
    const auto i = falls_to(*side, noise);
    if (i >= 0 && -side->rise[static_cast<size_t>(i)] > out.fall) {
      out.kind = ZeroMode::kFalling;
      out.fall = -side->rise[static_cast<size_t>(i)];
      out.witness = side->step[static_cast<size_t>(i)];
    }
  }
  if (plus.s.size() < 3 || minus.s.size() < 3) return out;
  out.reach = std::min(plus.s.back(), minus.s.back());
  if (out.kind == ZeroMode::kFalling) return out;
  if (is_flat(plus, noise) && is_flat(minus, noise)) {
    out.kind = ZeroMode::kFlat;
    return out;
  }
  out.order = std::min(order_of(plus, noise), order_of(minus, noise));
  if (out.order > 1) out.kind = ZeroMode::kRising;
  return out;
}

}  // namespace basin
