#pragma once

#include "core/objective.h"

namespace basin {

/// How the search for a radius ended.
enum class RadiusEnd {
  kFound,      ///< the model holds up to the radius and fails just beyond it
  kAtLeast,    ///< no failure was found up to 10 ‖θ‖: the radius is at least that
  kAtMost,     ///< it fails where its rise first stands out of rounding: at most that
  kUndefined,  ///< dᵀH d is zero within rounding, there is no rise to compare with
};

/// How far the local quadratic model reaches from θ along one direction of length 1.
struct QuadraticRadius {
  double radius = 0;  ///< in θ; NaN if undefined
  RadiusEnd end = RadiusEnd::kFound;
};

/// The largest s such that for all 0 < t <= s
///
///   |L(θ + t d) − L(θ) − t g·d − ½ t² dᵀH d| <= `error` · ½ t² |dᵀH d|
///
/// for each row d of `directions` `[n, P]` (scaled to length 1). The misfit is compared
/// with the model's own second-order rise: a constant added to L changes nothing. At a
/// kink g and H are those of one side.
///
/// Looked for at 40 values of t a decade, from where a tenth of the right side is above
/// the rounding of L, and no lower than 1e-8 ‖θ‖, up to 10 ‖θ‖; then refined by
/// bisection. A failure that is over before the next value goes unseen.
std::vector<QuadraticRadius> quadratic_radii(const SampledObjective& objective,
                                             const torch::Tensor& theta,
                                             const torch::Tensor& directions,
                                             double error);

/// "found", "at_least", "at_most", "undefined"
const char* name_of(RadiusEnd end);

}  // namespace basin
