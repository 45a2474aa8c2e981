#include "minima/kink_verdict.h"

#include <ATen/Functions.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "curvature/symmetric_eigen.h"
#include "minima/fall_on_kinks.h"
#include "minima/finite_moves.h"
#include "minima/newton.h"
#include "minima/null_sources.h"
#include "minima/same_sites.h"
#include "minima/symmetry.h"
#include "minima/zeroed_test.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kLeastMargin = 1e-6;

// Zero modes of the reduced Hessian that symmetries explain: tangents that stay on the
// kinks, move no held parameter and are annihilated by it.
ExplainedModes explain_along(const MinimaProblem& problem,
                             const Tensor& theta,
                             const Tensor& free,
                             const KinkSystem& system,
                             double scale,
                             double radius) {
  auto sources = sources_that_hold(problem,
                                   theta,
                                   null_sources(problem, theta),
                                   {.reach = 0.5 * radius, .differentiable = false});
  for (auto& source : sources) {
    const auto inside = source.tangents.index_select(1, free);
    const auto along = at::mm(inside, system.along);
    const auto size = source.tangents.norm(2, {1}).clamp_min(1e-300);
    const auto bent = at::mm(along, system.hessian).norm(2, {1}) / size;
    const auto left = (along.norm(2, {1}) / size - 1).abs();
    const auto held = (bent <= 1e-6 * scale).logical_and(left <= 1e-6);
    source.tangents = along.index_select(0, held.nonzero().squeeze(1));
  }
  return explain(sources, system.along.size(1));
}

// Saddle, if a step along the direction lowers the loss, straight or on the kinks; else
// undecided.
void add_witness(const MinimaProblem& problem,
                 const KinkPoint& point,
                 const Tensor& free,
                 const Tensor& restore,
                 const Tensor& direction,
                 Endpoint& out) {
  auto down = largest_fall(problem.objective, out.theta, out.loss, direction);
  const double noise = 16 * value_noise(problem.objective, out.theta);
  if (!(down.fall > noise)) {
    down = largest_fall_on_kinks(
        problem.objective, point, free, restore, direction, out.loss);
  }
  out.witness_fall = down.fall;
  if (out.witness_fall > noise) {
    out.verdict = Verdict::kSaddle;
    out.witness = down.step;
  } else {
    out.verdict = Verdict::kUndecided;
    out.witness_fall = Endpoint::kNan;
    out.reason += ", but the step tried along it lowers nothing beyond rounding";
  }
}

void fill_curvature(const Tensor& values, const MinimaOptions& options, Endpoint& out) {
  if (values.numel() == 0) {
    out.nullity = 0;
    out.index = 0;
    return;
  }
  const double scale = values.abs().max().item<double>();
  const auto zero = values.abs() <= options.zero_tolerance * scale;
  out.min_eigenvalue = values[0].item<double>();
  out.max_eigenvalue = values[-1].item<double>();
  out.residual = 0;
  out.nullity = zero.sum().item<int64_t>();
  out.index = (values < 0).logical_and(zero.logical_not()).sum().item<int64_t>();
  const auto keep = std::min<int64_t>(values.size(0), out.nullity + out.index + 3);
  out.eigenvalues = values.narrow(0, 0, keep).clone();
}

// "12 kinks hold, by layer 8 + 4", where there are several layers.
std::string kinks_text(const std::vector<KinkBlock>& blocks,
                       const std::vector<int64_t>& sites) {
  if (sites.size() == 1) return "1 kink holds";
  auto out = fmt::format("{} kinks hold", sites.size());
  if (blocks.size() == 1 || sites.empty()) return out;
  std::vector<int64_t> counts;
  for (const auto& b : blocks) {
    counts.push_back(std::count_if(sites.begin(), sites.end(), [&](int64_t s) {
      return s >= b.offset && s < b.offset + b.size();
    }));
  }
  return out + fmt::format(", by layer {}", fmt::join(counts, " + "));
}

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

// Whether the kinks that samples share at this point are shared, too, where the units
// at zero of a layer are not: Theorem 2 needs it.
bool shared_at_full_width(const MinimaProblem& problem,
                          const std::vector<KinkBlock>& blocks,
                          const Tensor& z,
                          const KinkPlace& place,
                          const SameSites& same) {
  if (place.active.empty()) return true;
  const auto wide = same_sites(problem.layout, blocks, z, {});
  const auto sites = index_of(place.active);
  return wide.index_select(0, sites).equal(same.index_select(0, sites));
}

}  // namespace

void judge_on_kinks(const MinimaProblem& problem,
                    const KinkPlace& place,
                    const MinimaOptions& options,
                    Endpoint& out) {
  out.kinks = static_cast<int64_t>(place.active.size());
  out.zeroed = static_cast<int64_t>(place.zeroed.size());
  const auto free = free_parameters(problem.layout, place.zeroed);
  if (free.size(0) > options.dense_limit) {
    out.reason = fmt::format(
        "{} pre-activations on a kink: not judged above {} parameters (dense_limit)",
        out.kinks,
        options.dense_limit);
    return;
  }
  KinkPoint point{.theta = out.theta,
                  .slopes = side_slopes(problem.objective, out.theta),
                  .active = {}};
  const auto blocks = problem.objective.kink_blocks();
  for (const auto& b : blocks) {
    for (const auto site : place.active) {
      if (site >= b.offset && site < b.offset + b.size()) {
        point.slopes[site] = (b.low + b.high) / 2;
      }
    }
  }
  const auto z = arguments_at(problem.objective, out.theta);
  const auto same = same_sites(problem.layout, blocks, z, place.zeroed);
  point.active = first_of_each(place.active, same);
  const auto firsts = point.active;
  auto system = kink_system(problem.objective, free, same, point);
  const auto weak = release_weak(problem, free, same, point, system);
  const auto reduced = at::mv(system.along.t(), system.gradient);
  out.gradient_norm = at::mv(system.along, reduced).abs().max().item<double>();
  // On a kink the true gradient jumps; that of the frozen loss is rounded as usual.
  out.noise = gradient_floor(*problem.objective.frozen(point.slopes), out.theta);
  if (out.gradient_norm > std::max(options.gradient_tolerance, out.noise)) {
    out.reason = fmt::format("gradient {:.1e} along {} kinks is above the tolerance",
                             out.gradient_norm,
                             out.kinks);
    return;
  }
  if (out.kinks > 0) {
    const auto shares = slope_shares(problem.objective, point);
    out.kink_margin = shares.numel() == 0
                          ? 0.5
                          : at::minimum(shares, 1 - shares).min().item<double>();
    out.kink_force = least_force(problem, point, same, firsts);
  }
  auto everywhere = point;  // each sample of its own
  everywhere.active = like_any(place.active, same, point.active);
  auto zeroed = test_zeroed(problem, everywhere, place.zeroed);
  // A unit that grows in a silent layer would part the samples it is silent on.
  const bool parted =
      out.zeroed > 0 && !shared_at_full_width(problem, blocks, z, place, same);
  if (parted && zeroed.silent == Answer::kYes) zeroed.silent = Answer::kUndecided;
  if (out.zeroed > 0) out.silence = zeroed.ratio;
  if (zeroed.silent == Answer::kNo) {
    out.index = 0;
    out.reason =
        fmt::format("a unit at zero can grow: dual ratio {:.6g} > 1", zeroed.ratio);
    add_witness(problem, point, free, system.inverse, zeroed.step, out);
    if (out.verdict == Verdict::kSaddle) {
      out.reason += fmt::format(", the loss falls by {:.1e}", out.witness_fall);
      return;
    }
    // With other slopes of the kinks above it may not grow.
    zeroed.silent = Answer::kUndecided;
    out.verdict = Verdict::kNotConverged;
    out.index = -1;
  }
  if (out.kinks > 0 && !(out.kink_margin >= kLeastMargin && out.kink_force > 0)) {
    out.reason = fmt::format(
        "a kink does not hold: least slope share {:.1e}, least force {:.1e}",
        out.kink_margin,
        out.kink_force);
    return;
  }
  const auto [values, vectors] = symmetric_eigen(system.hessian);
  fill_curvature(values, options, out);
  const double next =
      solution_length({values, vectors}, reduced, options.zero_tolerance);
  if (!(out.radius > kLeastRadius * (1 + out.norm) && out.radius > 10 * next)) {
    out.verdict = Verdict::kUndecided;
    out.reason =
        fmt::format("another kink is {:.1e} away, Newton's next step {:.1e} long",
                    out.radius,
                    next);
    return;
  }
  if (out.index > 0) {
    const auto direction = at::zeros_like(out.theta).index_add(
        0, free, at::mv(system.along, vectors.select(1, 0)));
    out.reason = fmt::format(
        "negative curvature {:.3e} along {} kinks", out.min_eigenvalue, out.kinks);
    add_witness(problem, point, free, system.inverse, direction, out);
    return;
  }
  const double scale = values.numel() > 0 ? values.abs().max().item<double>() : 0;
  const auto explained =
      explain_along(problem, out.theta, free, system, scale, out.radius);
  out.explained = explained.total;
  out.sources = explained.text;
  if (out.nullity != out.explained) {
    out.verdict = Verdict::kDegenerateMinimum;
    out.reason = fmt::format("on {} kinks, {} zero modes, symmetries explain {}",
                             out.kinks,
                             out.nullity,
                             out.explained);
    return;
  }
  out.reason = fmt::format(
      "{} (slope shares at least {:.2g} from their ends), least eigenvalue along the "
      "kinks {:.3e}",
      kinks_text(blocks, place.active),
      out.kinks > 0 ? out.kink_margin : 1.0,
      out.min_eigenvalue);
  if (weak > 0) out.reason += fmt::format(", {} slopes at an end not needed", weak);
  if (out.nullity > 0) out.reason += fmt::format(", zero modes: {}", out.sources);
  if (zeroed.silent == Answer::kUndecided) {
    out.verdict = Verdict::kPrunedMinimum;
    out.reason += fmt::format(
        "; of the network without {} units at zero: whether they can grow was not "
        "decided (dual ratio at least {:.4g})",
        out.zeroed,
        zeroed.ratio);
    return;
  }
  out.verdict = zeroed.splitting ? Verdict::kModuloSplitting : Verdict::kKinkMinimum;
  out.certificate = Certificate::kActiveSet;
  if (out.zeroed > 0) {
    out.reason += fmt::format(
        "; {} units held at zero (dual ratio {})",
        out.zeroed,
        zeroed.splitting ? "1 at the live units alone: a minimum modulo splitting"
                         : fmt::format("{:.4g} < 1", out.silence));
  }
}

}  // namespace basin
