#pragma once

#include <torch/types.h>

#include "core/objective.h"

namespace basin {

/// How far each entry of a Hessian may be off, `[P, P]`, not negative: four times what
/// changes when θ moves in its last places, and when it moves to where the critical
/// point may be, ± `shift`; and the rounding of the entry itself.
torch::Tensor hessian_error(const Objective& objective,
                            const torch::Tensor& theta,
                            const torch::Tensor& hessian,
                            const torch::Tensor& shift);

/// The signs of a symmetric matrix A, each with what decides it.
///
/// A is scaled to D A D with d_i = 1/√|a_ii|, which changes no sign (Sylvester) and
/// makes the answer independent of the units of the parameters; then the directions
/// `known` to be null are taken out. An eigenvalue μ_i of the rest with unit vector v_i
/// is zero if
///
///   |μ_i| <= |v_i|ᵀ (D E D) |v_i| + 4 P ε ‖D A D‖
///
/// the first-order bound for an error |δA| <= E, entry by entry.
struct Inertia {
  torch::Tensor values;   ///< μ, ascending, `[n]`
  torch::Tensor bounds;   ///< what each is uncertain by, `[n]`
  torch::Tensor vectors;  ///< x_i = D v_i as rows, x_iᵀ A x_j = μ_i δ_ij: `[n, P]`
  int64_t negative = 0, zero = 0, positive = 0;

  torch::Tensor is_zero() const { return values.abs() <= bounds; }
};

/// A and E are `[P, P]`; `known` `[k, P]`, rows with A row = 0, not necessarily
/// orthonormal.
Inertia inertia_of(const torch::Tensor& a,
                   const torch::Tensor& error,
                   const torch::Tensor& known);

/// The least solution of A x = b in the directions that are not zero, `[P]`.
torch::Tensor solve(const Inertia& inertia, const torch::Tensor& b);

/// The eigenvalues of a positive definite A, small ones with full relative accuracy:
/// those of D A D decide it, then A⁻¹ = D (D A D)⁻¹ D is diagonalised. `inertia` as
/// from inertia_of with nothing known, all positive.
torch::Tensor positive_eigenvalues(const torch::Tensor& a, const Inertia& inertia);

}  // namespace basin
