#pragma once

#include <string>
#include <vector>

#include "report/run_report.h"

namespace basin {

/// More minima than this are summed up before they are listed.
inline constexpr size_t kManyMinima = 10;

/// One number of the certified minima, as text: its least, median and greatest value.
struct SpreadRow {
  std::string what, least, median, greatest;
};

/// Loss, accuracy, held-out loss and accuracy, least eigenvalue, and on kinks their
/// number, margins and the distance to the nearest other; what is known of all of them.
/// None where at most kManyMinima are certified.
std::vector<SpreadRow> minima_spread(const RunReport& report);

/// The same as text in columns; empty where there are no rows.
std::string spread_text(const RunReport& report);

}  // namespace basin
