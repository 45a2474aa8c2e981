#pragma once

#include <cstddef>
#include <limits>
#include <vector>

namespace basin {

/// Σ x_i v_i with every x_i between bounds.
struct BoundedSum {
  size_t m = 0;
  std::vector<double> vectors;           ///< v, `[n, m]`
  std::vector<double> low, high, value;  ///< of x, `[n]`

  void add(const double* v, double from, double to, double at);
};

inline constexpr double kUnbounded = std::numeric_limits<double>::infinity();

/// Moves x so that |first + Σ x_i v_i| becomes small, and returns it. Ends early below
/// `enough`. Any x is a bound; the least is that of a convex problem's dual.
double shorten(BoundedSum& sum, std::vector<double> first, double enough);

}  // namespace basin
