#pragma once

#include <memory>
#include <vector>

#include "core/objective.h"
#include "model/network.h"

namespace basin {

/// The kinks of a network and of its loss, layer by layer, then the loss.
std::vector<KinkBlock> kink_blocks(const Network& network,
                                   const LossOptions& loss,
                                   int64_t samples);

/// z of every site, `[B, M]`, `slopes` `[M]` in place of φ; the true φ if undefined.
/// `inputs` is Xᵀ `[d, N]`, `targets` Yᵀ `[K, N]`.
torch::Tensor kink_arguments(const Network& network,
                             const LossOptions& loss,
                             const torch::Tensor& theta,
                             const torch::Tensor& inputs,
                             const torch::Tensor& targets,
                             const torch::Tensor& slopes);

/// The true φ.
torch::Tensor elementwise_activation(int64_t layer,
                                     Elementwise phi,
                                     const torch::Tensor& z);

/// slopes · z where φ has a kink, else φ(z).
Activation frozen_activation(const Network& network,
                             const torch::Tensor& slopes,
                             int64_t samples);

/// The mean loss, with the slopes of its own kinks if `slopes` is defined: `[B]`.
torch::Tensor frozen_mean_loss(const Network& network,
                               const LossOptions& loss,
                               const torch::Tensor& outputs,
                               const torch::Tensor& targets,
                               const torch::Tensor& slopes);

/// The loss of a network whose activations are held on chosen sides of their kinks.
class FrozenNetwork final : public FrozenObjective {
 public:
  FrozenNetwork(const Network& network,
                const LossOptions& loss,
                torch::Tensor inputs,
                torch::Tensor targets,
                torch::Tensor decay,
                torch::Tensor slopes,
                int64_t preferred_rows);

  int64_t dimension() const override { return network_.layout.dimension; }
  int64_t preferred_rows() const override { return preferred_rows_; }
  Smoothness smoothness() const override { return Smoothness::kSmooth; }
  torch::Tensor value(const torch::Tensor& theta) const override;
  ValueAndGradient value_and_gradient(const torch::Tensor& theta) const override;
  torch::Tensor hessian_times(const torch::Tensor& theta,
                              const torch::Tensor& v) const override;
  torch::Tensor hessian(const torch::Tensor& theta) const override;
  torch::Tensor arguments(const torch::Tensor& theta) const override;
  torch::Tensor argument_gradients(const torch::Tensor& theta,
                                   const torch::Tensor& sites) const override;
  torch::Tensor sensitivities(const torch::Tensor& theta) const override;

 private:
  torch::Tensor loss(const torch::Tensor& theta) const;

  const Network& network_;
  const LossOptions& loss_;
  torch::Tensor inputs_;   // Xᵀ, [d, N]
  torch::Tensor targets_;  // Yᵀ, [K, N]
  torch::Tensor decay_;    // [P]
  torch::Tensor slopes_;   // [M]
  int64_t preferred_rows_;
};

}  // namespace basin
