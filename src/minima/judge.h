#pragma once

#include <limits>

#include "core/layout.h"
#include "core/objective.h"
#include "minima/endpoint.h"
#include "minima/null_sources.h"
#include "minima/options.h"

namespace basin {

/// What the stages of this module look at: a float64, full-batch loss and the
/// symmetries of its parameters.
struct MinimaProblem {
  const SampledObjective& objective;
  ParameterLayout layout;
  double decay = 0;  ///< weight decay on every parameter; 0: not on every one

  /// No loss is less, and some θ may attain it. −∞: nothing is known.
  double lower_bound = -std::numeric_limits<double>::infinity();

  bool convex = false;  ///< L is convex in θ, by a proof: prove_convex

  std::vector<DataSymmetry> data_symmetries;  ///< generators, as the config declares
  bool all_input_permutations = false;  ///< they are all permutations of the inputs
};

/// All that may make zero modes at θ `[P]`; each is to be checked, see
/// sources_that_hold.
std::vector<NullSource> null_sources(const MinimaProblem& problem,
                                     const torch::Tensor& theta);

/// Whether L is at its lower bound, to rounding: then θ is a minimum, whatever the
/// curvature.
bool at_lower_bound(const MinimaProblem& problem,
                    const torch::Tensor& theta,
                    double loss);

/// The verdict on a point `[P]` that polishing has left, with all the numbers that
/// support it. What is not shown is called `not_converged` or `degenerate_minimum`,
/// with the reason.
Endpoint judge(const MinimaProblem& problem,
               const torch::Tensor& theta,
               const MinimaOptions& options);

/// Brings trained seeds, the rows of θ `[S, P]`, to critical points and judges each:
/// L-BFGS for all rows at once, then Newton in a trust region, along the kinks where L
/// has any. Row i belongs to seed first + i; `diverged[i]` marks the seeds that
/// training lost.
std::vector<Endpoint> polish_and_judge(const MinimaProblem& problem,
                                       const torch::Tensor& theta,
                                       int64_t first,
                                       const std::vector<bool>& diverged,
                                       const MinimaOptions& options);

}  // namespace basin
