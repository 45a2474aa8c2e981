#pragma once

#include <torch/types.h>

#include "core/layout.h"

namespace basin {

/// A Gaussian direction `[P]`, number `index` of the user's seed, scaled to `norm`.
torch::Tensor random_direction(int64_t size,
                               uint64_t seed,
                               uint64_t index,
                               double norm);

/// What to do with biases when a direction is normalised.
enum class Biases { kZero, kAsWeights };

/// A Gaussian direction `[P]` whose weights of each unit (a row of W) have the norm of
/// the same unit of θ. Biases are zero, or the last weight of their unit. A skip
/// connection adds a layer's input as it is: it has no parameters, and changes nothing
/// here. Li, Xu, Taylor, Studer, Goldstein 2018, section 4.
torch::Tensor filter_direction(const ParameterLayout& layout,
                               const torch::Tensor& theta,
                               uint64_t seed,
                               uint64_t index,
                               Biases biases = Biases::kZero);

/// A Gaussian direction `[P]`: each weight matrix, and each vector of biases, has the
/// norm of that of θ.
torch::Tensor layer_direction(const ParameterLayout& layout,
                              const torch::Tensor& theta,
                              uint64_t seed,
                              uint64_t index);

/// Principal components of a trajectory.
struct Principal {
  torch::Tensor directions;  ///< rows of unit length, `[k, P]`
  torch::Tensor explained;   ///< share of the variance of each, `[k]`
};

/// The first `count` components of the points `[T, P]` about their mean, largest
/// variance first; each with the sign that makes its largest entry positive. Fewer if
/// the points span less.
Principal principal_components(const torch::Tensor& points, int64_t count);

}  // namespace basin
