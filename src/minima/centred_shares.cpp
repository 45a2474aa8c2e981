#include "minima/centred_shares.h"

#include <ATen/Functions.h>

namespace basin {
namespace {

using torch::Tensor;

constexpr double kPowers[] = {2, 4, 8, 16};
constexpr int kPasses = 6;  // of each
constexpr double kRidge = 1e-14;

// The least squares of w (c + E t), by their normal equations: what these lose is made
// good by the next pass. Undefined if they are singular.
Tensor weighted(const Tensor& offset, const Tensor& basis, const Tensor& weight) {
  const auto rows = basis * weight.unsqueeze(1);
  auto normal = at::mm(rows.t(), rows);
  normal.diagonal().add_(kRidge * normal.diagonal().max());
  const auto [factor, failed] = at::linalg_cholesky_ex(normal);
  if (failed.item<int64_t>() != 0) return {};
  const auto right = at::mv(rows.t(), offset * weight).unsqueeze(1);
  return -at::cholesky_solve(right, factor).squeeze(1);
}

}  // namespace

Tensor centring_step(const Tensor& offset, const Tensor& basis) {
  const auto largest = [&](const Tensor& t) {
    return (offset + at::mv(basis, t)).abs().max().item<double>();
  };
  auto t = at::zeros({basis.size(1)}, torch::kFloat64);
  auto best = t;
  for (const double power : kPowers) {
    for (int pass = 0; pass < kPasses; ++pass) {
      const auto size = (offset + at::mv(basis, t)).abs();
      const auto share = size / size.max().clamp_min(1e-300);
      const auto weight = share.pow((power - 2) / 2).clamp_min(1e-6);
      const auto next = weighted(offset, basis, weight);
      if (!next.defined() || !next.isfinite().all().item<bool>()) return best;
      // Half a step: full ones oscillate above the fourth power.
      t = power > 4 ? (t + next) / 2 : next;
      if (largest(t) < largest(best)) best = t;
      if (power == 2) break;
    }
  }
  return best;
}

}  // namespace basin
