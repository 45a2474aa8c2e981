#pragma once

#include <cstddef>
#include <vector>

namespace basin {

/// A box on the surface of a cube [-1, 1]^m: one coordinate is ±1, its half width 0.
struct DirectionBox {
  std::vector<double> centre;
  std::vector<double> half;
};

/// The 2 m faces of the cube.
std::vector<DirectionBox> faces(size_t m);

/// The coordinate that is ±1.
size_t face_of(const DirectionBox& box);

/// Coordinate of the greatest half width.
size_t widest(const DirectionBox& box);

/// The two halves, cut at coordinate i.
std::vector<DirectionBox> halves(const DirectionBox& box, size_t i);

/// Its corners, a row each.
std::vector<double> corners(const DirectionBox& box);

/// Length of the shortest vector in the box.
double least_length(const DirectionBox& box);

/// How far x·y reaches from its value at the centre, over the y of the box.
double reach(const double* x, const DirectionBox& box);

/// Whether the ray along x meets the box made wider by `share` of its half widths.
bool meets(const std::vector<double>& x, const DirectionBox& box, double share);

double dot(const double* x, const double* y, size_t n);
double length(const std::vector<double>& x);

}  // namespace basin
