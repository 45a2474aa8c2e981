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
  torch::Tensor dependence;  ///< combinations of unit rows that are 0, `[A, A − r]`
  torch::Tensor hessian;     ///< of M along the manifold, `[F − r, F − r]`
};

/// Which sites are the same function near a point: the first like it, for each `[M]`.
/// Undefined: each is alone. Sites that are the same have one slope, and their forces
/// add up.
using SameSites = torch::Tensor;

/// The values `[M]` with those of like sites at the first of them, 0 at the others.
torch::Tensor added_up(const torch::Tensor& values, const SameSites& same);

/// Every site's value that of the first like it.
torch::Tensor spread_out(const torch::Tensor& values, const SameSites& same);

/// The first of like sites, each once, ascending.
std::vector<int64_t> first_of_each(const std::vector<int64_t>& sites,
                                   const SameSites& same);

/// The sites of `all` that are like one of `firsts`, ascending; `same` is defined.
std::vector<int64_t> like_any(const std::vector<int64_t>& all,
                              const SameSites& same,
                              const std::vector<int64_t>& firsts);

/// The system at `point`, whose active sites are each the first of those like it.
/// Slopes of active sites are first moved to those that make the gradient across the
/// manifold vanish (the shortest change of multipliers; where rows depend on each
/// other, away from their ends).
KinkSystem kink_system(const Objective& objective,
                       const torch::Tensor& free,
                       const SameSites& same,
                       KinkPoint& point);

/// The same with the slopes as they are.
KinkSystem kink_system_at(const Objective& objective,
                          const torch::Tensor& free,
                          const SameSites& same,
                          const KinkPoint& point);

/// Slopes of the sides that θ `[P]` lies on.
torch::Tensor side_slopes(const Objective& objective, const torch::Tensor& theta);

/// slopes as a share of the way from low to high, for each active site, `[A]`.
torch::Tensor slope_shares(const Objective& objective, const KinkPoint& point);

/// Slopes of every site below and above its kink, `[M]`.
struct SiteTable {
  torch::Tensor low, high;
};
SiteTable site_table(const Objective& objective);

/// Slopes of some sites, `[A]`, as shares of the way from low to high, and back.
torch::Tensor shares_of(const SiteTable& table,
                        const torch::Tensor& sites,
                        const torch::Tensor& slopes);
torch::Tensor slopes_of(const SiteTable& table,
                        const torch::Tensor& sites,
                        const torch::Tensor& shares);

/// high − low of some sites, `[A]`.
torch::Tensor widths_of(const SiteTable& table, const torch::Tensor& sites);

/// z of every site at θ `[P]`: `[M]`.
torch::Tensor arguments_at(const Objective& objective, const torch::Tensor& theta);

/// Largest |z| of each site's block, `[M]`.
torch::Tensor site_scale(const Objective& objective, const torch::Tensor& z);

/// An index tensor, int64, and back.
torch::Tensor index_of(const std::vector<int64_t>& sites);
std::vector<int64_t> sites_of(const torch::Tensor& index);

/// |z| of a site on its kink, relative to its block, once Newton has converged.
inline constexpr double kOnKink = 1e-13;

}  // namespace basin
