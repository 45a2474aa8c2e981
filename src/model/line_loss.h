#pragma once

#include "core/objective.h"
#include "model/network.h"

namespace basin {

/// The loss of a network on origin + t · direction, low <= t <= high, in pieces between
/// kinks. Layer by layer: with the activation pattern of the layers below held fixed,
/// every pre-activation is a polynomial in t, its sign changes cut the piece further,
/// and the next layer follows. Exact up to the rounding of sums.
///
/// With an activation that is not piecewise linear there are no pieces. With a loss
/// that is no piecewise polynomial of the outputs there are kinks alone. `inputs` is X
/// `[N, d]`, `targets` `[N, K]`, `decay` `[P]`, all float64.
LineLoss loss_on_line(const Network& network,
                      const LossOptions& loss,
                      const torch::Tensor& inputs,
                      const torch::Tensor& targets,
                      const torch::Tensor& decay,
                      const LineSegment& line,
                      int64_t threads);

}  // namespace basin
