#pragma once

#include <string>
#include <vector>

#include "report/axis.h"

namespace basin {

/// The names of categories below a horizontal axis `bottom` pixels down, at x = 0, 1,
/// ...: side by side, or slanted where they would touch, and then not all if they are
/// many. Long ones are shortened; the whole name is shown on hovering.
std::string category_names(const Axis& x,
                           double bottom,
                           const std::vector<std::string>& names);

/// Pixels that the names need below an axis of `width` pixels more than one row.
double room_below(const std::vector<std::string>& names, double width);

}  // namespace basin
