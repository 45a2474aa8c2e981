#pragma once

#include "core/objective.h"

namespace basin {

struct NewtonOptions {
  int64_t max_iterations = 200;

  /// Done when ‖g‖∞ <= max(gradient_tolerance, noise) and
  /// λ_min >= −zero_tolerance * λ_max, where noise is what rounding leaves uncertain.
  double gradient_tolerance = 1e-12;
  double zero_tolerance = 1e-8;

  /// Exact steps for P up to this; above, conjugate gradients (no escapes there).
  int64_t exact_limit = 2000;
  int64_t cg_iterations = 200;

  int64_t max_escapes = 10;  ///< steps off a saddle along negative curvature
};

struct NewtonResult {
  torch::Tensor theta;  ///< `[P]`
  double value = 0;
  double gradient_norm = 0;  ///< ‖g‖∞
  int64_t iterations = 0;
  int64_t escapes = 0;
};

/// A trust-region Newton method from one θ `[P]` in float64, for a smooth objective.
///
/// The step is that of Moré and Sorensen (Cholesky where H is positive definite and the
/// step inside, else the eigenbasis, the hard case included), or of Steihaug above
/// `exact_limit`. Where rounding hides the decrease of L, a step that shrinks ‖g‖ is
/// taken, if no curvature is negative. At a saddle it steps off along the most negative
/// curvature. ‖g‖² itself is never minimised: that finds saddles.
NewtonResult minimize_newton(const Objective& objective,
                             const torch::Tensor& theta,
                             const NewtonOptions& options);

/// Below this an eigenvalue counts as a zero mode while a search is under way. Off a
/// critical point the zero modes of a curved orbit have eigenvalues of the order of
/// ‖g‖.
double zero_mode_floor(double largest, double gradient_norm, double zero_tolerance);

/// A step and by how much L falls along it.
struct Fall {
  torch::Tensor step;  ///< `[P]`
  double fall = 0;     ///< not positive if no step lowers L
};

/// Of the steps ±t · `direction`, t = 1, ½, ..., 2^-23, the one from θ `[P]` to the
/// least L. `value` is L(θ).
Fall largest_fall(const Objective& objective,
                  const torch::Tensor& theta,
                  double value,
                  const torch::Tensor& direction);

/// What rounding leaves uncertain of L at θ `[P]`: how much it changes when θ moves in
/// its last places.
double value_noise(const Objective& objective, const torch::Tensor& theta);

/// 4 · gradient_noise: below this a gradient is not told from zero.
double gradient_floor(const Objective& objective, const torch::Tensor& theta);

}  // namespace basin
