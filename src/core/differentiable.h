#pragma once

#include "core/objective.h"

namespace basin {

/// L(θ_b) for each row of θ `[B, P]`, `[B]`, as a node of LibTorch's autograd, whatever
/// computes it: value_and_gradient stands behind the first derivative, hessian_times
/// behind the second. The third is not known. The objective must outlive the graph.
torch::Tensor differentiable_value(const Objective& objective,
                                   const torch::Tensor& theta);

}  // namespace basin
