#pragma once

#include "core/objective.h"
#include "model/network.h"
#include "model/options.h"

namespace basin {

/// Passes of a network through its layers as matrix products over the samples, one θ
/// at a time, the derivatives in closed form. BLAS multiplies wide layers faster than
/// the fused kernels do, and needs no graph of autograd. Inputs `[d, N]`, targets
/// `[K, N]`, decay and θ, both `[P]`, have one dtype. For one thread.
class BlasPasses {
 public:
  BlasPasses(const Network& network,
             const LossOptions& loss,
             const torch::Tensor& decay);

  torch::Tensor value(const torch::Tensor& theta,
                      const torch::Tensor& inputs,
                      const torch::Tensor& targets) const;

  /// L, a scalar, and ∂L/∂θ, written to `gradient` `[P]`.
  torch::Tensor value_and_gradient(const torch::Tensor& theta,
                                   const torch::Tensor& inputs,
                                   const torch::Tensor& targets,
                                   torch::Tensor gradient) const;

  /// H(θ) v, written to `product` `[P]`: forward over reverse (Pearlmutter 1994).
  void hessian_times(const torch::Tensor& theta,
                     const torch::Tensor& v,
                     const torch::Tensor& inputs,
                     const torch::Tensor& targets,
                     torch::Tensor product) const;

  /// Whether some layer is so wide that this is the faster way, on so many samples.
  static bool pays(const ParameterLayout& layout, int64_t samples);

 private:
  struct Trace;
  Trace forward(const torch::Tensor& theta, const torch::Tensor& inputs) const;
  torch::Tensor with_decay(const torch::Tensor& loss, const torch::Tensor& theta) const;

  Network network_;
  LossOptions loss_;
  torch::Tensor decay_;
};

}  // namespace basin
