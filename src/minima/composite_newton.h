#pragma once

#include <functional>
#include <string>

#include "minima/kink_system.h"

namespace basin {

struct CompositeOptions {
  int64_t max_iterations = 400;

  /// Done when the gradient, the slopes of the kinks being what makes it small, is at
  /// most this or what rounding leaves uncertain of it, and |z| of the held kinks is at
  /// most kOnKink of its layer's largest.
  double gradient_tolerance = 1e-12;

  /// Which sites are the same function near a point, from z of all of them; empty: each
  /// is alone.
  std::function<SameSites(const torch::Tensor& z)> same_sites;

  /// Asked of θ now and then: true ends the search, as something else is to be done
  /// first. Empty: never.
  std::function<bool(const torch::Tensor& theta)> interrupt;
};

struct CompositeResult {
  KinkPoint point;
  double value = 0;
  double gradient_norm = 0;  ///< ‖·‖∞
  int64_t iterations = 0;
  bool converged = false;
  std::string problem;  ///< why not
};

/// Minimises a piecewise smooth L from `start`, moving only the parameters `free` `[F]`
/// (indices). Of `start`, only θ `[P]` must be given; with the slopes of its active
/// sites a search goes on where another ended. Each step minimises a model that keeps
/// the kinks (see composite_step) and is tried with a correction back onto those that
/// it holds; near the end, Newton's steps for θ and the slopes together. Womersley and
/// Fletcher, IMA J. Numer. Anal. 6 (1986).
CompositeResult minimize_composite(const Objective& objective,
                                   const KinkPoint& start,
                                   const torch::Tensor& free,
                                   const CompositeOptions& options);

}  // namespace basin
