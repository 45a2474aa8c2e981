#pragma once

#include "curvature/hessian.h"
#include "minima/judge.h"

namespace basin {

/// What the smooth verdict is made from.
struct Curvature {
  HessianSpectrum spectrum;  ///< without eigenvectors where H is positive definite
  torch::Tensor hessian;     ///< then
  ExplainedModes explained;
  torch::Tensor zero;  ///< which eigenvalues count as zero modes, bool
};

/// All eigenvalues up to the dense limit; above, Lanczos with the explained zero modes
/// moved away. θ `[P]`.
Curvature curvature_at(const MinimaProblem& problem,
                       const torch::Tensor& theta,
                       const MinimaOptions& options);

/// The numbers of an endpoint that follow from it.
void fill_spectrum(const Curvature& c, const torch::Tensor& gradient, Endpoint& out);

}  // namespace basin
