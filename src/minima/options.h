#pragma once

#include <cstdint>

namespace basin {

/// What takes P² numbers and some dozen P³ operations is done up to here: about 10¹²
/// operations, half a minute of a core, and 128 MB a matrix.
inline constexpr int64_t kAffordable = 4000;

/// How endpoints are polished, judged and compared.
struct MinimaOptions {
  int64_t polish_iterations = 2000;  ///< of L-BFGS, float64, full batch

  /// Newton with exact steps follows for P up to this, along the kinks where L has
  /// any; above, with conjugate gradients, where L is smooth.
  int64_t newton_limit = kAffordable;
  int64_t newton_iterations = 400;
  int64_t cg_iterations = 200;

  /// An endpoint is a critical point when ‖g‖∞ <= max(gradient_tolerance, noise), where
  /// noise is what rounding leaves uncertain of g.
  double gradient_tolerance = 1e-12;

  /// ... and, where all eigenvalues are known, when Newton's next step is short:
  ///
  ///   ‖H⁻¹ g‖₂ <= step_tolerance * (1 + ‖θ‖₂)
  ///
  /// On the way to infinity g and H fade together: the gradient is small there, the
  /// step is not.
  double step_tolerance = 1e-6;

  /// All eigenvalues are found for P up to this; above, Lanczos.
  int64_t dense_limit = kAffordable;
  int64_t lanczos_steps = 60;

  /// An eigenvalue is a zero mode when |λ| <= zero_tolerance * λ_max.
  double zero_tolerance = 1e-8;

  /// Two endpoints are the same at level `parameters` when, after gauge and matching,
  ///
  ///   max |θ_A − g·θ_B| <= same_parameters * (1 + max |θ_A|)
  ///
  double same_parameters = 1e-7;

  /// ... at level `function` when max |f_A − f_B| <= same_function * (1 + max |f_A|)
  /// over the training inputs.
  double same_function = 1e-5;

  /// ... at level `loss` when, in the order of losses, no gap between them is above
  /// same_loss * (1 + |L|).
  double same_loss = 1e-8;

  /// Where the least possible loss is known, an endpoint is called spurious when
  /// L >= spurious_above (0: none is).
  double spurious_above = 0;
};

}  // namespace basin
