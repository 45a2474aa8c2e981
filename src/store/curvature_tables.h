#pragma once

#include "store/results.h"

namespace basin {

/// curvature.csv, layer_curvature.csv, density.csv, quadratic.csv and eigenvalues.csv
/// of the points measured; nothing if there are none.
void write_curvature_tables(Results& results, const std::filesystem::path& folder);

}  // namespace basin
