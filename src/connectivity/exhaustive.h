#pragma once

#include "core/objective.h"
#include "minima/unit_move.h"

namespace basin {

/// The `keep` elements g of the whole group whose straight lines from θ_A to g·θ_B have
/// the lowest tops. Each element's loss at five points bounds its top from below; the
/// lines are refined in the order of these bounds, until no bound is below the
/// `keep`-th lowest top. So nothing is missed.
std::vector<SymmetryElement> lowest_elements(const SampledObjective& objective,
                                             const ParameterLayout& layout,
                                             const torch::Tensor& a,
                                             const torch::Tensor& b,
                                             int64_t keep);

}  // namespace basin
