#pragma once

#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/options.h"

namespace basin {

/// A real data set that is part of the program: its compressed CSV is linked in.
/// `src/data/sets/README.md` names source, licence and SHA-256 of each.
/// iris (150 × 4, 3 classes), wine (178 × 13, 3), breast_cancer (569 × 30, 2),
/// diabetes (442 × 10, regression), digits (1,797 × 64 in [0, 16], 10).
Dataset builtin_set(const DataOptions& options);

}  // namespace basin
