#pragma once

#include "minima/judge.h"
#include "minima/silent_units.h"

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

/// Whether the units `zeroed` stay at zero: kNo with a step `[P]` that lowers L, or the
/// largest dual ratio.
struct ZeroedTest {
  Answer silent = Answer::kYes;
  double ratio = 0;
  torch::Tensor step;
};
ZeroedTest test_zeroed(const MinimaProblem& problem,
                       const torch::Tensor& theta,
                       const torch::Tensor& slopes,
                       const std::vector<UnitId>& zeroed);

/// The active-set certificate, filled into `out` (see KinkPoint).
void judge_on_kinks(const MinimaProblem& problem,
                    const KinkPlace& place,
                    const MinimaOptions& options,
                    Endpoint& out);

}  // namespace basin
