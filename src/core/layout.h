#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace basin {

/// One affine layer inside a flat θ: W `[rows, columns]` row-major from `weight`,
/// then, if `bias >= 0`, b `[rows]` from `bias`. Row r of W with b_r is a unit.
struct LayerSlice {
  std::string name;
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t weight = 0;
  int64_t bias = -1;

  int64_t size() const { return rows * columns + (bias >= 0 ? rows : 0); }
};

/// Hidden units that the architecture lets us exchange. Skip connections tie the
/// units of several layers together: one permutation then acts on all of them.
/// An element of the group takes unit i of every layer l in `layers` to unit π(i),
/// multiplies row i of W_l and b_l by c_i and column i of each reader by 1/c_i.
/// What an activation admits follows from symmetry_of (core/activation_symmetry.h).
struct UnitGroup {
  std::vector<int64_t> layers;  ///< indices into ParameterLayout::layers
  std::vector<int64_t>
      readers;  ///< layers that read these units; none: they are added up
  int64_t units = 0;
  bool sign_flip = false;         ///< c = -1 allowed: odd activation
  bool even_flip = false;         ///< row times -1, column unchanged: even activation
  bool positive_scaling = false;  ///< c > 0 allowed: positive-homogeneous activation
  bool general_linear = false;    ///< any invertible mixing of units: no activation
  bool quadratic = false;         ///< φ(c z) = c² φ(z): columns times 1/c²

  /// φ(−z) = reflection − φ(z), and the readers' biases, free of decay, take the
  /// constant: row and column times −1. 0: no such symmetry.
  double reflection = 0;

  /// φ(z + half_turn) = −φ(z), and the units' own biases are free of decay: the bias
  /// moves, the column turns its sign. 0: no such symmetry.
  double half_turn = 0;

  /// A unit's rows may change their sign.
  bool flips() const { return sign_flip || even_flip || reflection != 0; }
};

/// x ↦ x', x'_i = sign_i · x_{from_i}.
struct SignedPermutation {
  std::vector<int64_t> from;
  std::vector<double> sign;
};

/// With each sample (x, y) the data also holds (x', y'): x' and y' moved by these.
struct DataSymmetry {
  SignedPermutation inputs;
  SignedPermutation outputs;
};

/// Which slice of θ is which weight, and which symmetries act on it.
struct ParameterLayout {
  std::vector<LayerSlice> layers;
  std::vector<UnitGroup> groups;
  bool logit_shift = false;  ///< the loss ignores a shift of all outputs (softmax)
  int64_t dimension = 0;     ///< P

  int64_t inputs() const { return layers.front().columns; }
  int64_t outputs() const { return layers.back().rows; }
};

}  // namespace basin
