#pragma once

#include <torch/types.h>

namespace basin {

/// Where the rows of kinks depend on each other many slopes make the gradient vanish.
///
/// t `[D]` for which the entries of c + E t, E `[A, D]`, are nearest to 0 in a norm
/// that weighs the largest: their distance from the middle of their intervals, as
/// shares, so that each slope keeps away from its ends. Reweighted least squares
/// towards the 16-norm.
torch::Tensor centring_step(const torch::Tensor& offset, const torch::Tensor& basis);

}  // namespace basin
