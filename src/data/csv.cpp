#include "data/csv.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "data/csv_table.h"
#include "data/gzip.h"

namespace basin {
namespace {

constexpr size_t kMostClasses = 10'000;
constexpr size_t kFewClasses = 10;
constexpr size_t kRowsPerClass = 3;
constexpr size_t kNamesShown = 8;

std::string expected_columns(const CsvTable& table) {
  std::string names;
  for (size_t c = 0; c < std::min(table.header.size(), kNamesShown); ++c) {
    names += (c > 0 ? ", " : " (") + shown_cell(table.header[c]);
  }
  if (!names.empty()) names += table.header.size() > kNamesShown ? ", ...)" : ")";
  return fmt::format("a column name{} or a number from 1 to {}", names, table.width());
}

// The column with this name, else with this number from 1; the width if there is none.
size_t find_column(const CsvTable& table, const std::string& target) {
  const auto named = std::find(table.header.begin(), table.header.end(), target);
  if (named != table.header.end())
    return static_cast<size_t>(named - table.header.begin());
  size_t number = 0;
  const auto* last = target.data() + target.size();
  const auto [end, error] = std::from_chars(target.data(), last, number);
  const bool good = error == std::errc() && end == last && number >= 1;
  return good ? std::min(number - 1, table.width()) : table.width();
}

std::vector<size_t> target_columns(const CsvTable& table,
                                   const DataOptions& options,
                                   FaultList& faults) {
  const auto width = table.width();
  if (options.targets.empty()) return {width - 1};
  std::vector<size_t> columns;
  for (const auto& target : options.targets) {
    const auto column = find_column(table, target);
    if (column == width) {
      faults.add(0,
                 fmt::format("data.targets: expected {}, came {}",
                             expected_columns(table),
                             shown_cell(target)));
    } else if (std::count(table.header.begin(), table.header.end(), target) > 1) {
      faults.add(0,
                 fmt::format("data.targets: expected the name of one column, came {}, "
                             "which several have",
                             shown_cell(target)));
    } else if (std::find(columns.begin(), columns.end(), column) != columns.end()) {
      faults.add(0,
                 fmt::format("data.targets: expected each column once, came {} again",
                             shown_cell(target)));
    } else {
      columns.push_back(column);
    }
  }
  if (columns.size() == width) {
    faults.add(0, "data.targets: expected at least one column left as input");
  }
  faults.raise();
  return columns;
}

torch::Tensor select_columns(const CsvTable& table,
                             const std::vector<size_t>& columns) {
  return table.values.index_select(
      1, at::tensor(std::vector<int64_t>(columns.begin(), columns.end())));
}

// Numbers as classes: equal if their values are, in the order of their values.
void label_numbers(const CsvTable& table, size_t column, Dataset& data) {
  const auto values = select_columns(table, {column});
  std::map<double, std::string> names;
  for (size_t r = 0; r < table.rows.size(); ++r) {
    const auto& field = table.rows[r].fields[column];
    auto& name = names.try_emplace(values.data_ptr<double>()[r], field).first->second;
    if (std::pair(field.size(), field) < std::pair(name.size(), name)) name = field;
  }
  std::map<double, int64_t> index;
  for (const auto& [value, name] : names) {
    index[value] = static_cast<int64_t>(data.classes.size());
    data.classes.push_back(name);
  }
  std::vector<int64_t> labels;
  for (size_t r = 0; r < table.rows.size(); ++r)
    labels.push_back(index[values.data_ptr<double>()[r]]);
  data.labels = at::tensor(labels, torch::kInt64);
}

void label_words(const CsvTable& table, size_t column, Dataset& data) {
  std::map<std::string, int64_t> index;
  for (const auto& row : table.rows) index[row.fields[column]] = 0;
  for (auto& [name, label] : index) {
    label = static_cast<int64_t>(data.classes.size());
    data.classes.push_back(name);
  }
  std::vector<int64_t> labels;
  for (const auto& row : table.rows) labels.push_back(index[row.fields[column]]);
  data.labels = at::tensor(labels, torch::kInt64);
}

void read_classes(const CsvTable& table,
                  size_t column,
                  const DataOptions& options,
                  Dataset& data,
                  FaultList& faults) {
  const auto& tally = table.columns[column];
  // Who asks for classes may have one called NA, but not among numbers.
  const bool may_be_named_so =
      options.target_kind == TargetKind::kClass && tally.words > 0;
  for (const auto& row : table.rows) {
    const auto& field = row.fields[column];
    if (read_cell(field, options.decimal).kind != CellKind::kMissing) continue;
    if (may_be_named_so && !field.empty()) continue;
    faults.add(row.line,
               fmt::format("{}: expected a class, came {}",
                           column_name(table, column),
                           shown_cell(field)));
  }
  faults.raise();
  if (tally.numbers == static_cast<int64_t>(table.rows.size())) {
    label_numbers(table, column, data);
  } else {
    label_words(table, column, data);
  }
  if (data.classes.size() < 2 || data.classes.size() > kMostClasses) {
    faults.fail(fmt::format("{}: expected 2 to {} classes, came {}",
                            column_name(table, column),
                            kMostClasses,
                            data.classes.size()));
  }
}

// The loss wants classes and a column of numbers came: are they classes?
void require_class_numbers(const CsvTable& table, size_t column, FaultList& faults) {
  const auto values = select_columns(table, {column});
  const auto* value = values.data_ptr<double>();
  const auto rows = table.rows.size();
  const std::set<double> distinct(value, value + rows);
  const bool whole = table.columns[column].fractions == 0;
  if (whole &&
      (distinct.size() <= kFewClasses || distinct.size() * kRowsPerClass <= rows)) {
    return;
  }
  const double low = *distinct.begin(), high = *distinct.rbegin();
  const bool soft = low >= 0 && high <= 1;
  size_t first = 0;
  while (!whole && first + 1 < rows && value[first] == std::floor(value[first]))
    ++first;
  faults.add(
      table.rows[first].line,
      fmt::format(
          "{}: expected a class, a word or one of a few whole numbers, came {}; the "
          "column holds {} different numbers from {:g} to {:g}, which look like {}; "
          "data.target_kind: class makes each of them a class",
          column_name(table, column),
          shown_cell(table.rows[first].fields[column]),
          distinct.size(),
          low,
          high,
          soft ? "probabilities (soft labels): loss.kind: sigmoid_cross_entropy takes "
                 "them, with data.target_kind: numeric"
               : "measurements: loss.kind: mse, huber or absolute take them"));
}

}  // namespace

Dataset parse_csv(std::string_view text,
                  const std::string& name,
                  const DataOptions& options,
                  TargetUse use) {
  FaultList faults(name);
  const auto table = read_csv_table(text, options, faults);
  const auto targets = target_columns(table, options, faults);
  std::vector<size_t> numeric;
  for (size_t c = 0; c < table.width(); ++c) {
    if (std::find(targets.begin(), targets.end(), c) == targets.end())
      numeric.push_back(c);
  }
  Dataset data{.name = name};
  data.inputs = select_columns(table, numeric);
  const auto& target = table.columns[targets[0]];
  const bool automatic = options.target_kind == TargetKind::kAuto;
  const bool words =
      targets.size() == 1 && target.words > 0 && !is_number_column(target);
  const bool to_be_classed = automatic && !words && use == TargetUse::kClasses;
  const bool classes = options.target_kind == TargetKind::kClass ||
                       (automatic && (words || to_be_classed));
  if (classes && targets.size() != 1) {
    faults.add(
        0,
        fmt::format("data.targets: expected one column for classes, came {}; columns "
                    "of probabilities are for loss.kind: sigmoid_cross_entropy with "
                    "data.target_kind: numeric",
                    targets.size()));
  }
  if (!classes || to_be_classed)
    numeric.insert(numeric.end(), targets.begin(), targets.end());
  std::sort(numeric.begin(), numeric.end());
  require_numbers(table,
                  numeric,
                  options,
                  targets[0],
                  numeric.size() == table.width() && targets.size() == 1 && automatic
                      ? " (data.target_kind: class makes classes of a target)"
                      : "",
                  faults);
  if (!classes) {
    faults.raise();
    data.targets = select_columns(table, targets);
    return data;
  }
  if (to_be_classed && target.figures == target.numbers && target.words == 0 &&
      target.missing == 0) {
    require_class_numbers(table, targets[0], faults);
  }
  if (to_be_classed || targets.size() != 1) faults.raise();
  read_classes(table, targets[0], options, data, faults);
  return data;
}

Dataset read_csv(const DataOptions& options, TargetUse use) {
  return parse_csv(read_maybe_gzip(options.file), options.file, options, use);
}

}  // namespace basin
