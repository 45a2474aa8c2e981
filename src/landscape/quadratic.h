#pragma once

#include "core/objective.h"

namespace basin {

/// How far the local quadratic model reaches from θ along one direction.
struct QuadraticRadius {
  double radius = 0;      ///< in θ; the direction has unit length
  bool at_least = false;  ///< no failure was found up to there
};

/// The first t > 0 at which q(t) = L + t g·d + ½ t² dᵀH d misses L(θ + t d) by more
/// than `error` · |L(θ + t d)|, for each row d of `directions` `[n, P]` (scaled to unit
/// length): looked for at 120 values of t from 1e-5 to 10 times ‖θ‖, evenly in log t,
/// then refined by bisection. A failure that is over before the next value goes unseen.
std::vector<QuadraticRadius> quadratic_radii(const SampledObjective& objective,
                                             const torch::Tensor& theta,
                                             const torch::Tensor& directions,
                                             double error);

}  // namespace basin
