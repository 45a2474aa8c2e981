#pragma once

#include <string>
#include <vector>

#include "connectivity/alignment.h"
#include "landscape/curvature.h"
#include "landscape/frame.h"
#include "landscape/line_extrema.h"

namespace basin {

/// Values as JSON text and back. Numbers come back bit for bit; one that is not finite
/// comes back as NaN. Reading throws StorageError if the text is damaged.
std::string overlay_json(const SliceFrame& frame);
void read_overlay(const std::string& text, SliceFrame& frame);
std::string extrema_json(const LineExtrema& extrema);
LineExtrema read_extrema(const std::string& text);
std::string curvature_json(const std::vector<PointCurvature>& gauges);
std::vector<PointCurvature> read_curvature(const std::string& text);
std::string lines_json(const std::vector<AlignmentCandidate>& lines);  ///< numbers only
std::vector<AlignmentCandidate> read_lines(const std::string& text);

}  // namespace basin
