#pragma once

#include "core/objective.h"

namespace basin {

struct NewtonOptions {
  int64_t max_iterations = 60;

  /// Done when ‖g‖∞ <= gradient_tolerance and λ_min >= −zero_tolerance * λ_max.
  double gradient_tolerance = 1e-10;
  double zero_tolerance = 1e-8;

  int64_t max_escapes = 5;  ///< steps off a saddle along negative curvature
};

struct NewtonResult {
  torch::Tensor theta;  ///< `[P]`
  double value = 0;
  double gradient_norm = 0;  ///< ‖g‖∞
  int64_t iterations = 0;
  int64_t escapes = 0;
};

/// Damped Newton from one θ `[P]` in float64.
///
/// The step is −Σ (q·g)/|λ| q over the eigenpairs (λ, q) of H, so that it descends
/// where curvature is negative too; it is halved until L decreases. Where rounding
/// hides the decrease, a step that shrinks ‖g‖ is taken, if no curvature is negative.
/// At a saddle it steps off along the most negative curvature. ‖g‖² itself is never
/// minimised: that finds saddles. (Dauphin et al. 2014, "saddle-free Newton".)
NewtonResult minimize_newton(const Objective& objective,
                             const torch::Tensor& theta,
                             const NewtonOptions& options);

}  // namespace basin
