#pragma once

#include "connectivity/options.h"
#include "minima/judge.h"

namespace basin {

/// One chain of basin hopping after some hops.
struct HopChain {
  int64_t chain = 0;    ///< its number: which random numbers it draws
  int64_t hops = 0;     ///< made so far
  torch::Tensor theta;  ///< where it is, `[P]`: a minimum
  double loss = 0;
  int64_t accepted = 0;
};

/// One hop: a Gaussian step of deviation `step` · mean |θ|, then down to a critical
/// point, which is judged; the chain moves there if its loss is lower, else with
/// probability e^{−ΔL / temperature}. Endpoints that are not certified minima are never
/// accepted. Wales and Doye, J. Phys. Chem. A 101 (1997), 5111.
Endpoint hop(const MinimaProblem& problem,
             const ExploreOptions& options,
             const MinimaOptions& minima,
             uint64_t seed,
             HopChain& chain);

}  // namespace basin
