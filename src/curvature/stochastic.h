#pragma once

#include "curvature/lanczos.h"

namespace basin {

/// An estimate from random probes.
struct TraceEstimate {
  double value = 0;
  double standard_error = 0;  ///< of the mean over the probes; NaN for one probe
};

/// tr A from `probes` products with vectors of random signs, numbers `first_probe` on
/// of stream kProbe under `seed`. Hutchinson, Commun. Stat. Simul. Comput. 19 (1990).
TraceEstimate hutchinson_trace(const SymmetricOperator& apply,
                               int64_t size,
                               int64_t probes,
                               uint64_t seed,
                               uint64_t first_probe = 0);

/// The density of eigenvalues as point masses; their sum is 1.
struct SpectralDensity {
  torch::Tensor nodes;    ///< `[n]`, ascending
  torch::Tensor weights;  ///< `[n]`
};

/// Stochastic Lanczos quadrature: for each probe the Ritz values and the squared first
/// entries of the eigenvectors of T. Exact moments up to 2 · steps − 1 of each probe.
/// Golub and Meurant 1994; Lin, Saad, Yang, SIAM Rev. 58 (2016), section 3.2.
SpectralDensity spectral_density(const SymmetricOperator& apply,
                                 int64_t size,
                                 int64_t probes,
                                 int64_t steps,
                                 uint64_t seed,
                                 uint64_t first_probe = 0);

/// The density at each of `points` `[m]`, each mass spread as a Gaussian of deviation
/// `width`.
torch::Tensor smoothed(const SpectralDensity& density,
                       const torch::Tensor& points,
                       double width);

}  // namespace basin
