#include "core/activation_symmetry.h"

#include <numbers>

namespace basin {

// softplus, gelu and silu have φ(z) − φ(−z) = z, relu and leaky_relu a multiple of it,
// beside their scaling. No weight of these networks takes a term linear in z: readers
// see units only through φ, and a skip connection has no weights. elu has no identity.
ActivationSymmetry symmetry_of(Elementwise activation) {
  switch (activation) {
    case Elementwise::kIdentity:
      return {.linear = true};
    case Elementwise::kRelu:
    case Elementwise::kLeakyRelu:
      return {.homogeneous = true};
    case Elementwise::kAbs:
      return {.even = true, .homogeneous = true};
    case Elementwise::kSquare:
      return {.even = true, .quadratic = true};
    case Elementwise::kTanh:
      return {.odd = true};
    case Elementwise::kSin:
      return {.odd = true, .half_turn = std::numbers::pi};
    case Elementwise::kSigmoid:
      return {.reflection = 1};
    case Elementwise::kSoftplus:
    case Elementwise::kGelu:
    case Elementwise::kSilu:
    case Elementwise::kElu:
    case Elementwise::kHuber:
    case Elementwise::kHinge:
      return {};
  }
  return {};
}

}  // namespace basin
