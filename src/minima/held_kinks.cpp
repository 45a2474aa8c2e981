#include "minima/held_kinks.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/kink_blocks.h"
#include "minima/kink_pieces.h"
#include "minima/newton.h"
#include "minima/same_sites.h"
#include "minima/symmetry.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kLeastMargin = 1e-6;
constexpr double kLeastForce = 1e-9;  // of the largest
constexpr double kNearlySolved = 1e-5;
constexpr double kNoWeight = 1e-10;   // of the largest
constexpr int64_t kMostPieces = 400;  // multipliers are looked for among

// Slopes at an end hold nothing, but as φ(z) − s z is nowhere negative they need not:
// they take that end, and the loss must rise without them. How many.
int64_t release_weak(const MinimaProblem& problem,
                     const Tensor& free,
                     const SameSites& same,
                     KinkPoint& point,
                     KinkSystem& system) {
  if (point.active.empty()) return 0;
  const auto shares = slope_shares(problem.objective, point);
  const auto table = site_table(problem.objective);
  std::vector<int64_t> strong;
  int64_t weak = 0;
  for (size_t i = 0; i < point.active.size(); ++i) {
    const auto site = point.active[i];
    const double share = shares[static_cast<int64_t>(i)].item<double>();
    if (std::min(std::abs(share), std::abs(1 - share)) < kLeastMargin) {
      point.slopes[site] = share < 0.5 ? table.low[site] : table.high[site];
      ++weak;
    } else {
      strong.push_back(site);
    }
  }
  if (weak == 0) return 0;
  point.active = strong;
  system = kink_system(problem.objective, free, same, point);
  return weak;
}

// Least force of these sites, those like them added up.
double least_force(const MinimaProblem& problem,
                   const KinkPoint& point,
                   const SameSites& same,
                   const std::vector<int64_t>& sites) {
  const auto force = problem.objective.frozen(point.slopes)->sensitivities(point.theta);
  return added_up(force, same).index_select(0, index_of(sites)).min().item<double>();
}

void measure_gradient(const MinimaProblem& problem, HeldKinks& out) {
  const auto& along = out.system.along;
  out.gradient =
      at::mv(along, at::mv(along.t(), out.system.gradient)).abs().max().item<double>();
  // On a kink the true gradient jumps; that of the frozen loss is rounded as usual.
  out.noise =
      gradient_floor(*problem.objective.frozen(out.point.slopes), out.point.theta);
}

// Linear in the slopes: exact where no kink reads another.
HeldKinks by_slopes(const MinimaProblem& problem,
                    const Tensor& free,
                    const KinkPlace& place,
                    const Tensor& z,
                    const Tensor& theta) {
  const auto blocks = problem.objective.kink_blocks();
  HeldKinks out{
      .point = {.theta = theta, .slopes = side_slopes(problem.objective, theta)}};
  auto& point = out.point;
  const auto table = site_table(problem.objective);
  for (const auto site : place.active)
    point.slopes[site] = (table.low[site] + table.high[site]) / 2;
  const auto same = same_sites(problem.layout, blocks, z, place.zeroed);
  point.active = first_of_each(place.active, same);
  const auto firsts = point.active;
  out.system = kink_system(problem.objective, free, same, point);
  out.weak = release_weak(problem, free, same, point, out.system);
  measure_gradient(problem, out);
  out.strong = like_any(place.active, same, point.active);
  out.hold = true;
  if (place.active.empty()) return out;
  const auto shares = slope_shares(problem.objective, point);
  out.margin =
      shares.numel() == 0 ? 0.5 : at::minimum(shares, 1 - shares).min().item<double>();
  out.force = least_force(problem, point, same, firsts);
  out.hold = out.margin >= kLeastMargin && out.force > 0;
  return out;
}

// Whether a live unit further up reads the unit of this site with weight 0. Samples
// that differ by its kink alone then count as one, which they are to first order; where
// the kink's slope is at the upper end nothing keeps them together to second order.
bool is_read_by_zero(const MinimaProblem& problem,
                     const KinkPlace& place,
                     const Tensor& theta,
                     int64_t site) {
  const auto& layout = problem.layout;
  const auto blocks = problem.objective.kink_blocks();
  const auto& block = block_of(blocks, site);
  const auto has_kinks = [&](int64_t layer) {
    return std::any_of(
        blocks.begin(), blocks.end(), [&](const auto& b) { return b.layer == layer; });
  };
  const auto unit = (site - block.offset) / block.samples;
  const auto at = layer_views(layout, theta);
  for (const auto& group : layout.groups) {
    if (group.layers.front() != block.layer) continue;
    for (const auto reader : group.readers) {
      if (!has_kinks(reader)) continue;
      const auto& weight = at.weight[static_cast<size_t>(reader)];
      const double least = kNoWeight * weight.abs().max().item<double>();
      for (int64_t u = 0; u < weight.size(0); ++u) {
        if (is_one_of(layout, place.zeroed, reader, u)) continue;
        if (std::abs(weight[u][unit].item<double>()) <= least) return true;
      }
    }
  }
  return false;
}

// By multipliers t = s u, linear where kinks read others, too.
HeldKinks by_multipliers(const MinimaProblem& problem,
                         const Tensor& free,
                         const KinkPlace& place,
                         const Tensor& z,
                         const Tensor& theta,
                         double solved = kSolved) {
  HeldKinks out{
      .point = {.theta = theta, .slopes = side_slopes(problem.objective, theta)}};
  const auto at = pieces_at(problem, theta, free, z, place);
  const auto found = find_multipliers(at.pieces, solved);
  if (!found.found) return out;
  const auto table = site_table(problem.objective);
  const auto blocks = problem.objective.kink_blocks();
  std::vector<bool> is_weak;
  out.margin = 0.5;
  out.force = found.total.front();
  double most = 0;
  for (size_t a = 0; a < found.t.size(); ++a) {
    const double share = found.t[a] / found.total[a];
    const double room = std::min(share, 1 - share);
    is_weak.push_back(found.end[a] != 0);
    out.weak += is_weak.back() ? 1 : 0;
    if (!is_weak.back()) out.margin = std::min(out.margin, room);
    out.force = std::min(out.force, found.total[a]);
    most = std::max(most, found.total[a]);
  }
  if (!(out.force > kLeastForce * most)) return out;
  for (size_t i = 0; i < place.active.size(); ++i) {
    const auto site = place.active[i];
    const auto a = at.piece[i];
    if (found.end[a] > 0 && is_read_by_zero(problem, place, theta, site)) return out;
    const double share = found.end[a] < 0   ? 0
                         : found.end[a] > 0 ? 1
                                            : found.t[a] / found.total[a];
    const double low = table.low[site].item<double>();
    const double high = table.high[site].item<double>();
    out.point.slopes[site] = share == 1 ? high : low + (high - low) * share;
    if (!is_weak[a]) out.strong.push_back(site);
  }
  const auto same = same_sites(problem.layout, blocks, z, place.zeroed);
  out.point.active = first_of_each(out.strong, same);
  out.system = kink_system_at(problem.objective, free, same, out.point);
  measure_gradient(problem, out);
  out.hold = out.margin >= kLeastMargin;
  out.but_for_kinks = true;
  out.piece.assign(at.piece.begin(), at.piece.end());
  return out;
}

bool stands(const HeldKinks& held, const MinimaOptions& options) {
  return held.hold && held.gradient <= std::max(options.gradient_tolerance, held.noise);
}

}  // namespace

HeldKinks nearly_held_kinks(const MinimaProblem& problem,
                            const Tensor& free,
                            const KinkPlace& place,
                            const Tensor& theta) {
  if (place.active.empty() || static_cast<int64_t>(place.active.size()) > kMostPieces)
    return {};
  return by_multipliers(problem,
                        free,
                        place,
                        arguments_at(problem.objective, theta),
                        theta,
                        kNearlySolved);
}

HeldKinks held_kinks(const MinimaProblem& problem,
                     const Tensor& free,
                     const KinkPlace& place,
                     const MinimaOptions& options,
                     const Tensor& theta) {
  const auto z = arguments_at(problem.objective, theta);
  auto out = by_slopes(problem, free, place, z, theta);
  const auto count = static_cast<int64_t>(place.active.size());
  if (stands(out, options) || count == 0 || count > kMostPieces) return out;
  auto other = by_multipliers(problem, free, place, z, theta);
  return stands(other, options) ? other : out;
}

}  // namespace basin
