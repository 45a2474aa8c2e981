#pragma once

#include "core/objective.h"
#include "model/network.h"

namespace basin {

/// The layout of W `[units, inputs]`, the rows interchangeable and added up: the
/// student f(x) = Σ_i relu(w_i·x).
Network make_population_network(const ModelOptions& options, int64_t inputs);

/// Student and teacher, in closed form:
///
///   L(W) = E over x ~ N(0, I) of ½ (Σ_i relu(w_i·x) − Σ_j relu(e_j·x))²
///   E[relu(w·x) relu(v·x)] = ‖w‖‖v‖ (sin φ + (π − φ) cos φ) / (2π)
///
/// with φ the angle between w and v and the teacher's d units the unit vectors e_j.
/// Twice differentiable where no w_i is zero. Cho and Saul 2009; Safran and Shamir 2018
/// (arXiv 1712.08968), whose Hessian this is.
class GaussianPopulation final : public SampledObjective {
 public:
  /// `probes` `[N, d]` are the inputs on which outputs() answers.
  GaussianPopulation(Network network, torch::Tensor probes);

  int64_t dimension() const override { return network_.layout.dimension; }
  int64_t samples() const override { return probes_.size(0); }

  Smoothness smoothness() const override { return Smoothness::kSmooth; }

  /// All rows of a dense Hessian at once: they share the work.
  int64_t preferred_rows() const override { return 256; }

  torch::Tensor value(const torch::Tensor& theta) const override;
  ValueAndGradient value_and_gradient(const torch::Tensor& theta) const override;
  torch::Tensor hessian_times(const torch::Tensor& theta,
                              const torch::Tensor& v) const override;

  /// The least ‖w_i‖.
  double smooth_radius(const torch::Tensor& theta) const override;

  /// An expectation has no mini-batches: throws ContractError.
  ValueAndGradient value_and_gradient_on(const torch::Tensor& theta,
                                         const torch::Tensor& index) const override;
  torch::Tensor outputs(const torch::Tensor& theta) const override;
  torch::Tensor accuracy(const torch::Tensor& theta) const override;

 private:
  Network network_;
  torch::Tensor probes_;
  int64_t units_, inputs_;
};

}  // namespace basin
