#include "report/sweep_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include "report/text.h"

namespace basin {

std::string short_key(const std::string& key) { return key.substr(key.find('.') + 1); }

namespace {

// What all axes but the first say of a row: the name of its series.
std::string series_of(const SweepRow& row) {
  std::string out;
  for (size_t a = 1; a < row.values.size(); ++a) {
    out += fmt::format("{}{} {}",
                       out.empty() ? "" : ", ",
                       short_key(row.values[a].first),
                       row.values[a].second);
  }
  return out;
}

// "width = inputs + 1" if that holds for all rows of a series; else its place.
std::string zipped_name(const std::vector<const SweepRow*>& rows, size_t place) {
  const auto fallback = fmt::format("series {}", place + 1);
  if (rows.front()->values.size() != 2) return fallback;
  std::optional<double> difference;
  for (const auto* row : rows) {
    char* end_a = nullptr;
    char* end_b = nullptr;
    const double a = std::strtod(row->values[0].second.c_str(), &end_a);
    const double b = std::strtod(row->values[1].second.c_str(), &end_b);
    if (*end_a != 0 || *end_b != 0) return fallback;
    if (difference && *difference != b - a) return fallback;
    difference = b - a;
  }
  const auto x = short_key(rows.front()->values[0].first);
  const auto y = short_key(rows.front()->values[1].first);
  return *difference == 0 ? fmt::format("{} = {}", y, x)
                          : fmt::format("{} = {} {} {}",
                                        y,
                                        x,
                                        *difference > 0 ? "+" : "−",
                                        show(std::abs(*difference)));
}

// Rows of a zip: those with the first value of x are one series, the second ones
// another.
void group_by_place(const std::vector<SweepRow>& rows, Groups& out) {
  std::map<std::string, size_t> seen;
  for (const auto& row : rows) {
    const auto place = seen[row.values.front().second]++;
    if (place == out.series.size()) out.series.push_back({"", {}});
    out.series[place].second.push_back(&row);
  }
  for (size_t k = 0; k < out.series.size(); ++k) {
    out.series[k].first = zipped_name(out.series[k].second, k);
  }
}

}  // namespace

Groups group(const std::vector<SweepRow>& rows) {
  Groups out;
  std::set<std::string> names;
  for (const auto& row : rows) {
    const auto& x = row.values.front().second;
    if (std::find(out.x.begin(), out.x.end(), x) == out.x.end()) out.x.push_back(x);
    names.insert(series_of(row));
  }
  // A cross has a row for each pair; a zip far fewer.
  if (rows.size() < out.x.size() * names.size()) {
    group_by_place(rows, out);
    return out;
  }
  for (const auto& row : rows) {
    const auto name = series_of(row);
    auto found = std::find_if(out.series.begin(), out.series.end(), [&](const auto& s) {
      return s.first == name;
    });
    if (found == out.series.end())
      found = out.series.insert(out.series.end(), {name, {}});
    found->second.push_back(&row);
  }
  return out;
}

}  // namespace basin
