#pragma once

#include <torch/types.h>

namespace basin {

/// The a in [0, 1]ᴷ that minimises ½ aᵀ G a + cᵀ a, G `[K, K]` symmetric and not
/// indefinite, c `[K]`, from `start` `[K]`: projected Newton's steps, exact up to
/// rounding. Entries at a bound are exactly 0 or 1. Where G is singular the solution
/// near `start` is one of several. Bertsekas, SIAM J. Control and Optimization 20
/// (1982).
torch::Tensor solve_box_problem(const torch::Tensor& matrix,
                                const torch::Tensor& linear,
                                const torch::Tensor& start);

}  // namespace basin
