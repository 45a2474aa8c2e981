#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/heights.h"
#include "report/run_report.h"

namespace basin {

/// A figure, the name of its file, and what it shows in a sentence.
struct Figure {
  std::string name;
  std::string svg;
  std::string caption;
};

/// Loss curves, histogram of losses, distinct endpoints against seeds, spectrum.
std::vector<Figure> ensemble_figures(const RunReport& report);

/// Figures with their captions, for a page.
std::string figures_html(const std::vector<Figure>& figures);

/// A figure of slices, in the order of the run.
struct SliceFigure {
  Figure figure;  ///< without an SVG if the slice has no values
  const StoredSlice* slice = nullptr;
};

/// One figure for each plane and line; the repeats of a line share one.
std::vector<SliceFigure> slice_figures(const RunReport& report);

/// Of each training drawn on a plane: its loss beside that of the plane under it, and
/// its distance from the plane.
std::vector<Figure> path_figures(const RunReport& report);

/// How the options of the run draw a slice.
SliceStyle style_of(const RunReport& report, const StoredSlice& slice);

/// The same planes as surfaces, and their maps of eigenvalues.
std::vector<Figure> surface_figures(const RunReport& report);
std::vector<Figure> map_figures(const RunReport& report);

/// Spectral densities, and radii of the quadratic model, at the points measured.
std::vector<Figure> curvature_figures(const RunReport& report);

/// "local minima along the line between-a: 3 (exact, 120 kinks)", one for each line.
std::vector<std::string> line_sentences(const RunReport& report);

}  // namespace basin
