#pragma once

#include <torch/types.h>

namespace basin {

/// A = V diag(values) Vᵀ, values ascending, eigenvectors the columns of V.
struct SymmetricEigen {
  torch::Tensor values;   ///< `[n]`
  torch::Tensor vectors;  ///< `[n, n]`
};

/// For a symmetric, finite A `[n, n]`, float64; n may be 0. Throws NumericError if an
/// entry is not finite. LAPACK's divide and conquer gives up on a
/// few matrices with entries of very different size; Jacobi's method, which never does,
/// takes over there (Golub and Van Loan, Matrix Computations, 8.5).
SymmetricEigen symmetric_eigen(const torch::Tensor& a);

/// ‖A⁺ x‖, x `[n]`, where eigenvalues of at most `zero` of the largest are none.
double solution_length(const SymmetricEigen& a, const torch::Tensor& x, double zero);

/// The values alone, at a third of the cost.
torch::Tensor symmetric_eigenvalues(const torch::Tensor& a);

/// Jacobi's method.
SymmetricEigen jacobi_eigen(const torch::Tensor& a);

}  // namespace basin
