#include "curvature/inertia.h"

#include <ATen/Functions.h>

#include <limits>

#include "core/random.h"
#include "core/unit_rows.h"
#include "curvature/hessian.h"
#include "curvature/symmetric_eigen.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr double kSafety = 4;
// A diagonal entry below this many times its error is not scaled up to 1.
constexpr double kDrowned = 1e3;

// An orthonormal basis of what is orthogonal to the rows of `known`, as columns.
Tensor complement_of(const Tensor& known, int64_t size) {
  if (known.size(0) == 0) return at::eye(size, torch::kFloat64);
  const auto [u, s, v] = at::linalg_svd(known, /*full_matrices=*/true);
  const auto rank = (s > 1e-10 * s.max()).sum().item<int64_t>();
  return v.narrow(0, rank, size - rank).t().contiguous();
}

}  // namespace

Tensor hessian_error(const Objective& objective,
                     const Tensor& theta,
                     const Tensor& hessian,
                     const Tensor& shift) {
  auto out = at::zeros_like(hessian);
  RandomStream random(0, Stream::kProbe, 3);
  for (int trial = 0; trial < 3; ++trial) {
    auto sign = at::empty_like(theta);
    for (int64_t p = 0; p < theta.size(0); ++p)
      sign.data_ptr<double>()[p] = random.below(2) == 1 ? 1 : -1;
    const auto moved = theta * (1 + kEpsilon * sign) + (trial - 1) * shift;
    out = at::maximum(out, (dense_hessian(objective, moved) - hessian).abs());
  }
  return kSafety * (out + kEpsilon * hessian.abs());
}

Inertia inertia_of(const Tensor& a, const Tensor& error, const Tensor& known) {
  const auto size = a.size(0);
  // Step 1: scale.
  const auto floor = kDrowned * error.diagonal();
  auto diagonal = at::maximum(a.diagonal().abs(), floor);
  const double least = 1e-30 * diagonal.max().clamp_min(1e-270).item<double>();
  diagonal = diagonal.clamp_min(least);
  const auto d = 1 / diagonal.sqrt();
  const auto scaled = d.unsqueeze(1) * a * d;
  const auto off = d.unsqueeze(1) * error * d;
  // Step 2: leave the known null directions, in scaled coordinates θ = D y.
  const auto q = complement_of(unit_rows(known / d), size);
  auto inside = at::mm(q.t(), at::mm(scaled, q));
  inside = (inside + inside.t()) / 2;
  // Step 3: signs.
  Inertia out;
  const auto [values, vectors] = symmetric_eigen(inside);
  out.values = values;
  const auto v = at::mm(q, vectors);  // columns
  const double rounding =
      4 * static_cast<double>(size) * kEpsilon * scaled.abs().max().item<double>();
  out.bounds = (v.abs() * at::mm(off, v.abs())).sum(0) + rounding;
  out.vectors = (d.unsqueeze(1) * v).t().contiguous();
  out.negative = (values < -out.bounds).sum().item<int64_t>();
  out.positive = (values > out.bounds).sum().item<int64_t>();
  out.zero = values.size(0) - out.negative - out.positive;
  return out;
}

Tensor solve(const Inertia& inertia, const Tensor& b) {
  const auto share = at::mv(inertia.vectors, b) / inertia.values;
  const auto kept = at::where(inertia.is_zero(), at::zeros_like(share), share);
  return at::mv(inertia.vectors.t(), kept);
}

Tensor positive_eigenvalues(const Tensor& a, const Inertia& inertia) {
  const auto x = inertia.vectors / inertia.values.sqrt().unsqueeze(1);
  const auto inverse = at::mm(x.t(), x);
  const auto fine = 1 / symmetric_eigenvalues((inverse + inverse.t()) / 2).flip({0});
  // Of A itself the large ones are accurate, of its inverse the small ones.
  const auto plain = symmetric_eigenvalues(a);
  const auto large = plain > 1e-8 * plain.max();
  return at::where(large, plain, fine);
}

}  // namespace basin
