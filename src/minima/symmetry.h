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

/// A representative of θ's orbit under the continuous symmetries, to compare with. Its
/// layout differs from the network's where a linear network was collapsed into one
/// layer, and where reflected units are measured from the middle of their range.
struct Canonical {
  ParameterLayout layout;
  torch::Tensor theta;
};

/// Reflected units are measured from the middle of their range, which makes them odd;
/// biases of units with half turns are brought near zero. Homogeneous and quadratic
/// units get incoming weights of unit norm; units with the same row are
/// merged, constant ones folded into the next bias; units that feed nothing or are fed
/// nothing are set to zero; logits get zero mean over the outputs, and a network
/// without any activation becomes the one affine map that it is.
Canonical canonical_form(const ParameterLayout& layout, const torch::Tensor& theta);

/// The parameters `[P]` of the network itself that a canonical θ stands for. `theta` in
/// the layout of a canonical form that was not collapsed.
torch::Tensor in_network(const ParameterLayout& layout, const torch::Tensor& theta);

}  // namespace basin
