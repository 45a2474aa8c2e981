#pragma once

#include "core/layout.h"
#include "core/objective.h"

namespace basin {

/// 100 · (max L(θ + δ) − L(θ)) / (1 + L(θ)), from below: the largest rise that
/// projected gradient ascent found from several starts.
struct Sharpness {
  double box = 0;  ///< over |δ_i| <= ε (|θ_i| + 1); Keskar et al. 2017, metric 2.1
  double filter = 0;  ///< over ‖δ_f‖ <= ε ‖θ_f‖ for the weights of each unit f, biases
                      ///< still: no rescaling of units changes it
};

struct SharpnessOptions {
  double box_radius = 1e-3;     ///< ε of the box
  double filter_radius = 0.05;  ///< ε of the filters
  int64_t starts = 8;
  int64_t steps = 20;
  uint64_t seed = 0;
};

Sharpness sharpness(const SampledObjective& objective,
                    const ParameterLayout& layout,
                    const torch::Tensor& theta,
                    const SharpnessOptions& options);

}  // namespace basin
