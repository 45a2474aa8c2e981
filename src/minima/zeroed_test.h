#pragma once

#include "minima/growth.h"
#include "minima/judge.h"
#include "minima/kink_system.h"
#include "minima/parted_layers.h"
#include "minima/unit_ids.h"

namespace basin {

/// Whether the units at zero stay there.
struct ZeroedTest {
  Answer silent = Answer::kYes;
  bool splitting = false;  ///< yes, but parts of live units may be split off at no cost
  double ratio = 0;        ///< largest dual ratio seen
  bool apart = false;      ///< one that grows pulls samples of a shared kink apart
  torch::Tensor step;      ///< `[P]`; kNo: lowers L to second order; kUndecided, if
                           ///< there is one: the bounds leave open that it does
};

/// At `point`, whose slopes are those that make it stationary, where a layer's live
/// units say which directions have ratio 1.
ZeroedTest test_zeroed(const MinimaProblem& problem,
                       const KinkPoint& point,
                       const std::vector<UnitId>& zeroed,
                       const std::vector<PartedLayer>& parted);

/// Only whether they grow: kNo or kUndecided.
ZeroedTest search_zeroed(const MinimaProblem& problem,
                         const KinkPoint& point,
                         const std::vector<UnitId>& zeroed);

}  // namespace basin
