#pragma once

#include <torch/types.h>

#include "core/layout.h"

namespace basin {

/// θ in the balanced gauge: every unit of a positive-homogeneous activation is scaled,
/// its readers by the inverse, until its incoming weights and bias have the norm of its
/// outgoing weights. The function stays what it is; among all such scalings ‖θ‖ is
/// least. Units with nothing on one side stay as they are.
/// Du, Hu, Lee 2018, "Algorithmic regularization in learning deep homogeneous models".
torch::Tensor balanced(const ParameterLayout& layout, const torch::Tensor& theta);

/// True if some unit may be scaled.
bool can_balance(const ParameterLayout& layout);

}  // namespace basin
