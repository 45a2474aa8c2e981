#pragma once

#include "model/network_objective.h"

namespace basin {

/// The loss of a network on a data set by the path that fits. `path` becomes the one
/// chosen. Throws InputError if kFused cannot be had.
std::unique_ptr<SampledObjective> make_objective(const Network& network,
                                                 const LossOptions& loss,
                                                 const Dataset& data,
                                                 const Placement& placement,
                                                 ComputePath& path);

}  // namespace basin
