#pragma once

#include "verify/held_slopes.h"

namespace basin {

/// Slopes of kinks some of which read others, by multipliers (Theorem 1 of
/// docs/kinks.md). How they are found proves nothing: gradient, force and margin are
/// those of the slopes, evaluated.
struct HeldMultipliers {
  bool found = false;
  HeldSlopes held;
  std::vector<SiteGroup> groups;  ///< whose slopes are between their ends
  std::vector<FixedSlope> weak;   ///< whose slope is at an end
};

/// With `zeroed`, samples are alike, too, where units at zero make a layer silent.
HeldMultipliers held_multipliers(const CertificateContext& context,
                                 const std::vector<Real>& theta,
                                 const ReferenceValue& at,
                                 const std::vector<int64_t>& active,
                                 const std::vector<int64_t>& free,
                                 bool zeroed);

}  // namespace basin
