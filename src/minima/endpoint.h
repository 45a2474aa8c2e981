#pragma once

#include <torch/types.h>

#include <cstdint>
#include <limits>
#include <string>

namespace basin {

/// What an endpoint is. Exactly one word each; see `judge`.
enum class Verdict {
  kStrictMinimum,          ///< critical, smooth there, every eigenvalue positive
  kMinimumModuloSymmetry,  ///< as many zero modes as the symmetries explain
  kDegenerateMinimum,      ///< more zero modes, none negative: not yet decided further
  kKinkMinimum,            ///< a minimum where the loss is not differentiable
  kSaddle,                 ///< a critical point with negative curvature
  kEscaping,               ///< the loss keeps falling while ‖θ‖ grows
  kNotConverged,           ///< no critical point; the reason says why
  kDiverged,               ///< training ended in numbers that are none
};

/// "strict_minimum", ...
std::string name_of(Verdict verdict);

/// True for the verdicts that state a proved kind of minimum. A degenerate minimum is
/// not among them as long as nothing tests its zero modes to higher order.
bool is_certified(Verdict verdict);

/// True where the seed may have found a minimum, certified or not: every verdict but
/// saddle, escaping and diverged.
bool is_candidate(Verdict verdict);

/// Where a seed ended after polishing, with the numbers that support its verdict.
/// A number that was not found is NaN; a count, -1.
struct Endpoint {
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

  int64_t seed = 0;
  Verdict verdict = Verdict::kNotConverged;
  std::string reason;
  torch::Tensor theta;           ///< `[P]`, float64
  double loss = kNan;            ///< full batch, decay included
  double gradient_norm = kNan;   ///< ‖g‖∞
  double min_eigenvalue = kNan;  ///< of the Hessian
  double max_eigenvalue = kNan;
  double residual = kNan;  ///< ‖H y − λ y‖ of min_eigenvalue: 0 for a full spectrum
  double newton_step = kNan;  ///< ‖H⁻¹ g‖ over the eigenvalues that are not zero
  int64_t nullity = -1;       ///< zero modes found
  int64_t explained = -1;     ///< zero modes that the symmetries explain
  int64_t index = -1;         ///< negative eigenvalues
  double norm = kNan;         ///< ‖θ‖₂
  double kink_distance = kNan;
  int64_t kinks = 0;           ///< pre-activations on a kink
  int64_t polish_steps = 0;    ///< iterations of L-BFGS and Newton
  double trained_loss = kNan;  ///< before polishing
};

}  // namespace basin
