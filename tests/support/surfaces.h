#pragma once

// Surfaces over a plane whose minima and passes are known.

#include <ATen/Functions.h>

#include <array>
#include <cmath>
#include <limits>

#include "minima/judge.h"
#include "minima/units.h"

namespace basin::testing {

/// A function of (x, y) with its gradient and Hessian, as an objective of one sample.
class Surface : public SampledObjective {
 public:
  struct Local {
    double f, fx, fy, fxx, fxy, fyy;
  };
  virtual Local local(double x, double y) const = 0;

  int64_t dimension() const override { return 2; }
  Smoothness smoothness() const override { return Smoothness::kSmooth; }
  int64_t samples() const override { return 1; }

  torch::Tensor value(const torch::Tensor& theta) const override {
    return value_and_gradient(theta).value;
  }
  ValueAndGradient value_and_gradient(const torch::Tensor& theta) const override {
    auto value = at::empty({theta.size(0)}, torch::kFloat64);
    auto gradient = at::empty_like(theta);
    for (int64_t i = 0; i < theta.size(0); ++i) {
      const auto l = local(theta[i][0].item<double>(), theta[i][1].item<double>());
      value[i] = l.f;
      gradient[i][0] = l.fx;
      gradient[i][1] = l.fy;
    }
    return {value, gradient};
  }
  torch::Tensor hessian_times(const torch::Tensor& theta,
                              const torch::Tensor& v) const override {
    auto out = at::empty_like(v);
    for (int64_t i = 0; i < theta.size(0); ++i) {
      const auto l = local(theta[i][0].item<double>(), theta[i][1].item<double>());
      const double a = v[i][0].item<double>(), b = v[i][1].item<double>();
      out[i][0] = l.fxx * a + l.fxy * b;
      out[i][1] = l.fxy * a + l.fyy * b;
    }
    return out;
  }
  ValueAndGradient value_and_gradient_on(const torch::Tensor& theta,
                                         const torch::Tensor&) const override {
    return value_and_gradient(theta);
  }
  torch::Tensor outputs(const torch::Tensor& theta) const override {
    return theta.unsqueeze(1);
  }
  torch::Tensor accuracy(const torch::Tensor& theta) const override {
    return at::full(
        {theta.size(0)}, std::numeric_limits<double>::quiet_NaN(), torch::kFloat64);
  }
};

/// K. Müller, L. D. Brown, Theor. Chim. Acta 53 (1979), 75.
class MuellerBrown final : public Surface {
 public:
  Local local(double x, double y) const override {
    constexpr std::array height{-200.0, -100.0, -170.0, 15.0};
    constexpr std::array a{-1.0, -1.0, -6.5, 0.7}, b{0.0, 0.0, 11.0, 0.6};
    constexpr std::array c{-10.0, -10.0, -6.5, 0.7};
    constexpr std::array x0{1.0, 0.0, -0.5, -1.0}, y0{0.0, 0.5, 1.5, 1.0};
    Local out{};
    for (size_t k = 0; k < 4; ++k) {
      const double u = x - x0[k], v = y - y0[k];
      const double e = height[k] * std::exp(a[k] * u * u + b[k] * u * v + c[k] * v * v);
      const double p = 2 * a[k] * u + b[k] * v, q = b[k] * u + 2 * c[k] * v;
      out.f += e;
      out.fx += e * p;
      out.fy += e * q;
      out.fxx += e * (p * p + 2 * a[k]);
      out.fxy += e * (p * q + b[k]);
      out.fyy += e * (q * q + 2 * c[k]);
    }
    return out;
  }
};

/// L = p(x) + 2 p(y) + tilt_x x + tilt_y y with p(s) = (s² − 1)²: for small tilts four
/// minima and, between neighbours, four saddles; each at roots of two cubics.
class FourWells final : public Surface {
 public:
  static constexpr double kTiltX = 0.1, kTiltY = 0.3;

  Local local(double x, double y) const override {
    const double u = x * x - 1, v = y * y - 1;
    return {u * u + 2 * v * v + kTiltX * x + kTiltY * y,
            4 * x * u + kTiltX,
            8 * y * v + kTiltY,
            12 * x * x - 4,
            0,
            24 * y * y - 8};
  }

  /// The root of 4 s (s² − 1) + slope in (low, high), where it changes its sign.
  static double root(double slope, double low, double high) {
    const auto f = [&](double s) { return 4 * s * (s * s - 1) + slope; };
    const bool rising = f(high) > 0;
    for (int i = 0; i < 200; ++i) {
      const double middle = 0.5 * (low + high);
      ((f(middle) > 0) == rising ? high : low) = middle;
    }
    return 0.5 * (low + high);
  }
  /// Left minimum, top between, right minimum, along one axis.
  static std::array<double, 3> places(double slope) {
    return {root(slope, -2, -0.8), root(slope, -0.5, 0.5), root(slope, 0.8, 2)};
  }
};

/// L = (x² − 1)² + y², as a surface.
class TwoWells final : public Surface {
 public:
  Local local(double x, double y) const override {
    const double u = x * x - 1;
    return {u * u + y * y, 4 * x * u, 2 * y, 12 * x * x - 4, 0, 2};
  }
};

inline torch::Tensor point(double x, double y) {
  return at::tensor({x, y}, torch::kFloat64);
}

}  // namespace basin::testing
