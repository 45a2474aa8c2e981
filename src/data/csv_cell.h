#pragma once

#include <string>

#include "data/options.h"

namespace basin {

enum class CellKind {
  kNumber,        ///< a finite number
  kNotFinite,     ///< inf, or beyond what a double holds
  kMissing,       ///< nothing, NA, nan, ?, ...
  kOtherDecimal,  ///< a number, with a comma where a point is expected, or vice versa
  kGrouped,       ///< 1,234.5 or 1 234,5: a number with thousands separators
  kEither,        ///< 1,234: thousands, or the other decimal mark
  kWord,          ///< anything else
};

/// What stands in one cell; `value` is NaN unless it is a number.
struct Cell {
  CellKind kind;
  double value;
};

Cell read_cell(const std::string& text, DecimalMark decimal);

/// True for what stands for a number, written this way or another.
bool is_figure(CellKind kind);

/// A cell as complaints show it: in quotes, at most 40 bytes, "nothing" if empty.
std::string shown_cell(const std::string& text);

}  // namespace basin
