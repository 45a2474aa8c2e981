#pragma once

#include <torch/types.h>

#include "core/layout.h"

namespace basin {

/// A Gaussian direction `[P]`, number `index` of the user's seed, scaled to `norm`.
torch::Tensor random_direction(int64_t size,
                               uint64_t seed,
                               uint64_t index,
                               double norm);

/// A Gaussian direction `[P]` whose weights of each unit (a row of W) have the norm of
/// the same unit of θ; biases are zero.
torch::Tensor filter_direction(const ParameterLayout& layout,
                               const torch::Tensor& theta,
                               uint64_t seed,
                               uint64_t index);

}  // namespace basin
