#pragma once

#include <torch/types.h>

#include "curvature/lanczos.h"

namespace basin {

/// The minimiser of a quadratic model over a ball:
///
///   m(p) = gᵀp + ½ pᵀ H p,   ‖p‖ <= radius
///
struct TrustStep {
  torch::Tensor step;        ///< p, `[P]`
  double predicted = 0;      ///< −m(p) >= 0
  bool on_boundary = false;  ///< ‖p‖ = radius
  bool hard_case = false;    ///< g has no part in the space of the least eigenvalue
};

/// Exact, from the eigenvalues `values` `[P]`, in any order, and eigenvectors of H, the
/// columns of `vectors` `[P, P]`. Eigenpairs marked in `quiet` `[P]` bool are left out
/// of the model: zero modes without slope.
/// Moré and Sorensen, SIAM J. Sci. Stat. Comput. 4 (1983), 553.
TrustStep exact_trust_step(const torch::Tensor& values,
                           const torch::Tensor& vectors,
                           const torch::Tensor& gradient,
                           const torch::Tensor& quiet,
                           double radius);

/// Approximate, by conjugate gradients on v ↦ H v, cut off at the boundary or along
/// negative curvature; ends when ‖H p + g‖ <= tolerance · ‖g‖.
/// Steihaug, SIAM J. Numer. Anal. 20 (1983), 626.
TrustStep steihaug_trust_step(const SymmetricOperator& hessian,
                              const torch::Tensor& gradient,
                              double radius,
                              double tolerance,
                              int64_t max_iterations);

/// The next radius, by the ratio of actual to predicted decrease.
double next_radius(double radius, const TrustStep& step, double ratio);

}  // namespace basin
