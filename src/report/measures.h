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
/// dual bound, medians of barriers over pairs; and of each map of eigenvalues the part
/// with a negative one and how negative it is, medians over its draws.
///
/// Of curvature the medians over the certified minima measured (the first point, if
/// none is one), and of radii the quartiles too, `_low` and `_high`. A radius of one
/// minimum is the median over its directions in units of ‖θ‖; balanced if units can be
/// scaled. `quadratic_bounds` is the share of random directions whose radius is a bound
/// or undefined. `convex_radius` is the half-width of the box on which L is proved
/// convex, 0 if the proof failed at every size, empty if none was tried.
std::vector<Measure> measures_of(const RunReport& report);

/// The half-width of the box round the minimum that a point is, on which L is proved
/// convex: 0 if the proof failed at every size, NaN if none was tried there.
double convex_radius(const RunReport& report, const PointCurvature& point);

/// The part of a map `[m, m]` of least eigenvalues that is negative by more than
/// rounding, 1e-12 of the largest, and of how many regions it consists (points joined
/// along rows and columns).
struct NegativePart {
  double share = 0;
  int64_t regions = 0;
};
NegativePart negative_part(const torch::Tensor& least, const torch::Tensor& largest);

}  // namespace basin
