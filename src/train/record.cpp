#include "train/record.h"

#include <ATen/Functions.h>

#include <limits>

namespace basin {

Record::Record(const TrainOptions& options, int64_t seeds, int64_t parameters)
    : at_(curve_steps(options)),
      next_(static_cast<size_t>(seeds), 0),
      every_(options.trajectory_every) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  curve = at::full({seeds, static_cast<int64_t>(at_.size())}, kNan, torch::kFloat64);
  if (every_ > 0) {
    const auto points = options.steps / every_ + 1;
    trajectory = at::full({seeds, points, parameters}, kNan, torch::kFloat64);
  }
}

void Record::close(int64_t seed, int64_t step, double loss) {
  for (size_t k = 0; k < at_.size(); ++k) {
    if (at_[k] >= step)
      curve.data_ptr<double>()[seed * curve.size(1) + static_cast<int64_t>(k)] = loss;
  }
}

}  // namespace basin
