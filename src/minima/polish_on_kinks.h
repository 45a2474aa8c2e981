#pragma once

#include <optional>

#include "minima/judge.h"

namespace basin {

/// A point under way.
struct Polished {
  torch::Tensor theta;  ///< `[P]`
  int64_t steps = 0;    ///< iterations that it took
};

/// From θ `[P]` to a critical point on kinks by composite Newton, units that decay has
/// brought to zero held there as long as they cannot grow (docs/kinks.md).
Polished polish_on_kinks(const MinimaProblem& problem,
                         const torch::Tensor& theta,
                         const MinimaOptions& options);

/// Composite Newton from θ + t · along, for several lengths t, where that ends lower
/// than L(θ): a unit that grows once the kinks above have found new places.
std::optional<Polished> polish_grown(const MinimaProblem& problem,
                                     const torch::Tensor& theta,
                                     const torch::Tensor& along,
                                     const MinimaOptions& options);

}  // namespace basin
