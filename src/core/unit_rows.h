#pragma once

#include <ATen/Functions.h>
#include <torch/types.h>

namespace basin {

/// The rows of `[n, P]` at length 1; a row of zeros stays one.
inline torch::Tensor unit_rows(const torch::Tensor& rows) {
  return rows / rows.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-300);
}

}  // namespace basin
