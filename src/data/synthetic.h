#pragma once

#include "data/dataset.h"
#include "data/options.h"

namespace basin {

/// A data set made from the options and the user's seed alone.
///
/// single_sample: one pair (x, y). xor: the four corners, targets in the same
/// encoding, repeated if more samples are asked for. sine and polynomial: x uniform
/// on [-π, π] and [-1, 1]. blobs: Gaussian clusters round centres uniform in
/// [-4, 4]^d. moons: two half circles. spirals: arms of Archimedean spirals. teacher:
/// standard normal x, y = a tanh network with weights N(0, 1/√fan_in · 2).
/// `noise` is added to the targets (regression) or to the inputs (classes, xor).
Dataset synthetic_data(const DataOptions& options, uint64_t seed);

}  // namespace basin
