#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

#include "core/layout.h"
#include "model/options.h"

namespace basin {

/// An architecture: what a flat θ means. A plain value.
struct Network {
  ModelOptions options;
  ParameterLayout layout;

  /// True if hidden layer l (from 1) adds its input: equal widths and `skip`.
  bool skips(int64_t layer) const;
};

/// What a loss leaves free of the parameters.
struct LossFreedom {
  bool logit_shift = false;  ///< as in the layout
  bool free_biases = false;  ///< no decay acts on biases
};
LossFreedom freedom_of(const LossOptions& loss);

/// The network from `inputs` to `outputs` numbers, with the symmetries that its
/// activation and its loss allow.
Network make_network(const ModelOptions& options,
                     int64_t inputs,
                     int64_t outputs,
                     const LossFreedom& freedom = {});

/// What the units of a layer make of their pre-activations z `[B, h, N]`. The last
/// layer has the output activation.
using Activation = std::function<torch::Tensor(
    int64_t layer, Elementwise phi, const torch::Tensor& z)>;

/// f(x; θ_b) for each row b of θ `[B, P]`. `inputs` is Xᵀ, `[d, N]` or, with samples
/// of its own for each row, `[B, d, N]`. The answer is `[B, K, N]`. `activation` stands
/// for φ where it is given.
torch::Tensor forward(const Network& network,
                      const torch::Tensor& theta,
                      const torch::Tensor& inputs,
                      const Activation& activation = nullptr);

}  // namespace basin
