#pragma once

#include "data/dataset.h"
#include "data/options.h"
#include "data/target_use.h"

namespace basin {

/// Makes or reads the data set, then keeps a subset, splits and standardises it.
///
/// Standardisation subtracts the mean and divides by the standard deviation of the
/// training part, column by column; a constant column is only shifted.
/// `features` then replaces the inputs by φ(V x + c): a hidden layer whose weights,
/// V `[features, d]` ~ N(0, 1/d) and c ~ N(0, 1), are drawn once and never trained
/// (Rahimi and Recht 2007, "Random features for large-scale kernel machines").
/// Throws InputError with every complaint about a file.
DataSplit load_data(const DataOptions& options,
                    uint64_t seed,
                    TargetUse use = TargetUse::kAny);

}  // namespace basin
