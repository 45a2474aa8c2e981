#pragma once

#include "minima/judge.h"
#include "minima/unit_ids.h"

namespace basin {

/// Where a point lies relative to the kinks of L.
struct KinkPlace {
  std::vector<int64_t>
      active;  ///< sites with |z| <= kKinkTolerance · max |z| of the block
  std::vector<UnitId> zeroed;  ///< units at zero; their sites are not counted
  double distance = 0;  ///< least |z| / max |z| of the other sites; infinite if none
  double radius = 0;    ///< least |z| / ‖∂z/∂θ‖ of those; infinite if none
};
KinkPlace place_of(const MinimaProblem& problem, const torch::Tensor& theta);

/// The active-set certificate, filled into `out` (see KinkPoint).
void judge_on_kinks(const MinimaProblem& problem,
                    const KinkPlace& place,
                    const MinimaOptions& options,
                    Endpoint& out);

}  // namespace basin
