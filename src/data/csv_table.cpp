#include "data/csv_table.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace basin {
namespace {

bool looks_like_header(const std::vector<std::string>& fields, DecimalMark decimal) {
  return std::none_of(fields.begin(), fields.end(), [&](const auto& field) {
    return is_figure(read_cell(field, decimal).kind);
  });
}

// The number of fields that most rows have; the header's, then the first row's, if
// several are as frequent.
size_t usual_width(const CsvTable& table) {
  std::map<size_t, size_t> counts;
  for (const auto& row : table.rows) ++counts[row.fields.size()];
  size_t usual =
      table.header.empty() ? table.rows[0].fields.size() : table.header.size();
  if (!counts.contains(usual)) usual = table.rows[0].fields.size();
  for (const auto& [width, count] : counts) {
    if (count > counts[usual]) usual = width;
  }
  return usual;
}

void require_equal_widths(const CsvTable& table,
                          size_t width,
                          int64_t header_line,
                          FaultList& faults) {
  const auto names = table.header.size();
  if (names > 0 && names != width) {
    const bool trailing =
        names + 1 == width &&
        std::all_of(table.rows.begin(), table.rows.end(), [&](const CsvRow& row) {
          return row.fields.size() != width || row.fields.back().empty();
        });
    faults.add(
        header_line,
        fmt::format("expected {} names in the header, one for each field of the "
                    "rows below, came {}{}",
                    width,
                    names,
                    trailing             ? " (the rows end in a delimiter)"
                    : names + 1 == width ? " (has a column of row names no name?)"
                                         : ""));
  }
  for (const auto& row : table.rows) {
    if (row.fields.size() == width) continue;
    faults.add(
        row.line,
        fmt::format(
            "expected {} fields as in most rows, came {}", width, row.fields.size()));
  }
  faults.raise();
}

void count_cell(CsvTally& tally, const Cell& cell, bool marked) {
  if (is_figure(cell.kind)) ++tally.figures;
  switch (cell.kind) {
    case CellKind::kNumber:
      ++tally.numbers;
      if (cell.value != std::floor(cell.value)) ++tally.fractions;
      if (marked) ++tally.marked;
      break;
    case CellKind::kMissing:
      ++tally.missing;
      break;
    case CellKind::kOtherDecimal:
      ++tally.other_decimal;
      break;
    case CellKind::kEither:
      ++tally.either;
      break;
    case CellKind::kWord:
      ++tally.words;
      break;
    case CellKind::kNotFinite:
    case CellKind::kGrouped:
      break;
  }
}

void read_cells(CsvTable& table, size_t width, DecimalMark decimal) {
  table.columns.resize(width);
  table.values =
      at::empty({static_cast<int64_t>(table.rows.size()), static_cast<int64_t>(width)},
                torch::kFloat64);
  auto* value = table.values.data_ptr<double>();
  const char mark = decimal == DecimalMark::kPoint ? '.' : ',';
  for (const auto& row : table.rows) {
    for (size_t c = 0; c < width; ++c) {
      const auto& field = row.fields[c];
      const auto cell = read_cell(field, decimal);
      count_cell(table.columns[c], cell, field.find(mark) != std::string::npos);
      *value++ = cell.value;
    }
  }
}

// What is wrong with a column as a whole; "" if only single cells are.
std::string column_fault(const CsvTally& t,
                         const DataOptions& options,
                         const std::string& hint) {
  const auto rows = t.figures + t.words + t.missing;
  if (t.missing == rows) {
    return "expected numbers, came nothing in all rows (do lines end in a delimiter?)";
  }
  if (!is_number_column(t)) {
    return fmt::format(
        "expected numbers, came words in {} of {} rows{}", t.words, rows, hint);
  }
  const auto other = t.other_decimal + t.either;
  if (other == 0 || t.marked > 0 || t.words > 0 || other + t.numbers != t.figures) {
    return "";
  }
  const bool point = options.decimal == DecimalMark::kPoint;
  const auto* here = point ? "comma" : "point";
  return t.other_decimal > 0
             ? fmt::format(
                   "expected numbers with a decimal {}, but all {} numbers of the "
                   "column can be read with a decimal {}: data.decimal: {} does that",
                   point ? "point" : "comma",
                   t.figures,
                   here,
                   here)
             : fmt::format(
                   "expected plain numbers, came either decimal {0}s (data.decimal: "
                   "{0} reads them) or thousands separators (take them out)",
                   here);
}

std::string cell_fault(const std::string& field,
                       DecimalMark decimal,
                       const std::string& hint) {
  const auto* mark = decimal == DecimalMark::kPoint ? "comma" : "point";
  const auto came = "expected a finite number, came " + shown_cell(field);
  switch (read_cell(field, decimal).kind) {
    case CellKind::kOtherDecimal:
      return came + fmt::format(" with a decimal {}", mark);
    case CellKind::kGrouped:
      return came + " with thousands separators (take them out)";
    case CellKind::kEither:
      return came + fmt::format(" with a decimal {} or a thousands separator", mark);
    case CellKind::kWord:
      return came + hint;
    default:
      return came;
  }
}

}  // namespace

std::string column_name(const CsvTable& table, size_t column) {
  return table.header.empty()
             ? fmt::format("column {}", column + 1)
             : fmt::format(
                   "column {} ({})", column + 1, shown_cell(table.header[column]));
}

bool is_number_column(const CsvTally& tally) {
  const auto cells = tally.figures + tally.words;
  if (2 * tally.figures >= cells) return tally.figures > 0;
  return tally.fractions + tally.other_decimal > 0 && 10 * tally.figures >= cells;
}

CsvTable read_csv_table(std::string_view text,
                        const DataOptions& options,
                        FaultList& faults) {
  CsvTable table;
  table.rows = split_csv(text, options.delimiter, faults);
  if (table.rows.empty()) faults.fail("expected rows of numbers, came nothing");
  const auto first_line = table.rows.front().line;
  if (options.header == HeaderKind::kYes ||
      (options.header == HeaderKind::kAuto &&
       looks_like_header(table.rows.front().fields, options.decimal))) {
    table.header = std::move(table.rows.front().fields);
    table.rows.erase(table.rows.begin());
  }
  if (table.rows.empty()) faults.fail("expected rows below the header, came none");
  const auto width = usual_width(table);
  require_equal_widths(table, width, first_line, faults);
  if (table.rows.size() < 2) faults.fail("expected at least two samples, came one");
  if (width < 2) {
    faults.fail(
        "expected at least two columns, came one (data.delimiter names what "
        "stands between them)");
  }
  read_cells(table, width, options.decimal);
  return table;
}

void require_numbers(const CsvTable& table,
                     const std::vector<size_t>& columns,
                     const DataOptions& options,
                     size_t target,
                     const std::string& hint,
                     FaultList& faults) {
  const auto width = table.width();
  const auto hint_of = [&](size_t c) { return c == target ? hint : std::string(); };
  const auto* value = table.values.data_ptr<double>();
  std::vector<bool> noted(width, false);
  std::vector<std::string> as_a_whole(width);
  for (const auto c : columns) {
    as_a_whole[c] = column_fault(table.columns[c], options, hint_of(c));
  }
  for (size_t r = 0; r < table.rows.size(); ++r) {
    const auto& row = table.rows[r];
    for (const auto c : columns) {
      if (std::isfinite(value[r * width + c])) continue;
      const auto& field = row.fields[c];
      const auto& t = table.columns[c];
      const bool empty_column = t.figures + t.words == 0;
      const bool whole = !as_a_whole[c].empty() &&
                         (empty_column ||
                          read_cell(field, options.decimal).kind != CellKind::kMissing);
      if (whole && noted[c]) continue;
      noted[c] = noted[c] || whole;
      auto text =
          whole ? as_a_whole[c] : cell_fault(field, options.decimal, hint_of(c));
      if (whole && !empty_column) text += ", here " + shown_cell(field);
      if (r == 0 && table.header.empty() && as_a_whole[c].empty()) {
        text += " (if this row is a header: data.header: yes)";
      }
      faults.add(row.line, fmt::format("{}: {}", column_name(table, c), text));
    }
  }
}

}  // namespace basin
