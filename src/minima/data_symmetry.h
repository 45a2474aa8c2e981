#pragma once

#include <torch/types.h>

#include <vector>

#include "core/layout.h"

namespace basin {

/// Every product of the generators, the identity first; empty if there are more than
/// `limit`.
std::vector<DataSymmetry> closure(const std::vector<DataSymmetry>& generators,
                                  size_t limit);

/// g·θ with f_{g·θ}(x) = B⁻¹ f_θ(A x), where A moves inputs and B outputs: then
/// L(g·θ) = L(θ) if the data has the symmetry. θ `[P]`.
torch::Tensor transformed(const ParameterLayout& layout,
                          const DataSymmetry& symmetry,
                          const torch::Tensor& theta);

}  // namespace basin
