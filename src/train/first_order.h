#pragma once

#include "train/record.h"

namespace basin {

/// Trains every row of `out.theta` by a first-order rule, as many side by side as the
/// objective has lanes: where a seed stops, the next one begins. Fills theta, steps and
/// stop of `out`.
void train_first_order(const SampledObjective& objective,
                       uint64_t user_seed,
                       const TrainOptions& options,
                       TrainedSeeds& out,
                       Record& record);

}  // namespace basin
