#pragma once

#include <vector>

#include "core/objective.h"

namespace basin {

/// A point of a piecewise smooth L with the kinks it lies on.
///
/// Near θ, L(θ) = M(θ, s) + Σ_a u_a (φ(z_a) − s_a z_a) up to higher order, where M is L
/// with the slopes s of all sites frozen. With ∇M = 0, every u_a > 0 and every slope
/// strictly between those of the two sides, the sum is at least c·|z_a|: an exact
/// penalty for leaving the manifold z = 0, whether or not the rows ∇z_a are independent
/// (rows repeat where samples do). So θ is a strict local minimum if the Hessian of M
/// is positive definite along the manifold. The identity holds for any depth, with u by
/// back-propagation through the frozen slopes.
struct KinkPoint {
  torch::Tensor theta;          ///< `[P]`
  torch::Tensor slopes;         ///< s of every site, `[M]`: of its side, or in between
  std::vector<int64_t> active;  ///< sites with z = 0
};

/// What decides whether a KinkPoint is a minimum. Parameters that are not free take no
/// part.
struct KinkSystem {
  double value = 0;
  torch::Tensor gradient;     ///< ∇M over the free parameters, `[F]`
  torch::Tensor jacobian;     ///< ∂z_a/∂θ of the active sites, `[A, F]`
  torch::Tensor arguments;    ///< z_a, `[A]`
  torch::Tensor sensitivity;  ///< u_a, `[A]`
  torch::Tensor inverse;      ///< pseudo-inverse of jacobian, `[F, A]`
  torch::Tensor
      along;  ///< orthonormal basis of the null space of jacobian, `[F, F − r]`
  torch::Tensor across;   ///< of its row space, `[F, r]`, r its rank
  torch::Tensor hessian;  ///< of M along the manifold, `[F − r, F − r]`
};

/// The system at `point`. Slopes of active sites are first moved to those that make the
/// gradient across the manifold vanish (the shortest
/// change of multipliers).
KinkSystem kink_system(const Objective& objective,
                       const torch::Tensor& free,
                       KinkPoint& point);

/// Slopes of the sides that θ `[P]` lies on.
torch::Tensor side_slopes(const Objective& objective, const torch::Tensor& theta);

/// slopes as a share of the way from low to high, for each active site, `[A]`.
torch::Tensor slope_shares(const Objective& objective, const KinkPoint& point);

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
