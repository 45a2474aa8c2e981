#pragma once

#include "verify/certificate.h"

namespace basin {

/// Sites that are the same function and have one slope.
using SiteGroup = std::vector<int64_t>;

/// A slope that is given.
struct FixedSlope {
  SiteGroup sites;
  double slope = 0;
};

/// Slopes of active kinks that make the gradient over `free` as small as they can.
struct HeldSlopes {
  std::vector<double> slopes;  ///< of all sites
  torch::Tensor rows;          ///< dz/dθ of each active group, `[A, F]`
  torch::Tensor gradient;      ///< `[F]`
  torch::Tensor force;         ///< of each group, added up, `[A]`
  torch::Tensor shares;        ///< of the way from low to high, `[A]`
  double margin = 1;           ///< least share of a slope from its ends; < 0: outside
};

HeldSlopes held_slopes(const CertificateContext& context,
                       const std::vector<Real>& theta,
                       const ReferenceValue& at,
                       const std::vector<SiteGroup>& active,
                       const std::vector<FixedSlope>& fixed,
                       const std::vector<int64_t>& free);

/// Moves groups whose slope is at an end from `active` to the answer.
std::vector<FixedSlope> take_weak(const CertificateContext& context,
                                  const HeldSlopes& held,
                                  std::vector<SiteGroup>& active);

/// The least force of all groups, with these slopes; infinite if there are none.
double least_force(const CertificateContext& context,
                   const std::vector<Real>& theta,
                   const std::vector<double>& slopes,
                   const std::vector<SiteGroup>& active,
                   const std::vector<FixedSlope>& fixed);

/// What counts as a zero gradient at θ where the kinks have these slopes (none: as L
/// has them): four times the larger of the config's tolerance and eight times what
/// rounding of θ to float64 leaves uncertain of it, by the reference.
double gradient_limit(const CertificateContext& context,
                      const std::vector<Real>& theta,
                      const std::vector<double>& slopes);

}  // namespace basin
