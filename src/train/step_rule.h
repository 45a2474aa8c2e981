#pragma once

#include <vector>

#include "train/options.h"

namespace basin {

/// What a first-order rule remembers of one seed.
template <typename T>
struct StepState {
  std::vector<T> first;   ///< velocity, or Adam's mean of g
  std::vector<T> second;  ///< Adam's mean of g²
};

template <typename T>
StepState<T> make_step_state(const TrainOptions& options, int64_t parameters);

/// θ ← θ − step(g), in place, for one seed. `step` counts from 0; `rate` is the
/// learning rate of this step. Polyak 1964; Nesterov 1983 (in the form of Sutskever
/// et al. 2013, as LibTorch has it); Kingma and Ba 2015; Loshchilov and Hutter 2019.
template <typename T>
void take_step(const TrainOptions& options,
               int64_t step,
               double rate,
               const T* gradient,
               StepState<T>& state,
               T* theta,
               int64_t parameters);

}  // namespace basin
