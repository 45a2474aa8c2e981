#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace basin {

/// Heights z on a grid, row after row; NaN where there is none.
struct HeightGrid {
  int64_t nx = 0, ny = 0;
  std::vector<double> z;

  double at(int64_t i, int64_t j) const { return z[static_cast<size_t>(j * nx + i)]; }
};

using GridPoint = std::array<double, 2>;  ///< in steps of the grid from (0, 0)

/// The outlines of {z > level}, bilinear between the points of the grid: closed loops,
/// along the edge of the grid where the region meets it. Filled by the even-odd rule
/// they are the region. Marching squares; of two ways through a saddle, by the mean of
/// the cell.
std::vector<std::vector<GridPoint>> contour_loops(const HeightGrid& grid, double level);

}  // namespace basin
