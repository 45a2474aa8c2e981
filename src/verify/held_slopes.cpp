#include "verify/held_slopes.h"

#include <ATen/Functions.h>

#include <cmath>
#include <limits>

#include "core/kink_blocks.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kAtEnd = 1e-6;  // share of a slope that is at its end

constexpr int kMostPasses = 24;

// How far the shares are inside of 0 and 1, at least.
double margin_of(const Tensor& shares) {
  return at::minimum(shares, 1 - shares).min().item<double>();
}

Tensor picked(const std::vector<Real>& from, const std::vector<int64_t>& index) {
  auto out = at::empty({static_cast<int64_t>(index.size())}, torch::kFloat64);
  for (size_t i = 0; i < index.size(); ++i) {
    out.data_ptr<double>()[i] =
        static_cast<double>(from[static_cast<size_t>(index[i])]);
  }
  return out;
}

// What rounding of θ to float64 leaves uncertain of the gradient.
double gradient_noise(const Reference& reference,
                      const std::vector<Real>& theta,
                      const std::vector<double>& slopes) {
  constexpr Real kUnit = std::numeric_limits<double>::epsilon();
  const auto here = reference.evaluate(theta, slopes).gradient;
  double out = 0;
  for (const int pattern : {1, 2, 3}) {
    auto moved = theta;
    for (size_t p = 0; p < moved.size(); ++p)
      moved[p] *=
          1 + ((p + 1) * static_cast<size_t>(pattern) % 2 == 0 ? kUnit : -kUnit);
    const auto there = reference.evaluate(moved, slopes).gradient;
    for (size_t p = 0; p < here.size(); ++p)
      out = std::max(out, static_cast<double>(std::abs(there[p] - here[p])));
  }
  return out;
}

// Where rows depend on each other: a change of the slopes that leaves the gradient and
// brings the shares towards a half, those that are outside first.
Tensor towards_middle(const Tensor& rows, const Tensor& force, const Tensor& share) {
  const auto [u, s, v] =
      at::linalg_svd((rows / rows.norm(2, {1}, true).clamp_min(1e-300)), true);
  const auto rank = (s > 1e-9 * s[0]).sum().item<int64_t>();
  const auto none = at::zeros_like(share);
  if (rank == share.size(0)) return none;
  const auto basis = u.narrow(1, rank, u.size(1) - rank) /
                     (rows.norm(2, {1}) * force).clamp_min(1e-300).unsqueeze(1);
  auto best = none, now = none;
  const auto margin = [&](const Tensor& change) { return margin_of(share + change); };
  auto weight = at::ones_like(share);
  for (int pass = 0; pass < 200; ++pass) {
    const auto scaled = basis * weight.sqrt().unsqueeze(1);
    now = -at::mv(
        basis, at::mv(at::linalg_pinv(scaled, 1e-12), (share - 0.5) * weight.sqrt()));
    if (!now.isfinite().all().item<bool>()) break;
    if (margin(now) > margin(best)) best = now;
    // Lawson's weights: more to what is farthest out.
    const auto off = (share + now - 0.5).abs();
    weight = weight * (off / off.max().clamp_min(1e-300)).clamp_min(1e-3);
    weight = (weight / weight.max()).clamp_min(1e-9);
  }
  return best;
}

}  // namespace

HeldSlopes held_slopes(const CertificateContext& context,
                       const std::vector<Real>& theta,
                       const ReferenceValue& at,
                       const std::vector<SiteGroup>& active,
                       const std::vector<FixedSlope>& fixed,
                       const std::vector<int64_t>& free) {
  HeldSlopes out;
  auto& [slopes, rows, gradient, force, shares, margin] = out;
  for (size_t m = 0; m < at.arguments.size(); ++m) {
    const auto& s = block_of(context.blocks, static_cast<int64_t>(m));
    slopes.push_back(at.arguments[m] > 0 ? s.high : s.low);
  }
  const auto set = [&](const SiteGroup& group, double slope) {
    for (const auto site : group) slopes[static_cast<size_t>(site)] = slope;
  };
  const auto count = static_cast<int64_t>(active.size());
  auto low = at::empty({count}, torch::kFloat64), width = at::empty_like(low);
  for (int64_t a = 0; a < count; ++a) {
    const auto& group = active[static_cast<size_t>(a)];
    const auto& s = block_of(context.blocks, group.front());
    low[a] = s.low;
    width[a] = s.high - s.low;
    set(group, (s.low + s.high) / 2);
  }
  for (const auto& f : fixed) set(f.sites, f.slope);
  rows = at::zeros({count, static_cast<int64_t>(free.size())}, torch::kFloat64);
  shares = at::full({count}, 0.5, torch::kFloat64);
  bool settled = false;
  for (int pass = 0; pass <= kMostPasses; ++pass) {
    const auto now = context.reference.evaluate(theta, slopes);
    gradient = picked(now.gradient, free);
    force = at::empty({count}, torch::kFloat64);
    for (int64_t a = 0; a < count; ++a) {
      force[a] = picked(now.sensitivity, active[static_cast<size_t>(a)]).sum();
      rows[a].copy_(picked(context.reference.argument_gradient(
                               theta, slopes, active[static_cast<size_t>(a)].front()),
                           free));
    }
    if (count == 0 || pass == kMostPasses || settled) break;
    // Where rows depend on each other, the least change of shares.
    const auto pull = rows.t() * (force * width);
    auto change = -at::mv(at::linalg_pinv(pull, 1e-11), gradient);
    const bool inside = margin_of(shares + change) > 0;
    if ((pass < 4 || !inside) && force.min().item<double>() > 0) {
      change = change + towards_middle(rows, force * width, shares + change);
    }
    shares = shares + change;
    settled = change.abs().max().item<double>() < 1e-13;
    for (int64_t a = 0; a < count; ++a) {
      set(active[static_cast<size_t>(a)],
          (low[a] + width[a] * shares[a]).item<double>());
    }
  }
  if (count > 0) margin = std::min(margin, margin_of(shares));
  return out;
}

std::vector<FixedSlope> take_weak(const CertificateContext& context,
                                  const HeldSlopes& held,
                                  std::vector<SiteGroup>& active) {
  std::vector<FixedSlope> out;
  std::vector<SiteGroup> kept;
  for (size_t a = 0; a < active.size(); ++a) {
    const double share = held.shares[static_cast<int64_t>(a)].item<double>();
    const auto& s = block_of(context.blocks, active[a].front());
    if (std::abs(share) < kAtEnd) {
      out.push_back({active[a], s.low});
    } else if (std::abs(1 - share) < kAtEnd) {
      out.push_back({active[a], s.high});
    } else {
      kept.push_back(active[a]);
    }
  }
  active = kept;
  return out;
}

double least_force(const CertificateContext& context,
                   const std::vector<Real>& theta,
                   const std::vector<double>& slopes,
                   const std::vector<SiteGroup>& active,
                   const std::vector<FixedSlope>& fixed) {
  auto groups = active;
  for (const auto& f : fixed) groups.push_back(f.sites);
  const auto at = context.reference.evaluate(theta, slopes);
  double out = INFINITY;
  for (const auto& group : groups)
    out = std::min(out, picked(at.sensitivity, group).sum().item<double>());
  return out;
}

double gradient_limit(const CertificateContext& context,
                      const std::vector<Real>& theta,
                      const std::vector<double>& slopes) {
  return 4 * std::max(context.options.gradient_tolerance,
                      8 * gradient_noise(context.reference, theta, slopes));
}

}  // namespace basin
