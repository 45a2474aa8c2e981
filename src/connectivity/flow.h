#pragma once

#include <functional>

#include "core/objective.h"
#include "curvature/symmetric_eigen.h"

namespace basin {

/// Orthonormal tangents at θ `[P]` along which symmetries leave L as it is: `[k, P]`.
using ZeroModes = std::function<torch::Tensor(const torch::Tensor&)>;

/// The eigenpairs of H at θ with the zero modes taken out: they come last, with a large
/// eigenvalue and no slope.
SymmetricEigen curvature_without(const Objective& objective,
                                 const torch::Tensor& theta,
                                 const ZeroModes& zero_modes);

struct FlowOptions {
  int64_t max_steps = 2000;

  /// A step is taken when the part of the gradient that its quadratic model misses
  /// would move it by less than this share of its length.
  double error = 1e-2;

  /// Over when no curvature is negative beyond zero_tolerance · λ_max and Newton's step
  /// is shorter than this times the way so far.
  double near = 1e-3;
  double zero_tolerance = 1e-8;
  ZeroModes zero_modes = nullptr;
};

struct FlowResult {
  torch::Tensor theta;   ///< `[P]`
  bool arrived = false;  ///< near a minimum; else out of steps, or not finite
  bool monotone = true;  ///< L fell at every step, to rounding
  int64_t steps = 0;
  double length = 0;  ///< of the way
};

/// Follows θ' = −∇L(θ) from θ `[P]`: exponential Rosenbrock-Euler steps,
///
///   θ ← θ − (1 − e^{−hH}) H⁻¹ g,
///
/// exact for a quadratic L, so that stiffness costs nothing. Hochbruck, Ostermann,
/// Schweitzer, SIAM J. Numer. Anal. 47 (2009). All eigenvalues of H are found in each
/// step.
FlowResult follow_gradient(const Objective& objective,
                           const torch::Tensor& theta,
                           const FlowOptions& options);

}  // namespace basin
