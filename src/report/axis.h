#pragma once

#include <string>
#include <vector>

namespace basin {

/// One axis of a figure: data to pixels, and where the ticks stand.
struct Axis {
  double low = 0;
  double high = 1;
  double from = 0;  ///< pixel of `low`
  double to = 1;    ///< pixel of `high`
  bool log = false;
  bool whole = false;  ///< all values are whole numbers: so are the ticks

  double pixel(double value) const;
};

struct Tick {
  double value;
  std::string text;
};

/// Bounds of the finite values (positive ones if `log`), with a little air.
Axis fit_axis(const std::vector<double>& values, bool log);

/// Round values (1, 2, 5 times a power of ten; powers of ten if log), with so many
/// digits that no two have the same text; what needs more than 8 is left out.
std::vector<Tick> ticks(const Axis& axis);

}  // namespace basin
