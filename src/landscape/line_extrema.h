#pragma once

#include <string>
#include <vector>

#include "core/objective.h"

namespace basin {

enum class ExtremumKind { kMinimum, kMaximum };

/// A local extremum of the loss along a line, strictly inside the range. On a flat
/// stretch it is the whole stretch [t, end].
struct LineExtremum {
  ExtremumKind kind = ExtremumKind::kMinimum;
  double t = 0;
  double end = 0;  ///< = t where there is no flat stretch
  double loss = 0;
  bool kink = false;  ///< the loss bends there
};

/// How far a list of extrema can be trusted.
enum class ExtremaMethod {
  kExact,      ///< from the polynomials of all pieces: all of them, to rounding
  kBracketed,  ///< sign changes of the slope on a grid, refined: there may be more
};

struct LineExtrema {
  ExtremaMethod method = ExtremaMethod::kBracketed;
  std::vector<LineExtremum> points;  ///< ascending in t
  int64_t kinks = 0;                 ///< places where the loss bends; 0 if it is smooth
  int64_t grid = 0;                  ///< bracketed: points of the grid
  std::string problem;               ///< bracketed: why it is not exact

  int64_t count(ExtremumKind kind) const;

  /// "local minima along the line between A and B: 3 (exact, 120 kinks)"; `where` is
  /// " between A and B".
  std::string sentence(const std::string& where = "") const;
};

/// Every local extremum of a continuous piecewise polynomial. A stretch is flat where,
/// at its middle, |p'| <= 2^-46 · terms.
std::vector<LineExtremum> extrema_of(const PiecewisePolynomial& loss);

/// The extrema of a loss along a line: exact if its polynomials are known, else where
/// g · direction changes its sign between neighbours of a grid of `points` values (and
/// the kinks), by bisection to the last digits of t.
LineExtrema find_extrema(const SampledObjective& objective,
                         const LineSegment& line,
                         int64_t points,
                         int64_t threads);

}  // namespace basin
