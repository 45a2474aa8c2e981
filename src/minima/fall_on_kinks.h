#pragma once

#include "minima/kink_system.h"
#include "minima/newton.h"

namespace basin {

/// The largest fall of L below `value` along ± the direction `[P]`, among lengths of 1
/// to 2⁻²³, the active kinks of the point held: where they bend a straight step leaves
/// them, which costs more than the direction gains. `restore` `[F, A]` is the
/// pseudo-inverse of their rows over the parameters `free`. No fall without kinks.
Fall largest_fall_on_kinks(const Objective& objective,
                           const KinkPoint& point,
                           const torch::Tensor& free,
                           const torch::Tensor& restore,
                           const torch::Tensor& direction,
                           double value);

/// The same along the direction of least curvature on the kinks, straight first, if it
/// bends down there. `rows` `[A, F]` of the active kinks, `hessian` `[F, F]` of the
/// frozen loss.
Fall fall_where_bent(const Objective& objective,
                     const KinkPoint& point,
                     const torch::Tensor& free,
                     const torch::Tensor& rows,
                     const torch::Tensor& hessian,
                     double value);

}  // namespace basin
