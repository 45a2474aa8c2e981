#pragma once

#include <vector>

namespace basin {

/// The value below which a share q lies, the upper one of two in the middle; NaN if
/// there are none. Entries that are NaN are left out.
double quantile(std::vector<double> values, double q);

/// The same of the finite ones: of losses, where seeds may have diverged.
double loss_quantile(std::vector<double> values, double q);

}  // namespace basin
