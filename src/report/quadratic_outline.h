#pragma once

#include <vector>

#include "store/results.h"

namespace basin {

/// How far the second order at the centre of a plane holds in one direction.
struct OutlinePoint {
  double x = 0, y = 0;
  bool at_edge = false;  ///< it holds up to the edge of the plane
};

/// In each of 360 directions p from the centre (0, 0) of the plane, the end of the
/// largest stretch of t on which
///
///   |loss(t p) − second order(t p)| <= `error` · |½ t² pᵀH p|
///
/// The misfit is interpolated between the points of the grid, over |p|³ so that it is
/// even near the centre. A reach below a cell and a half of the grid is drawn as that.
/// Empty where the centre is not on the plane or the grid has under 3 points a side.
std::vector<OutlinePoint> quadratic_outline(const StoredSlice& slice, double error);

}  // namespace basin
