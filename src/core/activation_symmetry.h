#pragma once

#include "core/functions.h"

namespace basin {

/// Every identity of an activation φ that makes a symmetry of a network: one that holds
/// for all z and that the weights round a unit can undo. The table of docs/symmetry.md.
struct ActivationSymmetry {
  bool linear = false;       ///< φ(z) = z
  bool odd = false;          ///< φ(−z) = −φ(z)
  bool even = false;         ///< φ(−z) = φ(z)
  bool homogeneous = false;  ///< φ(c z) = c φ(z) for c > 0
  bool quadratic = false;    ///< φ(c z) = c² φ(z)
  double reflection = 0;     ///< φ(−z) = reflection − φ(z); 0: no
  double half_turn = 0;      ///< φ(z + half_turn) = −φ(z); 0: no
};
ActivationSymmetry symmetry_of(Elementwise activation);

}  // namespace basin
