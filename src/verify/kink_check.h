#pragma once

#include "verify/certificate.h"

namespace basin {

/// H of the reference with frozen slopes over the parameters `free`, by central
/// differences of its gradient, `[F, F]`. A difference spans `step` · (1 + |θ_p|) to
/// either side.
torch::Tensor difference_hessian(const Reference& reference,
                                 const std::vector<Real>& theta,
                                 const std::vector<double>& slopes,
                                 const std::vector<int64_t>& free,
                                 Real step = 1e-6L);

/// Adds what does not hold of the claim that L is convex and 0 a subgradient at θ.
void check_convex(const CertificateContext& context,
                  const Endpoint& endpoint,
                  const std::vector<Real>& theta,
                  const ReferenceValue& at,
                  std::vector<std::string>& faults);

/// Adds what does not hold of an active-set certificate.
void check_active_set(const CertificateContext& context,
                      const Endpoint& endpoint,
                      const std::vector<Real>& theta,
                      const ReferenceValue& at,
                      std::vector<std::string>& faults);

}  // namespace basin
