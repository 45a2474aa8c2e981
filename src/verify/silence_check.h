#pragma once

// Whether units at zero stay there, asked of the reference.

#include <optional>

#include "verify/held_slopes.h"
#include "verify/kink_sites.h"

namespace basin {

/// A unit at zero of one layer. All of a layer ask the same question.
struct SilentUnit {
  int64_t unit = 0;
  KinkBlock block;
};

/// Searches 400 directions for one in which a unit at zero with a small row gains more
/// by its columns than decay takes. `slopes` `[M]` are those held on the kinks
/// `active`. `silence`: by what kinks were held as one, in these groups, where that
/// rests on units at zero. A unit that sets samples apart whose forces differ in sign
/// is let grow, and the kink moved past each of them: the loss itself must not fall.
void check_silence(const CertificateContext& context,
                   const std::vector<Real>& theta,
                   const ReferenceValue& at,
                   const std::vector<int64_t>& active,
                   const SilentUnit& unit,
                   std::vector<double> slopes,
                   const std::optional<Silence>& silence,
                   const std::vector<SiteGroup>& groups,
                   std::vector<std::string>& faults);

}  // namespace basin
