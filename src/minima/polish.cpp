#include <ATen/Functions.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/stop.h"
#include "minima/composite_newton.h"
#include "minima/fall_on_kinks.h"
#include "minima/held_kinks.h"
#include "minima/judge.h"
#include "minima/kink_verdict.h"
#include "minima/newton.h"
#include "minima/same_sites.h"
#include "minima/zeroed_test.h"
#include "train/lbfgs.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int kMostRounds = 30;
// Steps of L-BFGS before those on kinks, and some more for each parameter, as they cost
// less the larger the network: more lead small ones into corners.
constexpr int64_t kBeforeKinks = 300;
constexpr int64_t kBeforeKinksEach = 4;
// Where no critical point was reached: again, from less far along.
constexpr int64_t kAgain[] = {100, 30};
constexpr double kDependent = 1e-9;  // singular values of rows
constexpr double kGone = 1e-6;  // of ‖θ‖: a unit that decay has brought to zero

/// A point under way.
struct Polished {
  Tensor theta;
  int64_t steps = 0;
};

double unit_norm(const ParameterLayout& layout, const Tensor& theta, const UnitId& id) {
  double square = 0;
  for (const auto p : unit_parameters(layout, id)) {
    square += std::pow(theta[p].item<double>(), 2);
  }
  return std::sqrt(square);
}

// Sets units to zero that decay has brought there, or nearly, where that does not raise
// the loss. Whether they stay is asked later.
bool zero_small_units(const MinimaProblem& problem, Tensor& theta) {
  if (problem.decay == 0) return false;
  bool changed = false;
  const double size = theta.norm().item<double>();
  for (size_t g = 0; g < problem.layout.groups.size(); ++g) {
    const auto& group = problem.layout.groups[g];
    if (!group.positive_scaling || group.layers.size() > 1 || group.readers.empty()) {
      continue;
    }
    double most = 0;
    std::vector<double> norms;
    for (int64_t u = 0; u < group.units; ++u) {
      norms.push_back(unit_norm(problem.layout, theta, {g, u}));
      most = std::max(most, norms.back());
    }
    for (int64_t u = 0; u < group.units; ++u) {
      const double norm = norms[static_cast<size_t>(u)];
      const bool gone = norm <= kGone * (1 + size);
      if (norm == 0 || (norm > 0.05 * most && !gone)) continue;
      auto without = theta.clone();
      for (const auto p : unit_parameters(problem.layout, {g, u})) without[p] = 0.0;
      const auto both = problem.objective.value(at::stack({theta, without}));
      if (!(both[1].item<double>() <= both[0].item<double>() + 1e-14)) continue;
      theta = without;
      changed = true;
    }
  }
  return changed;
}

// A unit at zero that can grow is given the length along its step that lowers L most,
// straight or on the kinks.
bool revive_units(const MinimaProblem& problem,
                  const std::vector<UnitId>& zeroed,
                  KinkPoint& point) {
  const auto test = test_zeroed(problem, point, zeroed, /*max_nodes=*/0);
  if (test.silent != Answer::kNo) return false;
  const auto& objective = problem.objective;
  const double value = objective.value(point.theta.unsqueeze(0)).item<double>();
  const double noise = 16 * value_noise(objective, point.theta);
  auto down = largest_fall(objective, point.theta, value, test.step);
  if (!(down.fall > noise) && !point.active.empty()) {
    const auto rows = objective.frozen(point.slopes)
                          ->argument_gradients(point.theta, index_of(point.active));
    const auto all = at::arange(point.theta.size(0), torch::kInt64);
    down = largest_fall_on_kinks(
        objective, point, all, at::linalg_pinv(rows, kDependent), test.step, value);
  }
  if (!(down.fall > noise)) return false;
  point.theta = point.theta + down.step;
  return true;
}

// The kinks of units at zero are not held.
void leave_out(const ParameterLayout& layout,
               const std::vector<KinkBlock>& blocks,
               const std::vector<UnitId>& zeroed,
               std::vector<int64_t>& active) {
  std::erase_if(active, [&](int64_t site) {
    const auto block = std::find_if(blocks.begin(), blocks.end(), [&](const auto& b) {
      return site < b.offset + b.size();
    });
    const auto unit = (site - block->offset) / block->samples;
    return is_one_of(layout, zeroed, block->layer, unit);
  });
}

// Where composite Newton has come to rest on kinks that hold with other slopes than its
// own (kinks that read others: its model is not exact there) it goes on with these.
bool take_held_slopes(const MinimaProblem& problem,
                      const std::vector<UnitId>& zeroed,
                      const MinimaOptions& options,
                      KinkPoint& point) {
  const auto free = free_parameters(problem.layout, zeroed);
  const auto held =
      held_kinks(problem, free, place_of(problem, point.theta), options, point.theta);
  if (!held.hold || held.point.active.empty()) return false;
  point = held.point;
  return true;
}

Polished polish_on_kinks(const MinimaProblem& problem,
                         const Tensor& theta,
                         const MinimaOptions& options) {
  KinkPoint point{.theta = theta.clone()};
  int64_t steps = 0;
  const auto blocks = problem.objective.kink_blocks();
  zero_small_units(problem, point.theta);
  for (int round = 0; round < kMostRounds; ++round) {
    check_stop();
    const auto zeroed = problem.decay > 0 ? zeroed_units(problem.layout, point.theta)
                                          : std::vector<UnitId>{};
    leave_out(problem.layout, blocks, zeroed, point.active);
    const auto free = free_parameters(problem.layout, zeroed);
    const auto search = [&] {
      const auto found =
          minimize_composite(problem.objective,
                             point,
                             free,
                             {.max_iterations = options.newton_iterations,
                              .gradient_tolerance = options.gradient_tolerance,
                              .same_sites = [&](const Tensor& z) {
                                return same_sites(problem.layout, blocks, z, zeroed);
                              }});
      point = found.point;
      steps += found.iterations;
      return found.converged;
    };
    if (!search() && take_held_slopes(problem, zeroed, options, point)) search();
    if (zero_small_units(problem, point.theta)) continue;
    if (zeroed.empty() || !revive_units(problem, zeroed, point)) break;
  }
  return {point.theta, steps};
}

Polished polish_smooth(const MinimaProblem& problem,
                       const Tensor& theta,
                       const MinimaOptions& options) {
  const auto found = minimize_newton(problem.objective,
                                     theta,
                                     {.max_iterations = options.newton_iterations,
                                      .gradient_tolerance = options.gradient_tolerance,
                                      .zero_tolerance = options.zero_tolerance,
                                      .exact_limit = options.newton_limit,
                                      .cg_iterations = options.cg_iterations});
  return {found.theta, found.iterations};
}

// Newton, verdict, and on from every witness that L can still fall.
Endpoint finish(const MinimaProblem& problem,
                const Tensor& theta,
                int64_t steps,
                const MinimaOptions& options) {
  const bool kinked = !problem.objective.kink_blocks().empty();
  const bool exact = theta.size(0) <= options.newton_limit;
  auto at = theta;
  for (int round = 0;; ++round) {
    if (kinked && exact) {
      const auto p = polish_on_kinks(problem, at, options);
      at = p.theta;
      steps += p.steps;
    } else if (!kinked) {
      const auto p = polish_smooth(problem, at, options);
      at = p.theta;
      steps += p.steps;
    }
    auto end = judge(problem, at, options);
    end.polish_steps = steps;
    const bool can_fall = end.verdict == Verdict::kSaddle && end.witness.defined();
    if (!can_fall || round == kMostRounds) return end;
    const auto down =
        minimize_lbfgs(problem.objective,
                       (at + end.witness).unsqueeze(0),
                       {.max_iterations = options.polish_iterations,
                        .gradient_tolerance = options.gradient_tolerance});
    at = down.theta[0].clone();
    steps += down.iterations[0];
  }
}

// One bad endpoint never ends a run: what goes wrong with it is its reason.
Endpoint finish_or_say(const MinimaProblem& problem,
                       const Tensor& theta,
                       int64_t steps,
                       const MinimaOptions& options) {
  Endpoint out{.theta = theta, .polish_steps = steps};
  try {
    return finish(problem, theta, steps, options);
  } catch (const NumericError& error) {
    out.reason = fmt::format("could not be judged: {}", error.what());
  } catch (const c10::Error& error) {
    out.reason = fmt::format("could not be judged: {}", error.what_without_backtrace());
  }
  out.norm = theta.norm().item<double>();
  out.loss = problem.objective.value(theta.unsqueeze(0)).item<double>();
  if (std::isfinite(out.loss)) return out;
  out.verdict = Verdict::kDiverged;
  return out;
}

Endpoint diverged_endpoint(const Tensor& theta) {
  return {.verdict = Verdict::kDiverged,
          .reason = "training ended in numbers that are none, or huge",
          .theta = theta};
}

}  // namespace

std::vector<Endpoint> polish_and_judge(const MinimaProblem& problem,
                                       const Tensor& theta,
                                       int64_t first,
                                       const std::vector<bool>& diverged,
                                       const MinimaOptions& options) {
  std::vector<int64_t> alive;
  for (size_t i = 0; i < diverged.size(); ++i) {
    if (!diverged[i]) alive.push_back(static_cast<int64_t>(i));
  }
  std::vector<Endpoint> out;
  for (int64_t i = 0; i < theta.size(0); ++i)
    out.push_back(diverged_endpoint(theta[i]));
  if (!alive.empty()) {
    const auto start = theta.index_select(0, at::tensor(alive, torch::kInt64));
    // Newton takes over where it can.
    const bool exact = theta.size(1) <= options.newton_limit;
    // On kinks L-BFGS stalls; Newton on the kinks goes on from near enough.
    const bool kinked = !problem.objective.kink_blocks().empty();
    const auto near = minimize_lbfgs(
        problem.objective,
        start,
        {.max_iterations =
             exact && kinked ? std::min(kBeforeKinks + kBeforeKinksEach * start.size(1),
                                        options.polish_iterations)
                             : options.polish_iterations,
         .gradient_tolerance = exact ? std::max(1e-7, options.gradient_tolerance)
                                     : options.gradient_tolerance});
    for (size_t k = 0; k < alive.size(); ++k) {
      check_stop();
      const auto row = static_cast<int64_t>(k);
      auto end =
          finish_or_say(problem, near.theta[row].clone(), near.iterations[k], options);
      for (const auto steps : kAgain) {
        if (!(exact && kinked && end.verdict == Verdict::kNotConverged)) break;
        const auto nearer = minimize_lbfgs(
            problem.objective, start.narrow(0, row, 1), {.max_iterations = steps});
        auto other = finish_or_say(problem,
                                   nearer.theta[0].clone(),
                                   end.polish_steps + nearer.iterations[0],
                                   options);
        if (other.verdict != Verdict::kNotConverged) end = other;
      }
      out[static_cast<size_t>(alive[k])] = end;
    }
  }
  for (size_t i = 0; i < out.size(); ++i) out[i].seed = first + static_cast<int64_t>(i);
  return out;
}

}  // namespace basin
