#pragma once

// Surfaces whose minima, saddles and curvature are known in closed form.

#include <ATen/Functions.h>

#include "core/objective.h"

namespace basin::testing {

inline torch::Tensor vector(std::initializer_list<double> entries) {
  return at::tensor(at::ArrayRef<double>(entries), torch::kFloat64);
}

/// L(x, y) = (x² − 1)² + y².
///
/// Minima at (±1, 0), L = 0, Hessian diag(8, 2).
/// One saddle at (0, 0), L = 1, Hessian diag(−4, 2).
class DoubleWell final : public Objective {
 public:
  int64_t dimension() const override { return 2; }
  Smoothness smoothness() const override { return Smoothness::kSmooth; }

  torch::Tensor value(const torch::Tensor& theta) const override {
    const auto well = theta.select(1, 0).square() - 1;
    return well * well + theta.select(1, 1).square();
  }

  ValueAndGradient value_and_gradient(const torch::Tensor& theta) const override {
    const auto x = theta.select(1, 0), y = theta.select(1, 1);
    return {value(theta), at::stack({4 * x * (x * x - 1), 2 * y}, 1)};
  }

  torch::Tensor hessian_times(const torch::Tensor& theta,
                              const torch::Tensor& v) const override {
    const auto x = theta.select(1, 0);
    return at::stack({(12 * x * x - 4) * v.select(1, 0), 2 * v.select(1, 1)}, 1);
  }
};

/// L(x) = ½ xᵀ A x − bᵀ x: one minimum, A⁻¹ b, if A is positive definite.
class Quadratic final : public Objective {
 public:
  Quadratic(torch::Tensor a, torch::Tensor b) : a_(std::move(a)), b_(std::move(b)) {}
  int64_t dimension() const override { return b_.size(0); }
  Smoothness smoothness() const override { return Smoothness::kSmooth; }

  torch::Tensor value(const torch::Tensor& theta) const override {
    return (theta * (theta.matmul(a_) / 2 - b_)).sum(1);
  }
  ValueAndGradient value_and_gradient(const torch::Tensor& theta) const override {
    return {value(theta), theta.matmul(a_) - b_};
  }
  torch::Tensor hessian_times(const torch::Tensor&,
                              const torch::Tensor& v) const override {
    return v.matmul(a_);
  }

 private:
  torch::Tensor a_, b_;
};

/// Rosenbrock's valley in two dimensions: minimum at (1, 1), L = 0.
class Rosenbrock final : public Objective {
 public:
  int64_t dimension() const override { return 2; }
  Smoothness smoothness() const override { return Smoothness::kSmooth; }
  torch::Tensor value(const torch::Tensor& theta) const override {
    const auto x = theta.select(1, 0), y = theta.select(1, 1);
    return 100 * (y - x * x).square() + (1 - x).square();
  }
  ValueAndGradient value_and_gradient(const torch::Tensor& theta) const override {
    const auto x = theta.select(1, 0), y = theta.select(1, 1);
    const auto r = y - x * x;
    return {value(theta), at::stack({-400 * x * r - 2 * (1 - x), 200 * r}, 1)};
  }
  torch::Tensor hessian_times(const torch::Tensor& theta,
                              const torch::Tensor& v) const override {
    const auto x = theta.select(1, 0), y = theta.select(1, 1);
    const auto a = v.select(1, 0), b = v.select(1, 1);
    return at::stack(
        {(1200 * x * x - 400 * y + 2) * a - 400 * x * b, -400 * x * a + 200 * b}, 1);
  }
};

}  // namespace basin::testing
