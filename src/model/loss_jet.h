#pragma once

#include <torch/types.h>

#include "model/options.h"

namespace basin {

/// The loss as a function of the outputs f, weights of the samples included.
struct LossJet {
  torch::Tensor first;   ///< ∂L/∂f, `[K, N]`
  torch::Tensor second;  ///< ∂²L/∂f² if it has no mixed terms, `[K, N]`
  torch::Tensor share;   ///< softmax: p, `[K, N]`, instead of `second`
  double weight = 1;     ///< of one sample
};

/// Derivatives of the mean loss at f `[K, N]`.
LossJet loss_jet(const LossOptions& loss,
                 const torch::Tensor& outputs,
                 const torch::Tensor& targets);

}  // namespace basin
