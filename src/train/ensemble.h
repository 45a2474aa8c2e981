#pragma once

#include "core/objective.h"
#include "train/options.h"

namespace basin {

/// Where seeds `first`, ..., `first + S - 1` ended.
struct TrainedSeeds {
  int64_t first = 0;
  torch::Tensor theta;          ///< `[S, P]`, float64
  torch::Tensor loss;           ///< full-batch loss at theta, `[S]`, float64
  torch::Tensor gradient_norm;  ///< ‖g‖∞ there, `[S]`, float64
  std::vector<int64_t> steps;
  std::vector<StopReason> stop;
  torch::Tensor curve;       ///< loss at `curve_steps`, `[S, C]`; NaN where diverged
  torch::Tensor trajectory;  ///< θ every trajectory_every steps, `[S, T, P]`
};

/// The steps at which a loss curve is kept: C of them, from 0 to `steps`.
std::vector<int64_t> curve_steps(const TrainOptions& options);

/// Trains the rows of `initial` `[S, P]`, seeds `first` onward, as one batch.
///
/// A seed that stops or diverges leaves the batch; the numbers of the others do not
/// change. Mini-batches: each seed has its own order, drawn from (user seed,
/// kBatchOrder, seed); an epoch is a permutation, its incomplete last batch is left
/// out. Throws Stopped if the user asks to stop.
TrainedSeeds train_seeds(const SampledObjective& objective,
                         const torch::Tensor& initial,
                         int64_t first,
                         uint64_t user_seed,
                         const TrainOptions& options);

}  // namespace basin
