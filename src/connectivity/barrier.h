#pragma once

#include <string>
#include <vector>

#include "core/objective.h"

namespace basin {

/// How high L rises between two points of loss L0 and L1, by three definitions:
///
///   chord   max_t L(γ(t)) − [(1 − t) L0 + t L1]
///   mean    max_t L(γ(t)) − (L0 + L1) / 2
///   pass    max_t L(γ(t)) − max(L0, L1)
///
struct Barrier {
  double chord = 0;
  double mean = 0;
  double pass = 0;
  double top = 0;  ///< max L
  double at = 0;   ///< where: t in [0, 1]
};

/// From values at t `[n]`, ascending from 0 to 1; ends included.
Barrier barrier_of(const std::vector<double>& t, const std::vector<double>& loss);

/// The barriers on the straight line between two points. A number that is not defined
/// (no classes, nothing held out) is NaN.
struct LineBarrier {
  Barrier loss;
  bool exact = false;  ///< from the polynomials of all pieces; else refined samples
  int64_t kinks = 0;
  int64_t points = 0;    ///< t at which anything was evaluated
  double error = 0;      ///< largest share of samples classified wrong, on a grid
  double end_error = 0;  ///< the larger of the two ends'
  double held_out = 0;   ///< `pass` of the held-out loss, on a grid
  double held_out_error = 0;
};

/// L on 33 points (more where a pre-activation of the first layer changes by more than
/// 16 along the line; and at all first-layer kinks), then golden section in every
/// bracket; twice as many points until the top no longer moves, 4,097 at most; where
/// the pieces of L on the line are known, exactly. `held_out` may be null. Error and
/// held-out numbers are from 33 points and where L is highest.
LineBarrier line_barrier(const SampledObjective& objective,
                         const SampledObjective* held_out,
                         const torch::Tensor& a,
                         const torch::Tensor& b);

/// The highest point of L on the segment a → b, `[P]` each: t and L.
struct HighPoint {
  double t = 0;
  double loss = 0;
};
HighPoint highest_on(const SampledObjective& objective,
                     const torch::Tensor& a,
                     const torch::Tensor& b);

}  // namespace basin
