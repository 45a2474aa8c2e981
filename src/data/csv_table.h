#pragma once

#include <torch/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/fault_list.h"
#include "data/csv_cell.h"
#include "data/csv_rows.h"

namespace basin {

/// How many cells of a column are of which kind.
struct CsvTally {
  int64_t numbers = 0;
  int64_t fractions = 0;  ///< of the numbers, those that are not whole
  int64_t marked = 0;     ///< of the numbers, those with a decimal mark
  int64_t missing = 0;
  int64_t other_decimal = 0;
  int64_t either = 0;
  int64_t figures = 0;  ///< written as numbers, this way or another
  int64_t words = 0;
};

/// Rows of equal length, and what stands in their cells.
struct CsvTable {
  std::vector<std::string> header;  ///< empty if the file has none
  std::vector<CsvRow> rows;
  torch::Tensor values;  ///< `[N, columns]` float64, NaN where there is no number
  std::vector<CsvTally> columns;

  size_t width() const { return columns.size(); }
};

/// Splits the text and tells the header from the rows. Throws InputError with every row
/// that has more or fewer fields than most, the header among them.
CsvTable read_csv_table(std::string_view text,
                        const DataOptions& options,
                        FaultList& faults);

/// "column 2 ('price')".
std::string column_name(const CsvTable& table, size_t column);

/// True if at least half of a column's cells stand for numbers (missing ones aside), or
/// a tenth and one of them is not whole: other cells are mistakes in it then.
bool is_number_column(const CsvTally& tally);

/// Notes each cell of `columns` that is no finite number, in the order of lines; a
/// column that is wrong as a whole is noted once. `hint` follows where words
/// are found in column `target`.
void require_numbers(const CsvTable& table,
                     const std::vector<size_t>& columns,
                     const DataOptions& options,
                     size_t target,
                     const std::string& hint,
                     FaultList& faults);

}  // namespace basin
