#pragma once

#include <string>

#include "minima/kink_system.h"

namespace basin {

struct ActiveSetOptions {
  int64_t max_iterations = 400;

  /// Done when the gradient along the manifold is at most this, and |z_a| is at most
  /// 1e-13 of its layer's largest.
  double gradient_tolerance = 1e-12;
  double zero_tolerance = 1e-8;

  /// A site is dropped when its slope, as a share of the way from low to high, leaves
  /// [margin, 1 − margin].
  double margin = 1e-7;
};

struct ActiveSetResult {
  KinkPoint point;
  double value = 0;
  double gradient_norm = 0;  ///< along the manifold, ‖·‖∞
  int64_t iterations = 0;
  bool converged = false;
  std::string problem;  ///< why not
};

/// Minimises a piecewise smooth L from θ `[P]`, moving only the parameters `free` `[F]`
/// (indices): Newton's steps along the manifold where the active sites are zero, exact
/// in a trust region; a line search that stops at kinks and adds them; sites whose
/// slope leaves its interval, or whose u is negative, are dropped and the search goes
/// on at the side they name. Yun, Sra, Jadbabaie 2019; Fletcher, Practical Methods of
/// Optimization (1987), ch. 14.
ActiveSetResult minimize_active_set(const Objective& objective,
                                    const torch::Tensor& theta,
                                    const torch::Tensor& free,
                                    const ActiveSetOptions& options);

}  // namespace basin
