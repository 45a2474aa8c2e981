#pragma once

#include <torch/types.h>

#include "core/functions.h"

namespace basin {

/// φ(z), which autograd may differentiate twice.
///
/// Each entry of the answer depends on the same entry of z alone, bit for bit,
/// wherever it stands: only operations that round once, or LibTorch's vector
/// functions (which treat the tail of an array like its body), are used. LibTorch's
/// own fused activations do not promise that.
torch::Tensor elementwise(Elementwise kind,
                          const torch::Tensor& z,
                          double parameter = 1.0);

/// φ, φ' or φ'' (order 0, 1, 2) at z, without autograd.
torch::Tensor elementwise_derivative(Elementwise kind,
                                     int order,
                                     const torch::Tensor& z,
                                     double parameter = 1.0);

/// True if φ is linear on either side of a kink at 0: relu, leaky_relu, abs.
bool has_kink(Elementwise kind);

/// Slopes of φ below and above its kink.
struct KinkSlopes {
  double low = 0;
  double high = 1;
};
KinkSlopes kink_slopes(Elementwise kind);

}  // namespace basin
