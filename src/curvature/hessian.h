#pragma once

#include "core/objective.h"
#include "curvature/lanczos.h"

namespace basin {

/// H(θ), `[P, P]`, float64, symmetric, for one θ `[P]`.
torch::Tensor dense_hessian(const Objective& objective, const torch::Tensor& theta);

/// v ↦ H(θ) v.
SymmetricOperator hessian_operator(const Objective& objective,
                                   const torch::Tensor& theta);

/// Eigenvalues of a Hessian, as far as they are known.
struct HessianSpectrum {
  torch::Tensor values;       ///< ascending; all P of them, or Ritz values
  torch::Tensor vectors;      ///< rows, `[n, P]`, in the order of `values`
  bool complete = false;      ///< all P eigenvalues; else Ritz values of Lanczos
  double min_residual = 0.0;  ///< ‖H y − λ y‖ of the least value; 0 if complete
  double min() const;
  double max() const;
};

struct SpectrumOptions {
  int64_t dense_limit = 500;  ///< P up to which all eigenvalues are found
  int64_t lanczos_steps = 60;
  uint64_t probe_index = 0;  ///< of the random start vector
};

/// Ritz values of a symmetric operator on `[size]`, from a random start.
HessianSpectrum lanczos_spectrum(const SymmetricOperator& apply,
                                 int64_t size,
                                 int64_t steps,
                                 uint64_t probe_index = 0);

/// The spectrum at one θ `[P]`. A Ritz value is an upper bound of the least
/// eigenvalue and a lower bound of the largest; an eigenvalue lies within
/// `min_residual` of the least Ritz value.
HessianSpectrum hessian_spectrum(const Objective& objective,
                                 const torch::Tensor& theta,
                                 const SpectrumOptions& options);

}  // namespace basin
