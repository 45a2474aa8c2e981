#pragma once

#include <string>
#include <vector>

#include "report/run_report.h"

namespace basin {

/// A number that runs are compared by.
struct Measure {
  std::string name;   ///< of its column in a table
  std::string title;  ///< for people
  double value = 0;   ///< NaN: the run did not ask for it
};

/// Shares of verdicts, share of the seeds in the best certified minimum, boxes, the
/// dual bound, curvature at the first point measured, medians of barriers over pairs;
/// and of each map of eigenvalues the part with a negative one and how negative it is,
/// medians over its draws.
std::vector<Measure> measures_of(const RunReport& report);

/// The part of a map `[m, m]` of least eigenvalues that is negative by more than
/// rounding, 1e-12 of the largest, and of how many regions it consists (points joined
/// along rows and columns).
struct NegativePart {
  double share = 0;
  int64_t regions = 0;
};
NegativePart negative_part(const torch::Tensor& least, const torch::Tensor& largest);

}  // namespace basin
