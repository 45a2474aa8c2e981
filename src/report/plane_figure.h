#pragma once

#include <optional>
#include <string>
#include <utility>

#include "report/contours.h"
#include "store/results.h"

namespace basin {

/// How a slice is drawn.
struct SliceStyle {
  SliceScale scale = SliceScale::kAuto;
  double quadratic = 0;  ///< outline how far the model errs by less; 0: none
  std::optional<std::pair<double, double>> limits;  ///< of the colours; none: what fits
};

/// Heights of a figure: a channel, or its logarithm, cut to what is finite.
struct Heights {
  HeightGrid grid;
  double low = 0, high = 1;
  bool log = false;

  double value(double height) const;  ///< back from the logarithm
  double share(double height) const { return (height - low) / (high - low); }
};
Heights heights_of(const torch::Tensor& values, const SliceStyle& style);

/// A plane as filled contours with its marks and overlays, as SVG.
std::string plane_figure(const StoredSlice& slice,
                         const std::string& title,
                         const SliceStyle& style = {});

/// The map of |λ_min / λ_max| over a plane, with the line where λ_min changes its sign.
std::string curvature_map_figure(const StoredSlice& slice, const std::string& title);

/// The plane as a surface seen from above the corner, as SVG.
std::string surface_figure(const StoredSlice& slice,
                           const std::string& title,
                           const SliceStyle& style = {});

/// A line, or the repeats of one with their median and spread.
std::string line_figure(const std::vector<const StoredSlice*>& slices,
                        const std::string& title,
                        const SliceStyle& style = {});

}  // namespace basin
