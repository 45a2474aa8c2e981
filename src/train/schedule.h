#pragma once

#include "train/options.h"

namespace basin {

/// The learning rate of step `step`, from 0.
double learning_rate_at(const TrainOptions& options, int64_t step);

}  // namespace basin
