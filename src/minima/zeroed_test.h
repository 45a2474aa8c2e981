#pragma once

#include "minima/growth.h"
#include "minima/judge.h"
#include "minima/kink_system.h"
#include "minima/unit_ids.h"

namespace basin {

/// Whether the units at zero stay there.
struct ZeroedTest {
  Answer silent = Answer::kYes;
  bool splitting = false;  ///< yes, but parts of live units may be split off at no cost
  double ratio = 0;        ///< largest dual ratio seen
  torch::Tensor step;      ///< kNo: a step `[P]` that lowers L
};

/// At `point`, whose slopes are those that make it stationary, where a layer's live
/// units say which directions have ratio 1. `max_nodes` as in test_growth.
ZeroedTest test_zeroed(const MinimaProblem& problem,
                       const KinkPoint& point,
                       const std::vector<UnitId>& zeroed,
                       int64_t max_nodes = kMostNodes);

}  // namespace basin
