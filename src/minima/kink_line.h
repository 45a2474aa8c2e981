#pragma once

#include <optional>
#include <utility>

#include "minima/kink_system.h"

namespace basin {

/// One line: where L is least among the points tried.
struct LineStep {
  torch::Tensor theta;
  double value = 0;
  int64_t site = -1;      // the kink it stops at
  double side_after = 0;  // slope of that site beyond the kink
};

/// The line (or curve, see path) from a point along d, with the kinks on it.
class KinkLine {
 public:
  /// `restore` `[F, A]` is the pseudo-inverse of ∂z/∂θ of the active sites over the
  /// parameters `free`; undefined where the manifold is flat.
  KinkLine(const Objective& objective,
           const KinkPoint& point,
           const torch::Tensor& free,
           const torch::Tensor& restore,
           torch::Tensor direction);

  /// Points at shares t of d, moved back to the manifold of the active sites, which is
  /// curved where a kink lies above another layer: without this, first-order penalties
  /// hide second-order descent (Maratos).
  torch::Tensor path(const torch::Tensor& t) const;

  /// Shares at which inactive sites cross zero between shares `from` and `to`,
  /// ascending.
  std::vector<std::pair<double, int64_t>> crossings(double from, double to) const;

  /// The best of t = 1, 1/2, 1/4, ... and of the kinks around it, if below `value`.
  std::optional<LineStep> best(double value) const;

 private:
  torch::Tensor losses(const torch::Tensor& points) const;

  const Objective& objective_;
  const KinkPoint& point_;
  const torch::Tensor& free_;
  const torch::Tensor& restore_;
  torch::Tensor direction_;
};

}  // namespace basin
