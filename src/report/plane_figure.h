#pragma once

#include <string>
#include <vector>

#include "report/heights.h"
#include "store/results.h"

namespace basin {

/// A plane as filled contours with its marks and overlays, as SVG. A path has the
/// colour of its own loss inside: where that differs from the colour around it, the
/// path lies off the plane.
std::string plane_figure(const StoredSlice& slice,
                         const std::string& title,
                         const SliceStyle& style = {});

/// What the colours cut off, and how far marks and paths lie off the plane, with both
/// losses of a training: parts of a caption, each after "; ".
std::string plane_sentences(const StoredSlice& slice, const SliceStyle& style);

/// The map of |λ_min / λ_max| over a plane, with the line where λ_min changes its sign.
std::string curvature_map_figure(const StoredSlice& slice, const std::string& title);

/// The plane as a surface with its marks, seen from where its low parts are hidden
/// least
/// (`best_view`), as SVG.
std::string surface_figure(const StoredSlice& slice,
                           const std::string& title,
                           const SliceStyle& style = {});

/// A line, or the repeats of one with their median and spread.
std::string line_figure(const std::vector<const StoredSlice*>& slices,
                        const std::string& title,
                        const SliceStyle& style = {});

}  // namespace basin
