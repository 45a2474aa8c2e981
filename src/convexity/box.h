#pragma once

#include <string>

#include "model/network.h"
#include "model/options.h"

namespace basin {

/// L is strongly convex on the box ‖θ − θ₀‖∞ <= radius: every Hessian there is at least
/// `curvature` · I. If also `gradient` < `curvature` · `radius`, where `gradient`
/// bounds ‖∇L(θ₀)‖₂, then L has exactly one critical point in the box, a strict
/// minimum.
struct BoxCertificate {
  double radius = 0;     ///< 0: none was found
  double curvature = 0;  ///< a lower bound of the spectrum over the box
  double gradient = 0;   ///< an upper bound of ‖∇L(θ₀)‖₂
  double margin = 0;     ///< of the smallest box tried, if none: its lower bound
  std::string problem;   ///< why there is none

  bool unique_minimum() const { return radius > 0 && gradient < curvature * radius; }
};

/// What the certificate is of: `inputs` X `[N, d]`, `targets` Y `[N, K]` as from
/// loss_targets.
struct BoxProblem {
  const Network& network;
  const LossOptions& loss;
  torch::Tensor inputs, targets;
};

/// True if P³ · N is small enough for a second or two.
bool can_certify_box(const BoxProblem& problem);

/// The largest box of half-width 1, ½, ¼, ..., 2⁻³⁰ round θ₀ `[P]` on which an interval
/// Hessian (forward mode, outward rounding) is positive definite. Its midpoint less μ I
/// has a Cholesky factorisation whose rounding errors are accounted for (Rump 2006,
/// "Verification of positive definiteness"), and its radius has row sums below μ.
BoxCertificate certify_box(const BoxProblem& problem, const torch::Tensor& theta);

}  // namespace basin
