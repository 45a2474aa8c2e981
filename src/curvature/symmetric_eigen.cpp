#include "curvature/symmetric_eigen.h"

#include <ATen/Functions.h>
#include <c10/util/Exception.h>

#include <cmath>

#include "core/error.h"
#include "core/stop.h"

namespace basin {

using torch::Tensor;

SymmetricEigen jacobi_eigen(const Tensor& matrix) {
  const auto n = matrix.size(0);
  auto a = matrix.clone().contiguous();
  auto v = at::eye(n, torch::kFloat64);
  double* x = a.data_ptr<double>();
  double* q = v.data_ptr<double>();
  for (int sweep = 0; sweep < 60; ++sweep) {
    check_stop();
    bool rotated = false;
    for (int64_t p = 0; p < n; ++p) {
      for (int64_t r = p + 1; r < n; ++r) {
        const double off = x[p * n + r];
        const double scale =
            std::sqrt(std::abs(x[p * n + p])) * std::sqrt(std::abs(x[r * n + r]));
        if (off == 0 || std::abs(off) <= 1e-17 * scale) continue;
        rotated = true;
        const double theta = (x[r * n + r] - x[p * n + p]) / (2 * off);
        const double t =
            (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::hypot(1.0, theta));
        const double c = 1 / std::hypot(1.0, t), s = t * c;
        for (int64_t k = 0; k < n; ++k) {
          const double u = x[k * n + p], w = x[k * n + r];
          x[k * n + p] = c * u - s * w;
          x[k * n + r] = s * u + c * w;
        }
        for (int64_t k = 0; k < n; ++k) {
          const double u = x[p * n + k], w = x[r * n + k];
          x[p * n + k] = c * u - s * w;
          x[r * n + k] = s * u + c * w;
        }
        x[p * n + r] = x[r * n + p] = 0;
        for (int64_t k = 0; k < n; ++k) {
          const double u = q[k * n + p], w = q[k * n + r];
          q[k * n + p] = c * u - s * w;
          q[k * n + r] = s * u + c * w;
        }
      }
    }
    if (!rotated) break;
  }
  const auto [values, order] = a.diagonal().sort();
  return {values.contiguous(), v.index_select(1, order)};
}

SymmetricEigen symmetric_eigen(const Tensor& a) {
  if (a.numel() == 0) return {at::zeros({0}, torch::kFloat64), a};
  if (!a.isfinite().all().item<bool>()) {
    throw NumericError("symmetric_eigen: the matrix is not finite");
  }
  try {
    const auto [values, vectors] = at::linalg_eigh(a);
    return {values, vectors};
  } catch (const c10::Error&) {
    return jacobi_eigen(a);
  }
}

Tensor symmetric_eigenvalues(const Tensor& a) {
  if (!a.isfinite().all().item<bool>()) {
    throw NumericError("symmetric_eigenvalues: the matrix is not finite");
  }
  try {
    return at::linalg_eigvalsh(a);
  } catch (const c10::Error&) {
    return jacobi_eigen(a).values;
  }
}

double solution_length(const SymmetricEigen& a, const torch::Tensor& x, double zero) {
  if (a.values.numel() == 0) return 0;
  const auto size = a.values.abs();
  const auto step = at::mv(a.vectors.t(), x) / a.values;
  return at::where(size > zero * size.max(), step, at::zeros_like(step))
      .norm()
      .item<double>();
}

}  // namespace basin
