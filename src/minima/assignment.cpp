#include "minima/assignment.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace basin {
namespace {

// Potentials are sums of costs and must stay finite: a search among infinities and NaN
// would not end.
double bounded(double cost) {
  constexpr double kWorst = 1e290;
  return std::isnan(cost) ? kWorst : std::clamp(cost, -kWorst, kWorst);
}

}  // namespace

std::vector<int64_t> solve_assignment(const std::vector<double>& cost, int64_t n) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto size = static_cast<size_t>(n) + 1;
  // Potentials u of rows and v of columns; row_of[j] is matched to column j. Index 0 is
  // the row or column that is being placed.
  std::vector<double> u(size, 0), v(size, 0);
  std::vector<size_t> row_of(size, 0), previous(size, 0);
  for (size_t i = 1; i < size; ++i) {
    row_of[0] = i;
    size_t column = 0;
    std::vector<double> slack(size, kInfinity);
    std::vector<bool> seen(size, false);
    do {
      seen[column] = true;
      const size_t row = row_of[column];
      double delta = kInfinity;
      size_t next = 0;
      for (size_t j = 1; j < size; ++j) {
        if (seen[j]) continue;
        const double reduced =
            bounded(cost[(row - 1) * static_cast<size_t>(n) + (j - 1)]) - u[row] - v[j];
        if (reduced < slack[j]) {
          slack[j] = reduced;
          previous[j] = column;
        }
        if (slack[j] < delta) {
          delta = slack[j];
          next = j;
        }
      }
      for (size_t j = 0; j < size; ++j) {
        if (seen[j]) {
          u[row_of[j]] += delta;
          v[j] -= delta;
        } else {
          slack[j] -= delta;
        }
      }
      column = next;
    } while (row_of[column] != 0);
    for (; column != 0; column = previous[column])
      row_of[column] = row_of[previous[column]];
  }
  std::vector<int64_t> assigned(static_cast<size_t>(n));
  for (size_t j = 1; j < size; ++j)
    assigned[row_of[j] - 1] = static_cast<int64_t>(j) - 1;
  return assigned;
}

}  // namespace basin
