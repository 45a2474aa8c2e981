#pragma once

#include <optional>

#include "curvature/hessian.h"
#include "curvature/inertia.h"
#include "minima/judge.h"

namespace basin {

/// What the smooth verdict is made from.
struct Curvature {
  HessianSpectrum spectrum;  ///< without eigenvectors where H is positive definite
  torch::Tensor hessian;     ///< where all eigenvalues are known
  ExplainedModes explained;
  torch::Tensor zero;  ///< eigenvalues within the cut, bool

  /// Where eigenvalues within the cut are left that nothing explains: their signs, each
  /// with its own bound. The explained directions are taken out.
  std::optional<Inertia> inertia;
};

/// All eigenvalues up to the dense limit; above, Lanczos with the explained zero modes
/// moved away. θ `[P]`; `at` has gradient_norm, noise and radius filled in.
Curvature curvature_at(const MinimaProblem& problem,
                       const torch::Tensor& theta,
                       const torch::Tensor& gradient,
                       const Endpoint& at,
                       const MinimaOptions& options);

/// The numbers of an endpoint that follow from it.
void fill_spectrum(const Curvature& c, const torch::Tensor& gradient, Endpoint& out);

}  // namespace basin
