#pragma once

#include <vector>

#include "minima/identify.h"

namespace basin {

/// Outputs on the training inputs, as far as the loss sees them. θ `[P]`.
torch::Tensor function_of(const MinimaProblem& problem, const torch::Tensor& theta);

/// |a − b| <= tolerance · (1 + |a|).
bool near_loss(double a, double b, double tolerance);

/// Places of the minima in the order of their losses, equal ones as they stand.
std::vector<size_t> order_by_loss(const std::vector<Minimum>& minima);

/// Numbers the classes of every level coarser than `parameters`.
void number_coarser_classes(const MinimaProblem& problem,
                            const MinimaOptions& options,
                            std::vector<Minimum>& minima);

}  // namespace basin
