#pragma once

#include "core/objective.h"
#include "kernel/group.h"

namespace basin {

/// The loss of `problem` on a plane. The first layer's pre-activations are affine in
/// the coordinates: three products make them for all points, after which a point costs
/// two additions where a matrix product stood.
template <typename T>
class FusedPlane final : public PlaneObjective {
 public:
  /// origin, u and v are `[P]`, float64. The problem must outlive this.
  FusedPlane(const PerceptronProblem<T>& problem,
             bool has_classes,
             const torch::Tensor& origin,
             const torch::Tensor& u,
             const torch::Tensor& v);

  PlaneValues at(const torch::Tensor& x, const torch::Tensor& y) const override;

 private:
  void pack_rest(const T* x, const T* y, int64_t lanes, T* theta) const;

  const PerceptronProblem<T>& problem_;
  bool has_classes_;
  PlaneLayer<T> first_;
  std::vector<T> origin_, u_, v_;
  double decay_[6] = {};  // ½ Σ decay θ² = d0 + d1 x + d2 y + d3 x² + d4 xy + d5 y²
};

}  // namespace basin
