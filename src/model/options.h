#pragma once

#include <cstdint>
#include <vector>

#include "core/functions.h"

namespace basin {

enum class Initializer {
  kHeNormal,
  kHeUniform,
  kGlorotNormal,
  kGlorotUniform,
  kLecunNormal,
  kLecunUniform,
  kTorch,       ///< weights and biases uniform in ±1/√fan_in: LibTorch's Linear
  kOrthogonal,  ///< orthonormal rows or columns
  kNormal,      ///< every weight and bias N(0, 1)
};

/// A multilayer perceptron: a ← φ(W a + b), `depth` times, then an affine layer.
struct ModelOptions {
  int64_t depth = 2;            ///< hidden layers; 0 is a one-layer model
  int64_t width = 8;            ///< of every hidden layer
  std::vector<int64_t> widths;  ///< one for each hidden layer, instead of `width`
  Elementwise activation = Elementwise::kRelu;
  Elementwise output_activation = Elementwise::kIdentity;
  bool bias = true;
  bool output_bias = true;
  bool skip = false;  ///< a ← φ(W a + b) + a between hidden layers of equal width
  Initializer init = Initializer::kHeNormal;
  double init_scale = 1.0;  ///< multiplies every initial weight
};

/// Which code evaluates a network.
enum class ComputePath {
  kAuto,      ///< fused on a CPU, unless a group of rows would need over 1 GiB
  kAutograd,  ///< LibTorch
  kFused,
};

/// L = mean over samples of the loss + ½ · weight_decay · ‖θ‖².
struct LossOptions {
  LossKind kind = LossKind::kMse;
  double weight_decay = 0.0;
  bool decay_biases = true;
  double huber_delta = 1.0;
};

}  // namespace basin
