#pragma once

#include "minima/smooth_curvature.h"

namespace basin {

/// The verdict on a critical point with more zero modes than symmetries explain: a
/// valley, a saturated unit on its way to infinity, or a term of higher order.
void judge_degenerate(const MinimaProblem& problem, const Curvature& c, Endpoint& out);

}  // namespace basin
