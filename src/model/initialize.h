#pragma once

#include <torch/types.h>

#include "model/network.h"

namespace basin {

/// θ before training of seeds `first`, ..., `first + count - 1`: `[count, P]`,
/// float64. Row i depends on the user seed and on first + i alone.
/// He, Zhang, Ren, Sun 2015; Glorot, Bengio 2010; LeCun et al. 1998; Saxe et al. 2014.
torch::Tensor initial_parameters(const Network& network,
                                 uint64_t seed,
                                 int64_t first,
                                 int64_t count);

}  // namespace basin
