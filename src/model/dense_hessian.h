#pragma once

#include <array>

#include "model/loss_jet.h"
#include "model/network.h"

namespace basin {

/// One layer at one θ on N samples.
struct LayerJet {
  torch::Tensor input;  ///< what it reads, `[columns, N]`
  torch::Tensor slope;  ///< φ'(z), `[rows, N]`
  torch::Tensor bend;   ///< φ''(z), `[rows, N]`
};

/// What an activation gives for z `[rows, N]` of a layer: φ, φ', φ''.
using ActivationJet =
    std::function<std::array<torch::Tensor, 3>(int64_t layer, const torch::Tensor& z)>;

/// H(θ), `[P, P]`, at one θ `[P]`, in closed form: with K_lm = ∂²L/∂z_l∂z_m, δ = ∂L/∂z
/// and A = ∂a/∂z on every sample, the block of W_l and W_m, m ≤ l, is
///
///   Σ_n K_lm ⊗ a_{l-1} a_{m-1}ᵀ + δ_l ⊗ A_{l-1,m} ⊗ a_{m-1},
///
/// two matrix products over the samples. Exactly symmetric. It takes the time of a few
/// gradients for each unit, where P Hessian products take that of P.
/// Bishop, Neural Computation 4 (1992), sections 2 and 3.
torch::Tensor closed_hessian(const Network& network,
                             const torch::Tensor& theta,
                             const torch::Tensor& inputs,
                             const ActivationJet& activation,
                             const std::function<LossJet(const torch::Tensor&)>& loss,
                             const torch::Tensor& decay);

}  // namespace basin
