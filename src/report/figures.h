#pragma once

#include <string>
#include <utility>
#include <vector>

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

/// One figure for each slice that has values.
std::vector<Figure> slice_figures(const RunReport& report);

}  // namespace basin
