#pragma once

#include <ATen/Functions.h>
#include <torch/types.h>

namespace basin {

/// A B, `[n, k]` by `[k, m]`, float64, summed in the order of k: data that are made are
/// the same bits on every machine, whatever its BLAS.
inline torch::Tensor plain_product(const torch::Tensor& a, const torch::Tensor& b) {
  const auto left = a.contiguous(), right = b.contiguous();
  const auto n = a.size(0), k = a.size(1), m = b.size(1);
  auto out = at::zeros({n, m}, torch::kFloat64);
  const auto* x = left.data_ptr<double>();
  const auto* y = right.data_ptr<double>();
  auto* z = out.data_ptr<double>();
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t l = 0; l < k; ++l) {
      for (int64_t j = 0; j < m; ++j) z[i * m + j] += x[i * k + l] * y[l * m + j];
    }
  }
  return out;
}

}  // namespace basin
