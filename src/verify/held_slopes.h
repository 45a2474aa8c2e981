#pragma once

#include "verify/certificate.h"

namespace basin {

/// Slopes of active kinks that make the gradient over `free` as small as they can.
struct HeldSlopes {
  std::vector<double> slopes;  ///< of all sites
  torch::Tensor rows;          ///< dz/dθ of the active ones, `[A, F]`
  torch::Tensor gradient;      ///< `[F]`
  torch::Tensor force;         ///< `[A]`
  double margin = 1;           ///< least share of a slope from its ends; < 0: outside
};

HeldSlopes held_slopes(const CertificateContext& context,
                       const std::vector<Real>& theta,
                       const ReferenceValue& at,
                       const std::vector<int64_t>& active,
                       const std::vector<int64_t>& free);

/// What counts as a zero gradient at θ where the kinks have these slopes (none: as L
/// has them): four times the larger of the config's tolerance and eight times what
/// rounding of θ to float64 leaves uncertain of it, by the reference.
double gradient_limit(const CertificateContext& context,
                      const std::vector<Real>& theta,
                      const std::vector<double>& slopes);

}  // namespace basin
