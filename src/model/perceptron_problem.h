#pragma once

#include <type_traits>

#include "data/dataset.h"
#include "kernel/perceptron.h"
#include "model/network.h"

namespace basin {

template <typename T>
inline constexpr torch::ScalarType kDtype =
    std::is_same_v<T, float> ? torch::kFloat32 : torch::kFloat64;

/// A network on a data set, as the kernels want it. T is float or double.
template <typename T>
PerceptronProblem<T> problem_of(const Network& network,
                                const LossOptions& loss,
                                const Dataset& data);

}  // namespace basin
