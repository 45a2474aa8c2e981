#pragma once

#include <torch/types.h>

namespace basin {

/// Scalar functions that act on each entry of a tensor.
enum class Elementwise {
  kIdentity,
  kRelu,       ///< max(z, 0); slope 0 at 0
  kLeakyRelu,  ///< z for z > 0, else z / 100
  kTanh,
  kSigmoid,
  kSoftplus,  ///< log(1 + exp z)
  kGelu,      ///< z Φ(z)
  kSilu,      ///< z / (1 + exp −z)
  kElu,       ///< z for z > 0, else exp z − 1
  kSin,
  kSquare,
  kAbs,    ///< |z|; slope 0 at 0
  kHuber,  ///< z²/2 for |z| ≤ δ, else δ (|z| − δ/2); `parameter` is δ
  kHinge,  ///< max(0, 1 − z)
};

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
