#pragma once

#include "connectivity/flow.h"
#include "minima/judge.h"

namespace basin {

struct SaddleOptions {
  int64_t max_iterations = 500;
  double gradient_tolerance = 1e-12;
  ZeroModes zero_modes = nullptr;
};

struct SaddleSearch {
  torch::Tensor theta;  ///< `[P]`
  bool converged = false;
  int64_t iterations = 0;
  double gradient_norm = 0;
};

/// Hybrid eigenvector-following from θ `[P]`: up along the softest mode that is not a
/// zero mode, down along all others, with the step lengths of Cerjan, Miller and Wales
/// (D. J. Wales, Energy Landscapes, 2003, section 6.2) in a trust region; near the
/// saddle this is Newton's method, to ‖g‖∞ <= max(gradient_tolerance, rounding). All
/// eigenvalues are found in each step. `uphill` `[P]`, if defined, chooses the mode at
/// the start: that of greatest overlap.
SaddleSearch find_saddle(const Objective& objective,
                         const torch::Tensor& theta,
                         const torch::Tensor& uphill,
                         const SaddleOptions& options);

/// The tangents of the continuous symmetries of a problem.
ZeroModes symmetry_modes(const MinimaProblem& problem);

/// True if a judged point is a saddle with exactly one negative eigenvalue: critical,
/// smooth there, all eigenvalues known, every zero mode explained by the symmetries.
bool is_simple_saddle(const Endpoint& endpoint, const MinimaOptions& options);

/// Σ log |λ| over the eigenvalues with |λ| > zero_tolerance · λ_max.
double log_product_of(const torch::Tensor& eigenvalues, double zero_tolerance);

/// A saddle and the two minima that the flow reaches from it.
struct Crossing {
  Endpoint saddle;
  Endpoint left, right;       ///< along −v and +v of the negative eigenvector v
  torch::Tensor eigenvector;  ///< v, `[P]`
  double log_product =
      Endpoint::kNan;   ///< Σ log |λ| over eigenvalues that are not zero
  bool proved = false;  ///< simple saddle, both flows fell to certified minima
  std::string problem;  ///< why not
};

/// Judges the saddle at θ, pushes off both ways along the negative eigenvector, by a
/// step on which the loss falls as its curvature says, and follows the gradient down;
/// where the flow arrives, Newton polishes. `share`: of that step, to check with
/// another one.
Crossing cross(const MinimaProblem& problem,
               const torch::Tensor& theta,
               const MinimaOptions& options,
               double share = 1);

}  // namespace basin
