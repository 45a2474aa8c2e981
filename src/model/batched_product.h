#pragma once

#include <torch/types.h>

namespace basin {

/// Z_b = W_b X_b + β_b 1ᵀ for each b, `[B, m, n]`, which autograd may differentiate any
/// number of times.
///
/// W is `[B, m, k]`, X `[B, k, n]` (a stride of 0 over b is fine), β `[B, m]` or
/// undefined. On the CPU each product is one call of the BLAS, or a plain loop where
/// it is tiny: LibTorch's bmm spends more on each matrix of a batch of small ones
/// (measured: 16 × 16 × 64 in float32, 1.0 µs against 0.4 µs).
/// The sum for Z_b is the same whatever B is.
torch::Tensor batched_affine(const torch::Tensor& w,
                             const torch::Tensor& x,
                             const torch::Tensor& bias);

}  // namespace basin
