#include "data/csv.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "core/error.h"
#include "data/gzip.h"

namespace basin {
namespace {

constexpr size_t kMostComplaints = 20;
constexpr size_t kMostColumns = 100'000;

struct Row {
  int64_t line;
  std::vector<std::string> fields;
};

struct Table {
  std::vector<std::string> header;  // empty if the file has none
  std::vector<Row> rows;
};

class Complaints {
 public:
  explicit Complaints(std::string name) : name_(std::move(name)) {}

  void add(int64_t line, const std::string& text) {
    lines_.push_back(fmt::format("{}:{}: {}", name_, line, text));
    if (lines_.size() >= kMostComplaints) raise();
  }

  void raise() const {
    if (!lines_.empty()) throw InputError(lines_);
  }

  [[noreturn]] void fail(const std::string& text) const {
    throw InputError(fmt::format("{}: {}", name_, text));
  }

 private:
  std::string name_;
  std::vector<std::string> lines_;
};

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::optional<double> number(const std::string& field) {
  double value = 0;
  const char* first = field.data() + (field.starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(first, field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return value;
}

std::string shown(const std::string& field) {
  std::string text;
  for (const char c : field.substr(0, 40)) {
    text += static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c;
  }
  return field.empty() ? "nothing"
                       : "'" + text + (field.size() > 40 ? "..." : "") + "'";
}

char find_delimiter(std::string_view text, const std::string& asked) {
  if (asked == "tab") return '\t';
  if (asked != "auto") return asked[0];
  const auto line = text.substr(0, text.find('\n'));
  for (const char candidate : {',', ';', '\t'}) {
    if (line.find(candidate) != std::string_view::npos) return candidate;
  }
  return ',';
}

// Splits by RFC 4180: a quoted field may hold delimiters, line ends and "".
std::vector<Row> split_rows(std::string_view text,
                            char delimiter,
                            const Complaints& complaints) {
  std::vector<Row> rows;
  int64_t line = 1;
  size_t i = 0;
  while (i < text.size()) {
    Row row{.line = line};
    bool end_of_row = false;
    while (!end_of_row) {
      std::string field;
      if (i < text.size() && text[i] == '"') {
        for (++i; i < text.size(); ++i) {
          if (text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"') {
            ++i;
          } else if (text[i] == '"') {
            break;
          }
          if (text[i] == '\n') ++line;
          field += text[i];
        }
        if (i == text.size()) {
          complaints.fail(
              fmt::format("expected a closing quote for the row at line {}", row.line));
        }
        ++i;
      }
      const auto stop = std::min(
          text.size(), i + [&] {
            const auto at = text.substr(i).find_first_of(std::string{delimiter, '\n'});
            return at == std::string_view::npos ? text.size() - i : at;
          }());
      auto rest = text.substr(i, stop - i);
      if (rest.ends_with('\r')) rest.remove_suffix(1);
      field += trimmed(rest);
      row.fields.push_back(std::move(field));
      if (row.fields.size() > kMostColumns) {
        complaints.fail(fmt::format("expected at most {} columns", kMostColumns));
      }
      end_of_row = stop == text.size() || text[stop] == '\n';
      i = stop + 1;
    }
    ++line;
    if (row.fields.size() > 1 || !row.fields[0].empty()) rows.push_back(std::move(row));
  }
  return rows;
}

Table read_table(std::string_view text,
                 const DataOptions& options,
                 Complaints& complaints) {
  if (text.substr(0, 4096).find('\0') != std::string_view::npos) {
    complaints.fail("expected text, came a binary file");
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Table table{
      .rows = split_rows(text, find_delimiter(text, options.delimiter), complaints)};
  if (table.rows.empty()) complaints.fail("expected rows of numbers, came nothing");
  const auto& first = table.rows.front().fields;
  const bool has_header =
      options.header == HeaderKind::kYes ||
      (options.header == HeaderKind::kAuto &&
       std::none_of(first.begin(), first.end(), [](const auto& field) {
         return number(field).has_value();
       }));
  if (has_header) {
    table.header = first;
    table.rows.erase(table.rows.begin());
  }
  if (table.rows.empty()) complaints.fail("expected rows below the header, came none");
  const auto width = first.size();
  if (table.rows.size() < 2) complaints.fail("expected at least two samples, came one");
  if (width < 2) complaints.fail("expected at least two columns, came one");
  for (const auto& row : table.rows) {
    if (row.fields.size() != width) {
      complaints.add(row.line,
                     fmt::format("expected {} fields as in the first row, came {}",
                                 width,
                                 row.fields.size()));
    }
  }
  complaints.raise();
  return table;
}

std::vector<size_t> target_columns(const Table& table,
                                   const DataOptions& options,
                                   const Complaints& complaints) {
  const auto width = table.rows.front().fields.size();
  if (options.targets.empty()) return {width - 1};
  std::vector<size_t> columns;
  for (const auto& target : options.targets) {
    const auto named = std::find(table.header.begin(), table.header.end(), target);
    const auto numbered = number(target);
    if (named != table.header.end()) {
      columns.push_back(static_cast<size_t>(named - table.header.begin()));
    } else if (numbered && *numbered >= 1 && *numbered <= static_cast<double>(width) &&
               std::floor(*numbered) == *numbered) {
      columns.push_back(static_cast<size_t>(*numbered) - 1);
    } else {
      complaints.fail(
          fmt::format("data.targets: expected a column name or a number from 1 to {}, "
                      "came {}",
                      width,
                      shown(target)));
    }
  }
  const std::set<size_t> distinct(columns.begin(), columns.end());
  if (distinct.size() != columns.size()) {
    complaints.fail("data.targets: expected each column once, came one twice");
  }
  if (distinct.size() == width) {
    complaints.fail("data.targets: expected at least one column left as input");
  }
  return columns;
}

std::string column_name(const Table& table, size_t column) {
  return table.header.empty()
             ? fmt::format("column {}", column + 1)
             : fmt::format("column {} ({})", column + 1, shown(table.header[column]));
}

torch::Tensor numeric_columns(const Table& table,
                              const std::vector<size_t>& columns,
                              Complaints& complaints) {
  auto out = at::empty(
      {static_cast<int64_t>(table.rows.size()), static_cast<int64_t>(columns.size())},
      torch::kFloat64);
  auto* entry = out.data_ptr<double>();
  for (const auto& row : table.rows) {
    for (const auto column : columns) {
      const auto value = number(row.fields[column]);
      if (!value || !std::isfinite(*value)) {
        complaints.add(row.line,
                       fmt::format("{}: expected a finite number, came {}",
                                   column_name(table, column),
                                   shown(row.fields[column])));
      }
      *entry++ = value.value_or(0.0);
    }
  }
  return out;
}

void read_classes(const Table& table,
                  size_t column,
                  Dataset& data,
                  Complaints& complaints) {
  std::set<std::string> names;
  bool numeric = true;
  for (const auto& row : table.rows) {
    const auto& field = row.fields[column];
    if (field.empty()) {
      complaints.add(row.line,
                     column_name(table, column) + ": expected a class, came nothing");
    }
    numeric = numeric && number(field).has_value();
    names.insert(field);
  }
  complaints.raise();
  data.classes.assign(names.begin(), names.end());
  if (numeric) {
    std::sort(data.classes.begin(), data.classes.end(), [](auto& a, auto& b) {
      return number(a).value() < number(b).value();
    });
  }
  if (data.classes.size() < 2 || data.classes.size() > 10'000) {
    complaints.fail(fmt::format("{}: expected 2 to 10000 classes, came {}",
                                column_name(table, column),
                                data.classes.size()));
  }
  std::vector<int64_t> labels;
  for (const auto& row : table.rows) {
    labels.push_back(
        std::find(data.classes.begin(), data.classes.end(), row.fields[column]) -
        data.classes.begin());
  }
  data.labels = at::tensor(labels, torch::kInt64);
}

}  // namespace

Dataset parse_csv(std::string_view text,
                  const std::string& name,
                  const DataOptions& options) {
  Complaints complaints(name);
  const auto table = read_table(text, options, complaints);
  const auto targets = target_columns(table, options, complaints);
  std::vector<size_t> inputs;
  for (size_t c = 0; c < table.rows.front().fields.size(); ++c) {
    if (std::find(targets.begin(), targets.end(), c) == targets.end()) {
      inputs.push_back(c);
    }
  }
  Dataset data{.name = name};
  data.inputs = numeric_columns(table, inputs, complaints);
  const bool text_target =
      targets.size() == 1 &&
      std::any_of(table.rows.begin(), table.rows.end(), [&](const Row& row) {
        const auto& field = row.fields[targets[0]];
        return !field.empty() && !number(field);
      });
  const bool classes = options.target_kind == TargetKind::kClass ||
                       (options.target_kind == TargetKind::kAuto && text_target);
  if (classes && targets.size() != 1) {
    complaints.fail("data.targets: expected one column for class targets");
  }
  if (classes) {
    read_classes(table, targets[0], data, complaints);
  } else {
    data.targets = numeric_columns(table, targets, complaints);
  }
  complaints.raise();
  return data;
}

Dataset read_csv(const DataOptions& options) {
  return parse_csv(read_maybe_gzip(options.file), options.file, options);
}

}  // namespace basin
