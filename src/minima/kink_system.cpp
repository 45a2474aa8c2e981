#include "minima/kink_system.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "core/stop.h"
#include "minima/centred_shares.h"

namespace basin {

using torch::Tensor;

Tensor index_of(const std::vector<int64_t>& sites) {
  return at::tensor(sites, torch::kInt64);
}

std::vector<int64_t> sites_of(const Tensor& index) {
  const auto flat = index.contiguous();
  const auto* first = flat.data_ptr<int64_t>();
  return {first, first + flat.numel()};
}

SiteTable site_table(const Objective& objective) {
  std::vector<Tensor> low, high;
  for (const auto& b : objective.kink_blocks()) {
    low.push_back(at::full({b.size()}, b.low, torch::kFloat64));
    high.push_back(at::full({b.size()}, b.high, torch::kFloat64));
  }
  return {at::cat(low), at::cat(high)};
}

Tensor widths_of(const SiteTable& table, const Tensor& sites) {
  return table.high.index_select(0, sites) - table.low.index_select(0, sites);
}

Tensor shares_of(const SiteTable& table, const Tensor& sites, const Tensor& slopes) {
  return (slopes - table.low.index_select(0, sites)) / widths_of(table, sites);
}

Tensor slopes_of(const SiteTable& table, const Tensor& sites, const Tensor& shares) {
  return table.low.index_select(0, sites) + widths_of(table, sites) * shares;
}

Tensor arguments_at(const Objective& objective, const Tensor& theta) {
  return objective.kink_arguments(theta.unsqueeze(0).contiguous()).squeeze(0);
}

// Largest |z| of each site's block, `[M]`.
Tensor site_scale(const Objective& objective, const Tensor& z) {
  std::vector<Tensor> out;
  for (const auto& b : objective.kink_blocks()) {
    const auto most = z.narrow(0, b.offset, b.size()).abs().max().clamp_min(1e-300);
    out.push_back(most.expand({b.size()}));
  }
  return at::cat(out);
}

namespace {

constexpr double kDependent = 1e-9;  // singular values of unit rows
constexpr double kFarOff = 1e6;      // change of a slope
constexpr int kMostPasses = 8;       // that change slopes
constexpr int kCentred = 4;          // of these, the first, also away from their ends

// H of M over the free parameters, `[F, F]`.
Tensor free_hessian(const FrozenObjective& frozen,
                    const Tensor& theta,
                    const Tensor& free) {
  return frozen.hessian(theta.unsqueeze(0).contiguous())
      .squeeze(0)
      .index_select(0, free)
      .index_select(1, free);
}

// A basis along the manifold and the pseudo-inverse, from the singular values of the
// unit rows.
void split_space(KinkSystem& system, int64_t dimension) {
  const auto count = system.jacobian.size(0);
  if (count == 0) {
    system.along = at::eye(dimension, torch::kFloat64);
    system.inverse = at::empty({dimension, 0}, torch::kFloat64);
    system.dependence = at::empty({0, 0}, torch::kFloat64);
    return;
  }
  const auto size = system.jacobian.norm(2, {1}, true).clamp_min(1e-300);
  const auto [u, s, v] = at::linalg_svd(system.jacobian / size, /*full_matrices=*/true);
  const auto rank = (s > kDependent * s[0]).sum().item<int64_t>();
  const auto basis = v.t().contiguous();  // [F, F]
  const auto across = basis.narrow(1, 0, rank).contiguous();
  system.along = basis.narrow(1, rank, dimension - rank).contiguous();
  system.dependence = u.narrow(1, rank, u.size(1) - rank).contiguous();
  const auto left = u.narrow(1, 0, rank) / s.narrow(0, 0, rank);
  system.inverse = at::mm(across, left.t()) / size.t();  // J⁺, rows unit
}

// What to add to the slopes so that they keep away from their ends: combinations of
// multipliers that leave the gradient as it is.
Tensor centring(const SiteTable& table,
                const KinkSystem& system,
                const Tensor& sites,
                const Tensor& slopes) {
  const auto size = system.jacobian.norm(2, {1}).clamp_min(1e-300);
  const auto unit = (size * system.sensitivity).unsqueeze(1);
  const auto shares = shares_of(table, sites, slopes.index_select(0, sites));
  const auto basis = system.dependence / unit;  // of changes of slopes
  const auto width = widths_of(table, sites).unsqueeze(1);
  return at::mv(basis, centring_step(shares - 0.5, basis / width));
}

// What depends on the slopes: L, its gradient, the forces.
void fill_slopes(const FrozenObjective& frozen,
                 const Tensor& free,
                 const SameSites& same,
                 const KinkPoint& point,
                 KinkSystem& out) {
  const auto answer = frozen.value_and_gradient(point.theta.unsqueeze(0).contiguous());
  out.value = answer.value.item<double>();
  out.gradient = answer.gradient.squeeze(0).index_select(0, free);
  out.sensitivity = added_up(frozen.sensitivities(point.theta), same)
                        .index_select(0, index_of(point.active));
}

// The rows of the active kinks and what they span.
void fill_rows(const FrozenObjective& frozen,
               const Tensor& free,
               const KinkPoint& point,
               KinkSystem& out) {
  const auto sites = index_of(point.active);
  out.jacobian = frozen.argument_gradients(point.theta, sites).index_select(1, free);
  out.arguments = frozen.arguments(point.theta.unsqueeze(0).contiguous())
                      .squeeze(0)
                      .index_select(0, sites);
  split_space(out, free.size(0));
}

void fill_hessian(const FrozenObjective& frozen,
                  const Tensor& free,
                  const KinkPoint& point,
                  KinkSystem& out) {
  const auto h = free_hessian(frozen, point.theta, free);
  out.hessian = at::mm(out.along.t(), at::mm(h, out.along));
  out.hessian = (out.hessian + out.hessian.t()) / 2;
}

}  // namespace

Tensor side_slopes(const Objective& objective, const Tensor& theta) {
  const auto table = site_table(objective);
  return at::where(arguments_at(objective, theta) > 0, table.high, table.low);
}

Tensor slope_shares(const Objective& objective, const KinkPoint& point) {
  const auto sites = index_of(point.active);
  return shares_of(site_table(objective), sites, point.slopes.index_select(0, sites));
}

Tensor added_up(const Tensor& values, const SameSites& same) {
  if (!same.defined()) return values;
  return at::zeros_like(values).index_add(0, same, values);
}

Tensor spread_out(const Tensor& values, const SameSites& same) {
  return same.defined() ? values.index_select(0, same) : values;
}

std::vector<int64_t> first_of_each(const std::vector<int64_t>& sites,
                                   const SameSites& same) {
  auto out = same.defined() && !sites.empty()
                 ? sites_of(same.index_select(0, index_of(sites)))
                 : sites;
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<int64_t> like_any(const std::vector<int64_t>& all,
                              const SameSites& same,
                              const std::vector<int64_t>& firsts) {
  std::vector<int64_t> out;
  for (const auto site : all) {
    const auto first = same[site].item<int64_t>();
    if (std::binary_search(firsts.begin(), firsts.end(), first)) out.push_back(site);
  }
  return out;
}

KinkSystem kink_system_at(const Objective& objective,
                          const Tensor& free,
                          const SameSites& same,
                          const KinkPoint& point) {
  KinkSystem out;
  const auto frozen = objective.frozen(point.slopes);
  fill_slopes(*frozen, free, same, point, out);
  fill_rows(*frozen, free, point, out);
  fill_hessian(*frozen, free, point, out);
  return out;
}

KinkSystem kink_system(const Objective& objective,
                       const Tensor& free,
                       const SameSites& same,
                       KinkPoint& point) {
  const auto sites = index_of(point.active);
  point.slopes = spread_out(point.slopes, same);
  KinkSystem out;
  for (int pass = 0;; ++pass) {
    const auto frozen = objective.frozen(point.slopes);
    fill_slopes(*frozen, free, same, point, out);
    if (pass == 0 || objective.kink_blocks().size() > 1) {
      fill_rows(*frozen, free, point, out);
    }
    const bool solvable =
        sites.size(0) > 0 && (out.sensitivity.abs() > 1e-200).all().item<bool>();
    // Jᵀ x = −g across the manifold; the shortest x where rows repeat.
    Tensor change;
    // A slope lies in its site's range at a solution: a sensitivity of nearly 0 asks
    // for one so far off that products of several layers would overflow.
    if (solvable) {
      change = (-at::mv(out.inverse.t(), out.gradient) / out.sensitivity)
                   .clamp(-kFarOff, kFarOff);
    }
    if (solvable && out.dependence.size(1) > 0 && pass < kCentred) {
      const auto slopes = point.slopes.index_add(0, sites, change);
      change = change + centring(site_table(objective), out, sites, slopes);
    }
    const bool moved = solvable && (change.abs() > 1e-14).any().item<bool>();
    if (!moved || pass == kMostPasses || !change.isfinite().all().item<bool>()) {
      fill_hessian(*frozen, free, point, out);
      return out;
    }
    point.slopes = spread_out(point.slopes.index_add(0, sites, change), same);
  }
}

}  // namespace basin
