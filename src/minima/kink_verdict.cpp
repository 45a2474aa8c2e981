#include "minima/kink_verdict.h"

#include <ATen/Functions.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "curvature/symmetric_eigen.h"
#include "minima/fall_on_kinks.h"
#include "minima/finite_moves.h"
#include "minima/held_kinks.h"
#include "minima/newton.h"
#include "minima/null_sources.h"
#include "minima/parted_layers.h"
#include "minima/symmetry.h"
#include "minima/zeroed_test.h"

namespace basin {
namespace {

using torch::Tensor;

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
  const auto blocks = problem.objective.kink_blocks();
  const auto held = held_kinks(problem, free, place, options, out.theta);
  const auto& point = held.point;
  const auto& system = held.system;
  const auto reduced = at::mv(system.along.t(), system.gradient);
  out.gradient_norm = held.gradient;
  out.noise = held.noise;
  if (out.gradient_norm > std::max(options.gradient_tolerance, out.noise)) {
    out.reason = fmt::format("gradient {:.1e} along {} kinks is above the tolerance",
                             out.gradient_norm,
                             out.kinks);
    return;
  }
  if (out.kinks > 0) {
    out.kink_margin = held.margin;
    out.kink_force = held.force;
  }
  auto everywhere = point;  // each sample of its own
  everywhere.active = held.strong;
  const auto parted = parted_layers(problem, place, held);
  auto zeroed = test_zeroed(problem, everywhere, place.zeroed, parted);
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
  if (!held.hold) {
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
  if (held.weak > 0) {
    out.reason += fmt::format(", {} slopes at an end not needed", held.weak);
  }
  if (out.nullity > 0) out.reason += fmt::format(", zero modes: {}", out.sources);
  if (zeroed.silent == Answer::kUndecided) {
    out.verdict = Verdict::kPrunedMinimum;
    out.growth = zeroed.step;
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
    if (zeroed.apart)
      out.reason += ", though they would set samples apart that share kinks";
  }
}

}  // namespace basin
