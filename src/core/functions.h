#pragma once

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

enum class LossKind {
  kMse,                  ///< ½ · mean over samples of ‖f − y‖²
  kCrossEntropy,         ///< softmax over K outputs, mean over samples
  kLogistic,             ///< log(1 + exp(−y f)), y = ±1, summed over outputs
  kHuber,                ///< summed over outputs
  kHinge,                ///< max(0, 1 − y f), y = ±1, summed over outputs
  kAbsolute,             ///< |f − y|, summed over outputs
  kSigmoidCrossEntropy,  ///< log(1 + exp f) − y f, y in [0, 1], summed over outputs
};

}  // namespace basin
