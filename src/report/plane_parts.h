#pragma once

#include <string>

#include "report/axis.h"
#include "report/contours.h"
#include "report/heights.h"
#include "store/results.h"

namespace basin {

// What figures of planes are put together from: SVG in pixels.

inline constexpr double kLeft = 72, kTop = 36, kSide = 420, kRightOfPlot = 104;

/// Distance in θ up to which a point lies on the plane.
inline constexpr double kOnPlane = 1e-9;

/// The region of the plot: elements with clip-path="url(#plot)" end there.
inline constexpr const char* kClip =
    "<clipPath id=\"plot\"><rect x=\"72\" y=\"36\" width=\"420\" "
    "height=\"420\"/></clipPath>\n";

/// The place of a grid of nx × ny points over a slice.
struct PlotFrame {
  Axis x, y;
  int64_t nx, ny;

  double px(double i) const {
    return x.from + (x.to - x.from) * i / static_cast<double>(nx - 1);
  }
  double py(double j) const {
    return y.from + (y.to - y.from) * j / static_cast<double>(ny - 1);
  }
};
PlotFrame frame_of(const StoredSlice& slice, int64_t nx, int64_t ny);

/// The data of a path: the region above `level`, closed, to be filled; or only its
/// border inside the plot, to be stroked.
enum class Outline { kClosed, kInside };
std::string outline(const HeightGrid& grid,
                    double level,
                    const PlotFrame& frame,
                    Outline kind);

std::string stroke(const std::string& data, const char* colour, bool dashed);

/// The sign of a mark at (x, y) in pixels. Filled: on the plane; hollow: projected onto
/// it. A saddle is a cross, a place without a verdict a plus.
std::string mark_sign(const SliceMark& mark, double x, double y);

/// All marks inside the plot with their labels.
std::string marks_svg(const std::vector<SliceMark>& marks, const PlotFrame& frame);

/// A path; inside the line the colours of its own loss, where that is known.
std::string path_of(const SlicePath& path,
                    const PlotFrame& frame,
                    const Heights& heights);

/// What lines mean, in rows below the plot.
struct Key {
  std::string svg;
  double at = kLeft;
  int rows = 1;

  void add(const std::string& colour, bool dashed, const std::string& text);
};

}  // namespace basin
