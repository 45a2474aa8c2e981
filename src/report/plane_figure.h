#pragma once

#include <string>

#include "store/results.h"

namespace basin {

/// A plane as a map of the loss (colours and contour lines; logarithmic where the loss
/// spans more than a factor of 20) with its marks.
std::string plane_figure(const StoredSlice& slice, const std::string& title);

/// A line: loss against the coordinate, marks as dots.
std::string line_figure(const StoredSlice& slice, const std::string& title);

}  // namespace basin
