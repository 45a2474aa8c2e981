#pragma once

#include <torch/types.h>

#include <vector>

#include "core/layout.h"

namespace basin {

/// Views of one flat θ `[P]` by layer; writing through them writes θ.
struct LayerViews {
  std::vector<torch::Tensor> weight;  ///< `[rows, columns]`
  std::vector<torch::Tensor> bias;    ///< `[rows]`; undefined if the layer has none
};
LayerViews layer_views(const ParameterLayout& layout, const torch::Tensor& theta);

/// Tangents at θ `[P]` of the continuous symmetries of L, `[k, P]`, k may be 0: scaling
/// of homogeneous units, mixing and bias shifts of units without activation, the shift
/// of all logits. `decayed`: weight decay acts on every parameter, so that only
/// rotations are left.
torch::Tensor symmetry_generators(const ParameterLayout& layout,
                                  const torch::Tensor& theta,
                                  bool decayed);

/// The number of independent generators at θ: zero modes that symmetry explains.
int64_t explained_nullity(const torch::Tensor& generators);

/// A representative of θ's orbit under the continuous symmetries, to compare with.
struct Canonical {
  ParameterLayout layout;
  torch::Tensor theta;
};

/// Homogeneous units get incoming weights of unit norm, units that feed nothing or are
/// fed nothing are set to zero, logits get zero mean over the outputs, and a network
/// without any activation becomes the one affine map that it is.
Canonical canonical_form(const ParameterLayout& layout, const torch::Tensor& theta);

}  // namespace basin
