#pragma once

#include <string>

namespace basin {

/// "#rrggbb" of Viridis (van der Walt and Smith 2015) at t in [0, 1]: even in
/// lightness, safe for colour-blind eyes. `light` multiplies the result: 1 as it is.
std::string viridis(double t, double light = 1);

}  // namespace basin
