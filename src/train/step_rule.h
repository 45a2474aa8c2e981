#pragma once

#include "core/buffer.h"
#include "train/options.h"

namespace basin {

/// What a first-order rule knows of a group of seeds side by side: entry i of lane k
/// stands at [i * lanes + k]. `lanes` is a whole number of vectors.
template <typename T>
struct StepState {
  int64_t lanes = 0;
  int64_t parameters = 0;
  Buffer<T> first;   ///< velocity, or Adam's mean of g
  Buffer<T> second;  ///< Adam's mean of g²
  // Of each lane, for its next step:
  Buffer<T> rate;  ///< learning rate; Adam: over 1 − β1^t
  Buffer<T> root;  ///< Adam: 1 / √(1 − β2^t)
  Buffer<T> keep;  ///< AdamW: 1 − rate · decay
};

template <typename T>
StepState<T> make_step_state(const TrainOptions& options,
                             int64_t parameters,
                             int64_t lanes);

/// Forgets what is remembered of `lane`: a new seed begins there.
template <typename T>
void restart_lane(StepState<T>& state, int64_t lane);

/// Makes lane `lane` ready for step `step`, from 0.
template <typename T>
void prepare_step(const TrainOptions& options,
                  int64_t step,
                  int64_t lane,
                  StepState<T>& state);

/// Makes lane `to` ready for the same step as lane `from`.
template <typename T>
void copy_step(StepState<T>& state, int64_t from, int64_t to) {
  for (auto* each : {&state.rate, &state.root, &state.keep})
    (*each)[static_cast<size_t>(to)] = (*each)[static_cast<size_t>(from)];
}

/// θ ← θ − step(g), in place, for every lane. Polyak 1964; Nesterov 1983 (in the form
/// of Sutskever et al. 2013, as LibTorch has it); Kingma and Ba 2015; Loshchilov and
/// Hutter 2019. No product is fused with a sum: the same numbers on every machine.
template <typename T>
void take_steps(const TrainOptions& options,
                const T* gradient,
                StepState<T>& state,
                T* theta);

/// ‖g‖∞ of every lane; NaN if an entry is.
template <typename T>
void largest_entries(const T* gradient, int64_t parameters, int64_t lanes, T* out);

}  // namespace basin
