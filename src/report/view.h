#pragma once

#include <array>
#include <vector>

#include "report/heights.h"

namespace basin {

/// A view of a surface in parallel projection, from above: x, y and the share z of the
/// height, all in [0, 1].
struct View {
  double turn = 0.62;    ///< of the floor round the vertical, in radians
  double tilt = 0.52;    ///< of the eye above the floor, in radians
  double height = 0.56;  ///< what a share of 1 measures, in sides of the floor

  /// Right and up, in sides of the floor, from the middle of the picture.
  std::array<double, 2> operator()(double x, double y, double z) const;

  /// Larger is farther away.
  double depth(double x, double y) const;

  /// From the middle of the surface to the eye, of unit length.
  std::array<double, 3> eye() const;
};

/// A surface over the unit square: bilinear between its points.
class Surface {
 public:
  /// Thinned to at most `most` cells along each side. A thinned point is the lowest of
  /// the block it stands for: no valley falls between two points.
  Surface(const Heights& heights, int64_t most);

  int64_t nx() const { return grid_.nx; }
  int64_t ny() const { return grid_.ny; }
  double x(int64_t i) const { return static_cast<double>(i) / (grid_.nx - 1.0); }
  double y(int64_t j) const { return static_cast<double>(j) / (grid_.ny - 1.0); }
  double z(int64_t i, int64_t j) const { return grid_.at(i, j); }

  /// The height share over (x, y) in the unit square; NaN where there is none.
  double at(double x, double y) const;

 private:
  HeightGrid grid_;
};

/// Whether nothing of the surface stands between the eye and its point over (x, y).
bool is_visible(const Surface& surface, const View& view, double x, double y);

/// The share of the lowest points, an eighth of the heights from the bottom, that the
/// view shows; 1 if there are none.
double visible_share(const Surface& surface, const View& view);

/// Of 16 turns and five steps of more tilt and less height, the first step that shows
/// three quarters of the lowest points in its best turn; if none does, the view that
/// shows most.
View best_view(const Surface& surface);

}  // namespace basin
