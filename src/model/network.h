#pragma once

#include <torch/types.h>

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

/// The network from `inputs` to `outputs` numbers. `logit_shift` as in the layout.
Network make_network(const ModelOptions& options,
                     int64_t inputs,
                     int64_t outputs,
                     bool logit_shift);

/// f(x; θ_b) for each row b of θ `[B, P]`. `inputs` is Xᵀ, `[d, N]` or, with samples
/// of its own for each row, `[B, d, N]`. The answer is `[B, K, N]`. If `pre` is not
/// null, the pre-activations `[B, h, N]` of every layer with a kink are appended.
torch::Tensor forward(const Network& network,
                      const torch::Tensor& theta,
                      const torch::Tensor& inputs,
                      std::vector<torch::Tensor>* pre = nullptr);

}  // namespace basin
