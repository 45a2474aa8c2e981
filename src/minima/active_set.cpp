#include "minima/active_set.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/error.h"
#include "core/stop.h"
#include "minima/newton.h"
#include "minima/trust_region.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kHalvings = 30;
constexpr int64_t kMostBreakpoints = 60;
constexpr double kDependent = 1e-9;  // singular values of unit rows
constexpr double kOnKink = 1e-13;    // |z| relative to its block

Tensor index_of(const std::vector<int64_t>& sites) {
  return at::tensor(sites, torch::kInt64);
}

/// Low and high slopes and the scale of each site, `[M]`.
struct SiteTable {
  Tensor low, high;
};

SiteTable site_table(const Objective& objective) {
  std::vector<Tensor> low, high;
  for (const auto& b : objective.kink_blocks()) {
    low.push_back(at::full({b.size()}, b.low, torch::kFloat64));
    high.push_back(at::full({b.size()}, b.high, torch::kFloat64));
  }
  return {at::cat(low), at::cat(high)};
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

// H of M over the free parameters, `[F, F]`.
Tensor free_hessian(const FrozenObjective& frozen,
                    const Tensor& theta,
                    const Tensor& free) {
  const auto count = free.size(0);
  const auto unit = at::zeros({count, theta.size(0)}, torch::kFloat64)
                        .scatter_(1, free.unsqueeze(1), 1.0);
  std::vector<Tensor> rows;
  const auto block = frozen.preferred_rows();
  for (int64_t at = 0; at < count; at += block) {
    check_stop();
    const auto n = std::min(block, count - at);
    const auto points = theta.unsqueeze(0).expand({n, theta.size(0)}).contiguous();
    rows.push_back(
        frozen.hessian_times(points, unit.narrow(0, at, n)).index_select(1, free));
  }
  const auto h = at::cat(rows);
  return (h + h.t()) / 2;
}

// Bases along and across the manifold, from the singular values of the unit rows.
void split_space(KinkSystem& system, int64_t dimension) {
  const auto count = system.jacobian.size(0);
  if (count == 0) {
    system.across = at::empty({dimension, 0}, torch::kFloat64);
    system.along = at::eye(dimension, torch::kFloat64);
    system.inverse = at::empty({dimension, 0}, torch::kFloat64);
    return;
  }
  const auto size = system.jacobian.norm(2, {1}, true).clamp_min(1e-300);
  const auto [u, s, v] = at::linalg_svd(system.jacobian / size, /*full_matrices=*/true);
  const auto rank = (s > kDependent * s[0]).sum().item<int64_t>();
  const auto basis = v.t().contiguous();  // [F, F]
  system.across = basis.narrow(1, 0, rank).contiguous();
  system.along = basis.narrow(1, rank, dimension - rank).contiguous();
  const auto left = u.narrow(1, 0, rank) / s.narrow(0, 0, rank);
  system.inverse = at::mm(system.across, left.t()) / size.t();  // J⁺, rows unit
}

}  // namespace

Tensor side_slopes(const Objective& objective, const Tensor& theta) {
  const auto table = site_table(objective);
  return at::where(arguments_at(objective, theta) > 0, table.high, table.low);
}

Tensor slope_shares(const Objective& objective, const KinkPoint& point) {
  const auto table = site_table(objective);
  const auto sites = index_of(point.active);
  const auto low = table.low.index_select(0, sites);
  return (point.slopes.index_select(0, sites) - low) /
         (table.high.index_select(0, sites) - low);
}

KinkSystem kink_system(const Objective& objective,
                       const Tensor& free,
                       KinkPoint& point) {
  const auto sites = index_of(point.active);
  KinkSystem out;
  for (int pass = 0;; ++pass) {
    const auto frozen = objective.frozen(point.slopes);
    const auto answer =
        frozen->value_and_gradient(point.theta.unsqueeze(0).contiguous());
    out.value = answer.value.item<double>();
    out.gradient = answer.gradient.squeeze(0).index_select(0, free);
    out.sensitivity = frozen->sensitivities(point.theta).index_select(0, sites);
    const bool first = pass == 0;
    if (first || objective.kink_blocks().size() > 1) {
      out.jacobian =
          frozen->argument_gradients(point.theta, sites).index_select(1, free);
      out.arguments = frozen->arguments(point.theta.unsqueeze(0).contiguous())
                          .squeeze(0)
                          .index_select(0, sites);
      split_space(out, free.size(0));
    }
    const bool solvable =
        sites.size(0) > 0 && (out.sensitivity.abs() > 1e-200).all().item<bool>();
    // Jᵀ x = −g across the manifold; the shortest x where rows repeat.
    Tensor change;
    if (solvable) change = -at::mv(out.inverse.t(), out.gradient) / out.sensitivity;
    const bool moved = solvable && (change.abs() > 1e-14).any().item<bool>();
    if (!moved || pass == 4 || !change.isfinite().all().item<bool>()) {
      const auto h = free_hessian(*frozen, point.theta, free);
      out.hessian = at::mm(out.along.t(), at::mm(h, out.along));
      out.hessian = (out.hessian + out.hessian.t()) / 2;
      return out;
    }
    point.slopes = point.slopes.index_add(0, sites, change);
  }
}

namespace {

/// One line: where L is least among the points tried.
struct LineStep {
  Tensor theta;
  double value = 0;
  int64_t site = -1;      // the kink it stops at
  double side_after = 0;  // slope of that site beyond the kink
};

class Search {
 public:
  Search(const Objective& objective,
         const Tensor& theta,
         const Tensor& free,
         const ActiveSetOptions& options)
      : objective_(objective),
        free_(free),
        options_(options),
        table_(site_table(objective)) {
    point_.theta = theta;
    point_.slopes = side_slopes(objective, theta);
    value_ = objective.value(theta.unsqueeze(0).contiguous()).item<double>();
    radius_ = 0.1 * (1 + theta.norm().item<double>());
    add_nearby_kinks();
  }

  ActiveSetResult run() {
    ActiveSetResult out;
    for (; out.iterations < options_.max_iterations; ++out.iterations) {
      check_stop();
      if (!step(out)) break;
    }
    if (!out.converged && out.problem.empty()) out.problem = "all iterations were used";
    out.point = point_;
    out.value = value_;
    return out;
  }

 private:
  // L-BFGS stalls near kinks: those very near are tried first. Wrong ones are dropped.
  void add_nearby_kinks() {
    const auto z = arguments_at(objective_, point_.theta);
    const auto relative = z.abs() / site_scale(objective_, z);
    const auto near = (relative <= 1e-5).nonzero().squeeze(1);
    const auto order = relative.index_select(0, near).argsort();
    for (int64_t i = 0; i < std::min<int64_t>(near.size(0), free_.size(0)); ++i) {
      try_to_add(near[order[i].item<int64_t>()].item<int64_t>());
    }
  }

  // Adds a kink whose row is independent of the others, with all that repeat it.
  bool try_to_add(int64_t site) {
    auto trial = point_.active;
    trial.push_back(site);
    const auto frozen = objective_.frozen(point_.slopes);
    // Where nothing feels the unit there is no kink of L (a sample beyond its margin).
    if (frozen->sensitivities(point_.theta)[site].item<double>() == 0) return false;
    const auto rows = frozen->argument_gradients(point_.theta, index_of(trial))
                          .index_select(1, free_);
    const auto size = rows.norm(2, {1}, true);
    if (!(size.min().item<double>() > 1e-12)) return false;
    const auto s = at::linalg_svdvals(rows / size);
    const auto rank = (s > 1e-7 * s[0]).sum().item<int64_t>();
    if (rank > free_.size(0) || rank == rank_) return false;
    rank_ = rank;
    point_.active = trial;
    add_repeated(site);
    return true;
  }

  // Sites on the same kink: samples that agree, outputs that are one constant.
  void add_repeated(int64_t site) {
    const auto z = arguments_at(objective_, point_.theta);
    const auto scale = site_scale(objective_, z);
    const auto limit = at::maximum(1e-12 * scale, (z[site].abs() * 1.000001));
    auto near = z.abs() <= limit;
    near.index_fill_(0, index_of(point_.active), false);
    auto sites = near.nonzero().squeeze(1);
    if (sites.size(0) == 0) return;
    const auto frozen = objective_.frozen(point_.slopes);
    const auto u = frozen->sensitivities(point_.theta);
    const auto own = row_of(*frozen, site);
    for (int64_t i = 0; i < sites.size(0); ++i) {
      const auto other = sites[i].item<int64_t>();
      if (u[other].item<double>() == 0) continue;
      const auto row = row_of(*frozen, other);
      const double cosine =
          (own.dot(row) / (own.norm() * row.norm()).clamp_min(1e-300)).item<double>();
      if (std::abs(cosine) > 1 - 1e-12) point_.active.push_back(other);
    }
  }

  Tensor row_of(const FrozenObjective& frozen, int64_t site) const {
    return frozen.argument_gradients(point_.theta, index_of({site}))[0].index_select(
        0, free_);
  }

  bool drop_forceless() {
    if (point_.active.empty()) return false;
    const auto u = objective_.frozen(point_.slopes)->sensitivities(point_.theta);
    const auto before = point_.active.size();
    std::erase_if(point_.active,
                  [&](int64_t site) { return u[site].item<double>() == 0; });
    count_rank();
    return point_.active.size() < before;
  }

  // One iteration. False: done, or stuck.
  bool step(ActiveSetResult& out) {
    if (drop_forceless()) return true;
    auto system = kink_system(objective_, free_, point_);
    restore_ = Tensor();
    if (!point_.active.empty() && objective_.kink_blocks().size() > 1) {
      restore_ = system.inverse;
    }
    if (!system.hessian.isfinite().all().item<bool>()) {
      out.problem = "the Hessian is not finite";
      return false;
    }
    const auto reduced = at::mv(system.along.t(), system.gradient);
    out.gradient_norm = at::mv(system.along, reduced).abs().max().item<double>();
    const auto scale = site_scale(objective_, arguments_at(objective_, point_.theta));
    const bool on_manifold = point_.active.empty() ||
                             (system.arguments.abs() <=
                              kOnKink * scale.index_select(0, index_of(point_.active)))
                                 .all()
                                 .item<bool>();
    double tolerance = options_.gradient_tolerance;
    if (out.gradient_norm > tolerance && out.gradient_norm < 1e-8) {
      tolerance = std::max(
          tolerance, gradient_floor(*objective_.frozen(point_.slopes), point_.theta));
    }
    const bool critical = out.gradient_norm <= tolerance && on_manifold;
    const double violation = worst_violation(system);
    if (violation > 0 && (critical || out.gradient_norm <= violation)) {
      drop_worst(system);
      return true;
    }
    const auto [values, vectors] = system.hessian.numel() > 0
                                       ? at::linalg_eigh(system.hessian)
                                       : std::tuple(at::zeros({0}, torch::kFloat64),
                                                    at::zeros({0, 0}, torch::kFloat64));
    const double most = values.numel() > 0 ? values.abs().max().item<double>() : 0;
    const double floor =
        zero_mode_floor(most, out.gradient_norm, options_.zero_tolerance);
    const bool bends_down = values.numel() > 0 && values[0].item<double>() < -floor;
    if (critical && !bends_down) {
      out.converged = true;
      return false;
    }
    if (critical) return escape(at::mv(system.along, vectors.select(1, 0)), out);
    auto trust = TrustStep{.step = at::zeros_like(reduced)};
    if (values.numel() > 0) {
      const auto slope = at::mv(vectors.t(), reduced).abs();
      const auto zero = values.abs() <= floor;
      const auto bent = at::where(zero, at::full_like(values, floor), values);
      trust = exact_trust_step(
          bent, vectors, reduced, zero.logical_and(slope <= tolerance), radius_);
    }
    return advance(
        at::mv(system.along, trust.step) - at::mv(system.inverse, system.arguments),
        trust,
        out.gradient_norm,
        bends_down,
        out);
  }

  // How much a site violates its interval, as a slope of L: > 0 if it must go.
  Tensor violations(const KinkSystem& system) const {
    const auto sites = index_of(point_.active);
    const auto low = table_.low.index_select(0, sites);
    const auto high = table_.high.index_select(0, sites);
    const auto s = point_.slopes.index_select(0, sites);
    const auto margin = options_.margin * (high - low);
    const auto size = system.jacobian.norm(2, {1});
    const auto& u = system.sensitivity;
    const auto outside = at::maximum(low + margin - s, s - high + margin);
    const auto inward = at::maximum(s - low, high - s);
    return at::where(u > 0, u * outside, -u * inward.clamp_min(1e-300)) * size;
  }

  double worst_violation(const KinkSystem& system) const {
    if (point_.active.empty()) return 0;
    return violations(system).max().item<double>();
  }

  // The site that violates most leaves to the side on which L falls faster.
  void drop_worst(const KinkSystem& system) {
    const auto a = violations(system).argmax().item<int64_t>();
    const auto site = point_.active[static_cast<size_t>(a)];
    const double low = table_.low[site].item<double>();
    const double high = table_.high[site].item<double>();
    const double s = point_.slopes[site].item<double>();
    const double u = system.sensitivity[a].item<double>();
    const bool below = u * (s - low) < u * (high - s);
    point_.slopes = point_.slopes.clone();
    const auto unit =
        system.jacobian / system.jacobian.norm(2, {1}, true).clamp_min(1e-300);
    const auto cosine = at::mv(unit, unit[a]);
    std::vector<int64_t> kept;
    for (int64_t i = 0; i < unit.size(0); ++i) {
      const auto other = point_.active[static_cast<size_t>(i)];
      const double c = cosine[i].item<double>();
      if (std::abs(c) <= 1 - 1e-12) {
        kept.push_back(other);
      } else {
        point_.slopes[other] =
            below == (c > 0) ? table_.low[other] : table_.high[other];
      }
    }
    point_.active = kept;
    count_rank();
    dropped_ = site;
  }

  void count_rank() {
    rank_ = 0;
    if (point_.active.empty()) return;
    const auto rows = objective_.frozen(point_.slopes)
                          ->argument_gradients(point_.theta, index_of(point_.active))
                          .index_select(1, free_);
    const auto s = at::linalg_svdvals(rows / rows.norm(2, {1}, true).clamp_min(1e-300));
    rank_ = (s > 1e-7 * s[0]).sum().item<int64_t>();
  }

  // A site that was near its kink and does not want to lie on it: left on its side.
  bool drop_farthest() {
    if (point_.active.empty()) return false;
    const auto z = arguments_at(objective_, point_.theta);
    const auto sites = index_of(point_.active);
    const auto off = (z.abs() / site_scale(objective_, z)).index_select(0, sites);
    const auto a = off.argmax().item<int64_t>();
    if (!(off[a].item<double>() > kOnKink)) return false;
    const auto site = point_.active[static_cast<size_t>(a)];
    point_.slopes = point_.slopes.clone();
    point_.slopes[site] =
        z[site].item<double>() > 0 ? table_.high[site] : table_.low[site];
    point_.active.erase(point_.active.begin() + a);
    count_rank();
    return true;
  }

  Tensor spread(const Tensor& step) const {
    return at::zeros_like(point_.theta).index_add(0, free_, step);
  }

  // Points at shares t of d, moved back to the manifold of the active sites, which is
  // curved where a kink lies above another layer: without this, first-order penalties
  // hide second-order descent (Maratos).
  Tensor path(const Tensor& d, const Tensor& t) const {
    auto points = point_.theta + t.unsqueeze(1) * d;
    if (!restore_.defined()) return points;
    const auto active = index_of(point_.active);
    for (int pass = 0; pass < 2; ++pass) {
      const auto z = objective_.kink_arguments(points).index_select(1, active);
      points.index_add_(1, free_, -at::mm(z, restore_.t()));
    }
    return points;
  }

  Tensor losses(const Tensor& points) const {
    return at::nan_to_num(objective_.value(points), 1e300, 1e300);
  }

  // Shares at which inactive sites cross zero between shares `from` and `to` of d.
  std::vector<std::pair<double, int64_t>> crossings(const Tensor& d,
                                                    double from,
                                                    double to) const {
    auto low = at::tensor({from, to}, torch::kFloat64);
    const auto z = objective_.kink_arguments(path(d, low));
    auto open = at::ones_like(z[0]).to(torch::kBool);
    if (!point_.active.empty()) open.index_fill_(0, index_of(point_.active), false);
    const auto scale = site_scale(objective_, z[0]);
    const auto sites = (z[0] * z[1] < 0)
                           .logical_and(z[0].abs() > kOnKink * scale)
                           .logical_and(open)
                           .nonzero()
                           .squeeze(1);
    auto a = z[0].index_select(0, sites), b = z[1].index_select(0, sites);
    auto t = from + (to - from) * a / (a - b);
    const auto order =
        t.argsort().narrow(0, 0, std::min<int64_t>(kMostBreakpoints, t.size(0)));
    t = t.index_select(0, order);
    const auto nearest = sites.index_select(0, order);
    if (restore_.defined() && t.size(0) > 0) {
      // The path is curved: secant steps, each site on its own.
      auto t0 = at::full_like(t, from), z0 = a.index_select(0, order);
      for (int i = 0; i < 5; ++i) {
        const auto z1 = objective_.kink_arguments(path(d, t))
                            .gather(1, nearest.unsqueeze(1))
                            .squeeze(1);
        const auto step = z1 * (t - t0) / (z1 - z0);
        const auto next = at::where(step.isfinite(), t - step, t).clamp(from, to);
        t0 = t;
        z0 = z1;
        t = next;
      }
    }
    std::vector<std::pair<double, int64_t>> out;
    for (int64_t i = 0; i < t.size(0); ++i) {
      out.emplace_back(t[i].item<double>(), nearest[i].item<int64_t>());
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  // The best of t = 1, 1/2, 1/4, ... along d and of the kinks around it.
  std::optional<LineStep> best_along(const Tensor& d) const {
    const auto halving = at::pow(0.5, at::arange(kHalvings, torch::kFloat64));
    const auto coarse = path(d, halving);
    const auto values = losses(coarse);
    const auto best = values.argmin().item<int64_t>();
    LineStep out{.theta = coarse[best].clone(), .value = values[best].item<double>()};
    const double t = halving[best].item<double>();
    const double from = best + 1 < kHalvings ? t / 2 : 0.0;
    const auto kinks =
        crossings(d, out.value < value_ ? from : 0.0, std::min(1.0, 2 * t));
    if (!kinks.empty()) {
      std::vector<double> shares;
      for (const auto& [share, site] : kinks) shares.push_back(share);
      const auto points = path(d, at::tensor(shares, torch::kFloat64));
      const auto fine = losses(points);
      const auto k = fine.argmin().item<int64_t>();
      if (fine[k].item<double>() <= out.value) {
        out = {.theta = points[k].clone(),
               .value = fine[k].item<double>(),
               .site = kinks[static_cast<size_t>(k)].second};
      }
    }
    if (!(out.value < value_)) return std::nullopt;
    return out;
  }

  // Sides of all sites at a new point; those of active sites, and of sites still on
  // their kink, are kept.
  void move_to(const Tensor& theta, double value) {
    const auto z = arguments_at(objective_, theta);
    const auto scale = site_scale(objective_, z);
    auto clear = z.abs() > kOnKink * scale;
    if (!point_.active.empty()) clear.index_fill_(0, index_of(point_.active), false);
    point_.slopes =
        at::where(clear, at::where(z > 0, table_.high, table_.low), point_.slopes);
    point_.theta = theta;
    value_ = value;
  }

  // A step that ends on a kink: is L least there along d, or does it fall on beyond?
  void stop_at_kink(const LineStep& line, const Tensor& d) {
    const auto site = line.site;
    move_to(line.theta, line.value);
    const auto index = at::tensor({site}, torch::kInt64);
    const auto frozen = objective_.frozen(point_.slopes);
    const double inward =
        frozen->argument_gradients(point_.theta, index)[0].dot(d).item<double>();
    // Before the kink z has the sign against which it moves.
    const double low = table_.low[site].item<double>();
    const double high = table_.high[site].item<double>();
    const double before = inward > 0 ? low : high, after = inward > 0 ? high : low;
    auto slopes = point_.slopes.clone();
    slopes[site] = after;
    const double beyond =
        objective_.frozen(slopes)
            ->value_and_gradient(point_.theta.unsqueeze(0).contiguous())
            .gradient[0]
            .dot(d)
            .item<double>();
    point_.slopes = slopes;
    if (beyond > 0 && site != dropped_) {
      point_.slopes = point_.slopes.clone();
      point_.slopes[site] = before;
      if (try_to_add(site)) {
        point_.slopes[site] = (low + high) / 2;
        return;
      }
    }
    point_.slopes[site] = beyond > 0 ? before : after;
  }

  bool advance(const Tensor& direction,
               const TrustStep& trust,
               double gradient_norm,
               bool bends_down,
               ActiveSetResult& out) {
    const auto d = spread(direction);
    const auto line = best_along(d);
    const double scale = std::abs(value_) + 1e-3;
    if (line) {
      const double ratio = (value_ - line->value) / std::max(trust.predicted, 1e-300);
      if (trust.predicted > 1e-13 * scale && value_ - line->value > 1e-15 * scale) {
        radius_ = std::max(1e-6, next_radius(radius_, trust, std::max(ratio, 0.3)));
      }
    }
    if (line && value_ - line->value > 1e-15 * scale) {
      if (line->site >= 0) {
        stop_at_kink(*line, d);
      } else {
        move_to(line->theta, line->value);
      }
      dropped_ = -1;
      return true;
    }
    // Rounding hides the decrease: Newton's own step, if it crosses nothing.
    const auto theta = point_.theta + d;
    const double value =
        objective_.value(theta.unsqueeze(0).contiguous()).item<double>();
    if (!bends_down && std::abs(value - value_) <= 1e-13 * scale && blind_steps_ < 20 &&
        crossings(d, 0, 1).empty()) {
      ++blind_steps_;
      move_to(theta, value);
      return true;
    }
    if (line) {  // a kink within rounding
      if (line->site >= 0 && blind_steps_ < 20) {
        ++blind_steps_;
        stop_at_kink(*line, d);
        return true;
      }
    }
    const auto kinks = crossings(d, 0, 1);
    if (!kinks.empty() && blind_steps_ < 20) {
      ++blind_steps_;
      LineStep to{.theta = point_.theta + kinks.front().first * d,
                  .site = kinks.front().second};
      to.value = objective_.value(to.theta.unsqueeze(0).contiguous()).item<double>();
      if (to.value <= value_ + 1e-13 * scale && try_kink(to)) return true;
    }
    radius_ *= 0.25;
    if (radius_ > 1e-9) return true;
    if (drop_farthest()) {
      radius_ = 1e-3;
      return true;
    }
    out.problem = "no step lowers the loss: gradient along the kinks " +
                  std::to_string(gradient_norm);
    return false;
  }

  bool try_kink(const LineStep& to) {
    move_to(to.theta, to.value);
    if (!try_to_add(to.site)) return false;
    point_.slopes = point_.slopes.clone();
    point_.slopes[to.site] =
        (table_.low[to.site].item<double>() + table_.high[to.site].item<double>()) / 2;
    return true;
  }

  bool escape(const Tensor& direction, ActiveSetResult& out) {
    if (++escapes_ > 10) {
      out.problem = "negative curvature along the kinks that no step follows";
      return false;
    }
    std::optional<LineStep> best;
    Tensor along;
    for (const double sign : {1.0, -1.0}) {
      const auto d = spread(sign * direction);
      const auto line = best_along(d);
      if (line && (!best || line->value < best->value)) {
        best = line;
        along = d;
      }
    }
    if (!best) {
      out.problem = "negative curvature along the kinks, within rounding";
      return false;
    }
    if (best->site >= 0) {
      stop_at_kink(*best, along);
    } else {
      move_to(best->theta, best->value);
    }
    return true;
  }

  const Objective& objective_;
  Tensor free_;
  ActiveSetOptions options_;
  SiteTable table_;
  KinkPoint point_;
  Tensor restore_;
  double value_ = 0;
  double radius_ = 1;
  int64_t dropped_ = -1;
  int64_t rank_ = 0;  // of the rows of the active sites
  int blind_steps_ = 0;
  int escapes_ = 0;
};

}  // namespace

ActiveSetResult minimize_active_set(const Objective& objective,
                                    const Tensor& theta,
                                    const Tensor& free,
                                    const ActiveSetOptions& options) {
  return Search(objective, theta, free, options).run();
}

}  // namespace basin
