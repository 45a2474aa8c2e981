#pragma once

#include "minima/kink_system.h"
#include "minima/kink_verdict.h"

namespace basin {

/// Slopes that make the gradient vanish along the kinks at θ, and whether these hold
/// (Theorem 1 of docs/kinks.md).
struct HeldKinks {
  KinkPoint point;  ///< active: the first of like sites, slopes at an end left out
  KinkSystem system;
  std::vector<int64_t> strong;  ///< all active sites whose slope is at no end
  double gradient = 0;          ///< largest entry along the kinks
  double noise = 0;             ///< what rounding leaves open of it
  double margin = 1;            ///< least share of a slope from its ends
  double force = 0;             ///< least u
  int64_t weak = 0;             ///< slopes at an end
  bool hold = false;            ///< margin and force are large enough

  /// Sites that are the same function: as of same_but_for_kinks, not of same_sites, and
  /// of these the ones that read the same kinks, by a number for each active site.
  bool but_for_kinks = false;
  std::vector<double> piece;
};

/// Multipliers near θ, where the gradient does not vanish quite; it holds nothing if
/// there are none.
HeldKinks nearly_held_kinks(const MinimaProblem& problem,
                            const torch::Tensor& free,
                            const KinkPlace& place,
                            const torch::Tensor& theta);

/// By the shortest change of slopes; where the kinks then do not hold, by multipliers.
HeldKinks held_kinks(const MinimaProblem& problem,
                     const torch::Tensor& free,
                     const KinkPlace& place,
                     const MinimaOptions& options,
                     const torch::Tensor& theta);

}  // namespace basin
