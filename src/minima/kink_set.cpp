#include "minima/kink_set.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/unit_rows.h"

namespace basin {

using torch::Tensor;

KinkSet::KinkSet(const Objective& objective,
                 const Tensor& theta,
                 Tensor free,
                 double margin)
    : point{.theta = theta, .slopes = side_slopes(objective, theta), .active = {}},
      objective_(objective),
      free_(std::move(free)),
      margin_(margin),
      table_(site_table(objective)) {
  add_nearby_kinks();
}

// L-BFGS stalls near kinks: those very near are tried first. Wrong ones are dropped.
void KinkSet::add_nearby_kinks() {
  const auto z = arguments_at(objective_, point.theta);
  const auto relative = z.abs() / site_scale(objective_, z);
  const auto near = (relative <= 1e-5).nonzero().squeeze(1);
  const auto order = relative.index_select(0, near).argsort();
  for (int64_t i = 0; i < std::min<int64_t>(near.size(0), free_.size(0)); ++i) {
    try_to_add(near[order[i].item<int64_t>()].item<int64_t>());
  }
}

// Adds a kink whose row is independent of the others, with all that repeat it.
bool KinkSet::try_to_add(int64_t site) {
  auto trial = point.active;
  trial.push_back(site);
  const auto frozen = objective_.frozen(point.slopes);
  // Where nothing feels the unit there is no kink of L (a sample beyond its margin).
  if (frozen->sensitivities(point.theta)[site].item<double>() == 0) return false;
  const auto rows =
      frozen->argument_gradients(point.theta, index_of(trial)).index_select(1, free_);
  const auto size = rows.norm(2, {1}, true);
  if (!(size.min().item<double>() > 1e-12)) return false;
  const auto s = at::linalg_svdvals(rows / size);
  const auto rank = (s > 1e-7 * s[0]).sum().item<int64_t>();
  if (rank > free_.size(0) || rank == rank_) return false;
  rank_ = rank;
  point.active = trial;
  add_repeated(site);
  return true;
}

// Sites on the same kink: samples that agree, outputs that are one constant.
void KinkSet::add_repeated(int64_t site) {
  const auto z = arguments_at(objective_, point.theta);
  const auto scale = site_scale(objective_, z);
  const auto limit = at::maximum(1e-12 * scale, (z[site].abs() * 1.000001));
  auto near = z.abs() <= limit;
  near.index_fill_(0, index_of(point.active), false);
  auto sites = near.nonzero().squeeze(1);
  if (sites.size(0) == 0) return;
  const auto frozen = objective_.frozen(point.slopes);
  const auto u = frozen->sensitivities(point.theta);
  const auto own = row_of(*frozen, site);
  for (int64_t i = 0; i < sites.size(0); ++i) {
    const auto other = sites[i].item<int64_t>();
    if (u[other].item<double>() == 0) continue;
    const auto row = row_of(*frozen, other);
    const double cosine =
        (own.dot(row) / (own.norm() * row.norm()).clamp_min(1e-300)).item<double>();
    if (std::abs(cosine) > 1 - 1e-12) point.active.push_back(other);
  }
}

Tensor KinkSet::row_of(const FrozenObjective& frozen, int64_t site) const {
  return frozen.argument_gradients(point.theta, index_of({site}))[0].index_select(
      0, free_);
}

bool KinkSet::drop_forceless() {
  if (point.active.empty()) return false;
  const auto u = objective_.frozen(point.slopes)->sensitivities(point.theta);
  const auto before = point.active.size();
  std::erase_if(point.active,
                [&](int64_t site) { return u[site].item<double>() == 0; });
  count_rank();
  return point.active.size() < before;
}

// How much a site violates its interval, as a slope of L: > 0 if it must go.
Tensor KinkSet::violations(const KinkSystem& system) const {
  const auto sites = index_of(point.active);
  const auto low = table_.low.index_select(0, sites);
  const auto high = table_.high.index_select(0, sites);
  const auto s = point.slopes.index_select(0, sites);
  const auto margin = margin_ * (high - low);
  const auto size = system.jacobian.norm(2, {1});
  const auto& u = system.sensitivity;
  const auto outside = at::maximum(low + margin - s, s - high + margin);
  const auto inward = at::maximum(s - low, high - s);
  return at::where(u > 0, u * outside, -u * inward.clamp_min(1e-300)) * size;
}

double KinkSet::worst_violation(const KinkSystem& system) const {
  if (point.active.empty()) return 0;
  return violations(system).max().item<double>();
}

// The site that violates most leaves to the side on which L falls faster.
void KinkSet::drop_worst(const KinkSystem& system) {
  const auto a = violations(system).argmax().item<int64_t>();
  const auto site = point.active[static_cast<size_t>(a)];
  const double low = table_.low[site].item<double>();
  const double high = table_.high[site].item<double>();
  const double s = point.slopes[site].item<double>();
  const double u = system.sensitivity[a].item<double>();
  const bool below = u * (s - low) < u * (high - s);
  point.slopes = point.slopes.clone();
  const auto unit = unit_rows(system.jacobian);
  const auto cosine = at::mv(unit, unit[a]);
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < unit.size(0); ++i) {
    const auto other = point.active[static_cast<size_t>(i)];
    const double c = cosine[i].item<double>();
    if (std::abs(c) <= 1 - 1e-12) {
      kept.push_back(other);
    } else {
      point.slopes[other] = below == (c > 0) ? table_.low[other] : table_.high[other];
    }
  }
  point.active = kept;
  count_rank();
  dropped = site;
}

void KinkSet::count_rank() {
  rank_ = 0;
  if (point.active.empty()) return;
  const auto rows = objective_.frozen(point.slopes)
                        ->argument_gradients(point.theta, index_of(point.active))
                        .index_select(1, free_);
  const auto s = at::linalg_svdvals(unit_rows(rows));
  rank_ = (s > 1e-7 * s[0]).sum().item<int64_t>();
}

// A site that was near its kink and does not want to lie on it: left on its side.
bool KinkSet::drop_farthest() {
  if (point.active.empty()) return false;
  const auto z = arguments_at(objective_, point.theta);
  const auto sites = index_of(point.active);
  const auto off = (z.abs() / site_scale(objective_, z)).index_select(0, sites);
  const auto a = off.argmax().item<int64_t>();
  if (!(off[a].item<double>() > kOnKink)) return false;
  const auto site = point.active[static_cast<size_t>(a)];
  point.slopes = point.slopes.clone();
  point.slopes[site] =
      z[site].item<double>() > 0 ? table_.high[site] : table_.low[site];
  point.active.erase(point.active.begin() + a);
  count_rank();
  return true;
}

}  // namespace basin
