#pragma once

#include "core/objective.h"
#include "data/dataset.h"
#include "model/network.h"

namespace basin {

/// Where and in which numbers a network is evaluated.
struct Placement {
  torch::ScalarType dtype = torch::kFloat64;
  torch::Device device = torch::kCPU;
};

/// Whether this LibTorch sees a CUDA device.
bool cuda_is_available();

/// By how much an entry of the gradient at θ `[P]` changes when the samples are summed
/// in the opposite order.
double noise_of_order(const SampledObjective& objective, const torch::Tensor& theta);

/// The loss of a network on a data set, by LibTorch autograd: the reference for every
/// faster path. Values, gradients (one backward) and Hessian products (a backward
/// through the backward), all batched over rows of θ and cut into batches that stay
/// in cache.
class NetworkObjective final : public SampledObjective {
 public:
  NetworkObjective(Network network,
                   const LossOptions& loss,
                   const Dataset& data,
                   const Placement& placement = {});

  int64_t dimension() const override { return network_.layout.dimension; }
  int64_t samples() const override { return inputs_.size(1); }
  torch::ScalarType dtype() const override { return placement_.dtype; }
  int64_t preferred_rows() const override;

  torch::Tensor value(const torch::Tensor& theta) const override;
  ValueAndGradient value_and_gradient(const torch::Tensor& theta) const override;
  torch::Tensor hessian_times(const torch::Tensor& theta,
                              const torch::Tensor& v) const override;
  torch::Tensor hessian(const torch::Tensor& theta) const override;
  ValueAndGradient value_and_gradient_on(const torch::Tensor& theta,
                                         const torch::Tensor& index) const override;
  torch::Tensor outputs(const torch::Tensor& theta) const override;
  torch::Tensor accuracy(const torch::Tensor& theta) const override;
  double gradient_noise(const torch::Tensor& theta) const override;
  Smoothness smoothness() const override;
  double smooth_radius(const torch::Tensor& theta) const override;
  std::vector<KinkBlock> kink_blocks() const override;
  torch::Tensor kink_arguments(const torch::Tensor& theta) const override;
  std::unique_ptr<FrozenObjective> frozen(const torch::Tensor& slopes) const override;
  std::vector<LayerProbe> layer_probes(const torch::Tensor& theta,
                                       const torch::Tensor& slopes) const override;

  torch::Tensor gauss_newton(const torch::Tensor& theta) const override;
  torch::Tensor gauss_newton_times(const torch::Tensor& theta,
                                   const torch::Tensor& v) const override;
  torch::Tensor decay() const override { return decay_.cpu().to(torch::kFloat64); }
  LineLoss on_line(const LineSegment& line, int64_t threads) const override;

  const Network& network() const { return network_; }

 private:
  torch::Tensor loss(const torch::Tensor& theta,
                     const torch::Tensor& inputs,
                     const torch::Tensor& targets) const;
  torch::Tensor curvature_at(const torch::Tensor& theta, bool only_gauss_newton) const;
  torch::Tensor placed(const torch::Tensor& theta) const;

  Network network_;
  LossOptions loss_;
  Placement placement_;
  bool has_classes_;
  torch::Tensor inputs_;   // Xᵀ, [d, N]
  torch::Tensor targets_;  // Yᵀ, [K, N]
  torch::Tensor decay_;    // weight decay of each parameter, [P]
};

}  // namespace basin
