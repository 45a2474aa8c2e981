#pragma once

#include <functional>

#include "core/objective.h"

namespace basin {

struct LbfgsOptions {
  int64_t max_iterations = 500;
  int64_t history = 20;  ///< pairs (s, y) kept

  /// A row is done when ‖g‖∞ <= gradient_tolerance.
  double gradient_tolerance = 1e-10;

  /// A step t along p is accepted when both hold (weak Wolfe conditions):
  ///
  ///   L(θ + t p) <= L(θ) + armijo * t * gᵀp
  ///   ∇L(θ + t p)ᵀp >= curvature * gᵀp
  ///
  /// or, where rounding hides the decrease, L(θ + t p) <= L(θ) + 1e-14 |L(θ)| with
  /// the second and ∇L(θ + t p)ᵀp <= (2 armijo − 1) gᵀp (Hager and Zhang 2005).
  double armijo = 1e-4;
  double curvature = 0.9;

  int64_t max_trials = 40;  ///< evaluations of one line search
};

/// Called after each accepted step: row, iteration (from 1), L, θ.
using StepObserver =
    std::function<void(int64_t row, int64_t iteration, double loss, const double*)>;

enum class LbfgsEnd {
  kConverged,  ///< ‖g‖∞ is below its tolerance
  kStalled,    ///< no acceptable step exists along −g: rounding, or a kink
  kIterations  ///< all iterations were used
};

struct LbfgsResult {
  torch::Tensor theta;          ///< `[B, P]`, float64
  torch::Tensor value;          ///< `[B]`
  torch::Tensor gradient_norm;  ///< ‖g‖∞, `[B]`
  std::vector<int64_t> iterations;
  std::vector<LbfgsEnd> end;
};

/// Minimises from every row of θ `[B, P]` at once. Each row is a state machine of its
/// own: a round evaluates one trial point of every unfinished row, so that no
/// evaluation waits for another row's line search, and no row changes another's
/// numbers. Line search by bisection and doubling (Lewis and Overton 2013).
/// Nocedal, Mathematics of Computation 35 (1980).
LbfgsResult minimize_lbfgs(const Objective& objective,
                           const torch::Tensor& theta,
                           const LbfgsOptions& options,
                           const StepObserver& observer = nullptr);

}  // namespace basin
