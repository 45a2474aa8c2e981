#pragma once

#include "connectivity/options.h"
#include "core/objective.h"

namespace basin {

struct CurveOptions {
  CurveKind kind = CurveKind::kBezier;
  int64_t bends = 3;  ///< control points between the ends
  int64_t iterations = 200;
  int64_t nodes = 33;  ///< of the quadrature in t
};

/// A curve between two points, given by its control points.
struct Curve {
  CurveKind kind = CurveKind::kBezier;
  torch::Tensor control;  ///< `[bends + 2, P]`, ends included
  double mean = 0;        ///< ∫ L(γ(t)) dt by the quadrature
  double top = 0;         ///< max L on `searched` equal steps in t, the best refined
  double at = 0;          ///< t of it
  int64_t searched = 0;
  int64_t iterations = 0;
  bool converged = false;  ///< ‖∂mean/∂control‖∞ <= 1e-6
};

/// γ(t) for t `[n]`: `[n, P]`.
torch::Tensor points_of(const Curve& curve, const torch::Tensor& t);

/// The curve of least mean loss near the straight line a → b: L-BFGS on the inner
/// control points, with fixed Gauss-Legendre nodes in t. Garipov, Izmailov,
/// Podoprikhin, Vetrov, Wilson 2018, with a fixed quadrature in place of one random t a
/// step.
Curve optimise_curve(const Objective& objective,
                     const torch::Tensor& a,
                     const torch::Tensor& b,
                     const CurveOptions& options);

}  // namespace basin
