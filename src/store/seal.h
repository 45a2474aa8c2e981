#pragma once

#include <string>
#include <vector>

#include "store/database.h"

namespace basin {

/// A row that is not as it was when the run ended; row −1: the whole table. Rows have
/// the number that is their key, or their place in its order.
struct BrokenSeal {
  std::string table;
  int64_t row = 0;
  std::string what;  ///< "was changed", "is missing", "was added"
};

/// Stores a SHA-256 of every row of every table, bit for bit, unless there are seals
/// already: a run that has ended does not change. A seal is no signature: who changes a
/// row can seal it again. It tells damage from results.
void seal_rows(Database& database);

/// Rows that their seals do not fit. A database without seals is broken as a whole.
std::vector<BrokenSeal> broken_seals(Database& database);

}  // namespace basin
