#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/sweep_page.h"

namespace basin {

/// The values of the first axis, and the rows of each series.
struct Groups {
  std::vector<std::string> x;
  std::vector<std::pair<std::string, std::vector<const SweepRow*>>> series;
};

/// The series of a chart: for a cross, one for each combination of the other axes; for
/// a zip, the rows that come first, second, ... for their value of the first axis.
Groups group(const std::vector<SweepRow>& rows);

/// "model.depth" -> "depth".
std::string short_key(const std::string& key);

}  // namespace basin
