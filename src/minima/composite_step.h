#pragma once

#include <memory>
#include <vector>

#include "minima/kink_system.h"

namespace basin {

/// A piecewise smooth L near one θ: the loss M with all slopes frozen, its derivatives
/// over the parameters that are free, and the kinks,
///
///   L(θ + d) ≈ L(θ) + gᵀd + ½ dᵀH d + Σ_k u_k (φ(z_k + J_k d) − φ(z_k) − s_k J_k d)
///
struct CompositeModel {
  KinkPoint point;  ///< `active`: the sites held, low < s < high
  std::shared_ptr<const FrozenObjective> frozen;
  torch::Tensor gradient;  ///< g, `[F]`
  torch::Tensor hessian;   ///< H, `[F, F]`; see fill_hessian
  torch::Tensor force;     ///< u of every site, `[M]`; of like ones, at the first
  torch::Tensor argument;  ///< z of every site with the true φ, `[M]`

  torch::Tensor held;       ///< sites of `active`, `[A]`
  torch::Tensor held_rows;  ///< J of those, `[A, F]`
};

CompositeModel composite_model(const Objective& objective,
                               const torch::Tensor& free,
                               const SameSites& same,
                               const KinkPoint& point);

/// H, and the rows of the held sites: what a step needs beyond a test for convergence.
void fill_hessian(const torch::Tensor& free, CompositeModel& model);

/// What makes B = H + τ I + ρ J_Aᵀ J_A positive definite.
struct ModelShift {
  double damping = 0;    ///< τ
  double stiffness = 1;  ///< ρ, over the mean square of the held rows
};

inline constexpr double kStiffer = 1e2;  ///< ρ rises by this, before τ does

struct CompositeStep {
  torch::Tensor step;          ///< d, `[F]`
  bool raised = false;         ///< the damping was too small
  double predicted = 0;        ///< by how much the model falls
  std::vector<int64_t> sites;  ///< held after the step
  torch::Tensor shares;        ///< their slopes' shares of the way from low to high
  torch::Tensor rows;          ///< their J, `[A', F]`
  std::vector<int64_t> tried;  ///< all sites of the problem
  torch::Tensor tried_shares;
};

/// The minimiser of the model with ½ τ‖d‖² added. Kinks that d reaches are part of it:
/// their slopes solve a box problem, those strictly between 0 and 1 are held. ρ is
/// raised until B is positive definite, as far as it goes, then τ. Womersley and
/// Fletcher, IMA J. Numer. Anal. 6 (1986).
CompositeStep composite_step(const SiteTable& table,
                             const torch::Tensor& free,
                             const CompositeModel& model,
                             ModelShift& shift);

/// Newton's step for the equations g = 0, z = 0 in θ and the slopes of the held sites;
/// the shortest change of slopes where rows depend on each other. No step (undefined)
/// if a slope would leave its interval.
CompositeStep kink_newton_step(const SiteTable& table,
                               const CompositeModel& model,
                               double stiffness = 1);

/// The shortest step `[F]` that undoes z `[A]` to first order, given rows `[A, F]`.
torch::Tensor shortest_correction(const torch::Tensor& rows, const torch::Tensor& z);

}  // namespace basin
