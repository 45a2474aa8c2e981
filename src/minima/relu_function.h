#pragma once

#include <torch/types.h>

#include <optional>

#include "core/layout.h"
#include "core/objective.h"

namespace basin {

/// What a network with one piecewise linear hidden layer computes on all of R^d:
///
///   f(x) = Σ_m amplitude_m |n_m·x + c_m| + affine·(x, 1)
///
/// with different hyperplanes (n_m, c_m), ‖(n, c)‖ = 1, known up to their sign, and no
/// amplitude zero. The form is unique: two networks compute the same function if and
/// only if their forms agree.
struct ReluFunction {
  torch::Tensor planes;     ///< `[m, d + 1]`
  torch::Tensor amplitude;  ///< `[m, K]`
  torch::Tensor affine;     ///< `[K, d + 1]`
};

/// The form of θ `[P]`; nothing if the architecture is another one. `blocks` as from
/// kink_blocks.
std::optional<ReluFunction> relu_function(const ParameterLayout& layout,
                                          const std::vector<KinkBlock>& blocks,
                                          const torch::Tensor& theta);

/// Whether the forms agree to `tolerance`, relative to the largest number of `a`.
bool same_everywhere(const ReluFunction& a, const ReluFunction& b, double tolerance);

}  // namespace basin
