#include "train/schedule.h"

#include <cmath>
#include <numbers>

namespace basin {

double learning_rate_at(const TrainOptions& o, int64_t step) {
  if (step < o.warmup) {
    return o.learning_rate * static_cast<double>(step + 1) /
           static_cast<double>(o.warmup);
  }
  const auto past = static_cast<double>(step - o.warmup);
  switch (o.schedule) {
    case Schedule::kConstant:
      return o.learning_rate;
    case Schedule::kStep:
      return o.learning_rate *
             std::pow(o.step_factor,
                      std::floor(past / static_cast<double>(o.step_every)));
    case Schedule::kCosine: {
      const auto length = static_cast<double>(std::max<int64_t>(1, o.steps - o.warmup));
      const double wave = 0.5 * (1 + std::cos(std::numbers::pi * past / length));
      return o.learning_rate * (o.final_fraction + (1 - o.final_fraction) * wave);
    }
  }
  return o.learning_rate;
}

}  // namespace basin
