#pragma once

#include <mutex>
#include <optional>

#include "kernel/split_rows.h"
#include "model/blas_passes.h"
#include "model/network_objective.h"

namespace basin {

/// The loss of a network on a data set, by the fused kernels of `kernel/`: the same
/// numbers as NetworkObjective up to rounding, several times to many times faster on a
/// CPU; wide layers by BLAS. What these do not offer (outputs, kinks, probes) is left
/// to it. T is float or double.
template <typename T>
class FusedObjective final : public SampledObjective {
 public:
  FusedObjective(const Network& network, const LossOptions& loss, const Dataset& data);
  ~FusedObjective() override;

  int64_t dimension() const override { return reference_.dimension(); }
  int64_t samples() const override { return reference_.samples(); }
  torch::ScalarType dtype() const override { return reference_.dtype(); }
  /// Few where each takes long: what is finished is saved that often.
  int64_t preferred_rows() const override {
    return dimension() * samples() < 1'000'000 ? 64 : 16;
  }

  torch::Tensor value(const torch::Tensor& theta) const override;
  ValueAndGradient value_and_gradient(const torch::Tensor& theta) const override;
  torch::Tensor hessian_times(const torch::Tensor& theta,
                              const torch::Tensor& v) const override;
  ValueAndGradient value_and_gradient_on(const torch::Tensor& theta,
                                         const torch::Tensor& index) const override;
  torch::Tensor hessian(const torch::Tensor& theta) const override;
  torch::Tensor accuracy(const torch::Tensor& theta) const override;
  double gradient_noise(const torch::Tensor& theta) const override;
  std::unique_ptr<PackedObjective<float>> packed_float() const override;
  std::unique_ptr<PackedObjective<double>> packed_double() const override;
  std::unique_ptr<PlaneObjective> on_plane(const torch::Tensor& origin,
                                           const torch::Tensor& u,
                                           const torch::Tensor& v) const override;

  torch::Tensor gauss_newton(const torch::Tensor& theta) const override {
    return reference_.gauss_newton(theta);
  }
  torch::Tensor gauss_newton_times(const torch::Tensor& theta,
                                   const torch::Tensor& v) const override {
    return reference_.gauss_newton_times(theta, v);
  }
  torch::Tensor decay() const override { return reference_.decay(); }
  LineLoss on_line(const LineSegment& line, int64_t threads) const override {
    return reference_.on_line(line, threads);
  }
  torch::Tensor outputs(const torch::Tensor& theta) const override {
    return reference_.outputs(theta);
  }
  Smoothness smoothness() const override { return reference_.smoothness(); }
  double smooth_radius(const torch::Tensor& theta) const override {
    return reference_.smooth_radius(theta);
  }
  std::vector<KinkBlock> kink_blocks() const override {
    return reference_.kink_blocks();
  }
  torch::Tensor kink_arguments(const torch::Tensor& theta) const override {
    return reference_.kink_arguments(theta);
  }
  std::unique_ptr<FrozenObjective> frozen(const torch::Tensor& slopes) const override {
    return reference_.frozen(slopes);
  }
  std::vector<LayerProbe> layer_probes(const torch::Tensor& theta,
                                       const torch::Tensor& slopes) const override {
    return reference_.layer_probes(theta, slopes);
  }

 private:
  struct Desk;  // what one thread works on
  template <typename F>
  void with_desk(F&& f) const;
  template <typename F>
  void by_groups(const torch::Tensor& theta, F&& f) const;
  template <typename F>
  void by_rows(const torch::Tensor& theta, F&& f) const;

  template <typename F>
  void by_blas(const torch::Tensor& theta, F&& f) const;

  NetworkObjective reference_;
  bool has_classes_;
  std::optional<BlasPasses> wide_;  // then: all but planes and accuracies by these
  torch::Tensor inputs_, targets_;  // [d, N], [K, N]
  PerceptronProblem<T> problem_;
  bool split_ = false;          // many samples: rows one by one
  PerceptronProblem<T> dealt_;  // then: the samples dealt out to lanes
  mutable std::mutex guard_;
  mutable std::vector<std::unique_ptr<Desk>> free_;
};

}  // namespace basin
