#pragma once

#include "core/layout.h"
#include "core/objective.h"
#include "minima/endpoint.h"
#include "minima/options.h"

namespace basin {

/// What the stages of this module look at: a float64, full-batch loss and the
/// symmetries of its parameters.
struct MinimaProblem {
  const SampledObjective& objective;
  ParameterLayout layout;
  bool decayed = false;  ///< weight decay acts on every parameter
};

/// Brings trained seeds, the rows of θ `[S, P]`, to critical points and judges each:
/// L-BFGS for all rows at once, then damped Newton where P is small enough. Row i
/// belongs to seed first + i; `diverged[i]` marks the seeds that training lost.
std::vector<Endpoint> polish_and_judge(const MinimaProblem& problem,
                                       const torch::Tensor& theta,
                                       int64_t first,
                                       const std::vector<bool>& diverged,
                                       const MinimaOptions& options);

/// The first verdict on a point `[P]` that polishing has left. What is not shown is
/// called `not_converged` or `degenerate_minimum`, with the reason.
Endpoint judge(const MinimaProblem& problem,
               const torch::Tensor& theta,
               const MinimaOptions& options);

}  // namespace basin
