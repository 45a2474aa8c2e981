#pragma once

#include "model/network.h"

namespace basin {

/// How far θ `[1, P]` is, to first order, from where a second derivative of the loss
/// jumps though the first does not: z = 0 of an elu unit, |f − y| = δ of the huber
/// loss. Of the nearest sites; infinite if there are none. A site on which the loss
/// does not depend (∂L/∂z = 0) makes no jump. `inputs` is Xᵀ `[d, N]`, `targets` Yᵀ
/// `[K, N]`.
double distance_to_bend(const Network& network,
                        const LossOptions& loss,
                        const torch::Tensor& theta,
                        const torch::Tensor& inputs,
                        const torch::Tensor& targets);

}  // namespace basin
