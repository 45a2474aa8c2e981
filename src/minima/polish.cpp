#include <ATen/Functions.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/stop.h"
#include "minima/judge.h"
#include "minima/newton.h"
#include "minima/polish_on_kinks.h"
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
constexpr int kMostOn = 2;  // on from where it ended

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
    if (end.growth.defined() && round < kMostRounds) {
      const auto p = polish_grown(problem, at, end.growth, options);
      if (!p) return end;
      at = p->theta;
      steps += p->steps;
      continue;
    }
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

// Where no critical point on kinks was reached: from less far along, then from where
// the search ended.
Endpoint again(const MinimaProblem& problem,
               const Tensor& start,
               int64_t steps_on,
               Endpoint end,
               const MinimaOptions& options) {
  const auto take = [&](const Tensor& from, int64_t steps) {
    const auto near =
        minimize_lbfgs(problem.objective, from, {.max_iterations = steps});
    auto other = finish_or_say(
        problem, near.theta[0].clone(), end.polish_steps + near.iterations[0], options);
    const bool lower = other.loss < end.loss;
    if (other.verdict != Verdict::kNotConverged || lower) end = std::move(other);
  };
  for (const auto steps : kAgain) {
    if (end.verdict == Verdict::kNotConverged) take(start, steps);
  }
  for (int k = 0; k < kMostOn; ++k) {
    if (end.verdict == Verdict::kNotConverged) take(end.theta.unsqueeze(0), steps_on);
  }
  return end;
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
    const auto first_steps =
        exact && kinked ? std::min(kBeforeKinks + kBeforeKinksEach * start.size(1),
                                   options.polish_iterations)
                        : options.polish_iterations;
    const auto near = minimize_lbfgs(
        problem.objective,
        start,
        {.max_iterations = first_steps,
         .gradient_tolerance = exact ? std::max(1e-7, options.gradient_tolerance)
                                     : options.gradient_tolerance});
    for (size_t k = 0; k < alive.size(); ++k) {
      check_stop();
      const auto row = static_cast<int64_t>(k);
      auto end =
          finish_or_say(problem, near.theta[row].clone(), near.iterations[k], options);
      if (exact && kinked) {
        end = again(
            problem, start.narrow(0, row, 1), first_steps, std::move(end), options);
      }
      out[static_cast<size_t>(alive[k])] = end;
    }
  }
  for (size_t i = 0; i < out.size(); ++i) out[i].seed = first + static_cast<int64_t>(i);
  return out;
}

}  // namespace basin
