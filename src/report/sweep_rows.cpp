#include <algorithm>
#include <cmath>
#include <set>

#include "config/table.h"
#include "config/write.h"
#include "report/sweep_page.h"

namespace basin {

SweepRow row_of(const std::vector<std::pair<std::string, std::string>>& values,
                const RunReport& report) {
  SweepRow row{.values = values,
               .run = report.id,
               .parameters = report.parameters,
               .seeds = static_cast<int64_t>(report.endpoints.size()),
               .verdicts = verdict_counts(report),
               .convexity = report.convexity ? name_of(report.convexity->verdict) : "",
               .spurious_above = report.spec.minima.spurious_above,
               .distinct = distinct_minima(report.minima),
               .measures = measures_of(report)};
  for (const auto& c : report.counts) {
    if (c.level == "symmetry" && c.set == "certified") row.coarse = c;
    if (c.level != "parameters") continue;
    (c.set == "certified" ? row.certified : row.candidates) = c;
  }
  for (const auto& e : report.endpoints) {
    if (e.verdict == Verdict::kDiverged) continue;
    row.losses.push_back(e.loss);
    row.spurious += row.spurious_above > 0 && e.loss >= row.spurious_above;
  }
  if (row.spurious_above > 0 && !row.losses.empty()) {
    row.measures.push_back(
        {"spurious_share",
         "share of spurious endpoints",
         static_cast<double>(row.spurious) / static_cast<double>(row.losses.size())});
  }
  for (const auto& s : report.slices) {
    if (s.frame.kind == SliceKind::kPlane && s.problem.empty()) row.planes.push_back(s);
  }
  return row;
}

// The values of a run as it was: a key that its source of data does not read is "-",
// and the samples are those that there were.
std::vector<std::pair<std::string, std::string>> own_values(const RunReport& report) {
  auto out = values_of(report.spec);
  const auto unread = unread_data_keys(report.spec.data.source);
  for (auto& [key, value] : out) {
    if (key == "data.samples") {
      value = std::to_string(report.samples);
    } else if (key.starts_with("data.") && unread.contains(key.substr(5))) {
      value = std::string(1, '-');
    }
  }
  return out;
}

std::vector<SweepRow> rows_of(const std::vector<RunReport>& reports) {
  std::vector<std::vector<std::pair<std::string, std::string>>> values;
  for (const auto& r : reports) values.push_back(own_values(r));
  std::vector<SweepRow> out;
  for (size_t k = 0; k < reports.size(); ++k) {
    std::vector<std::pair<std::string, std::string>> own;
    for (size_t i = 0; i < values[k].size(); ++i) {
      std::set<std::string> seen;
      for (const auto& v : values) seen.insert(v[i].second);
      if (seen.size() > 1 && values[k][i].first != "compute.threads")
        own.push_back(values[k][i]);
    }
    if (own.empty()) own.emplace_back("run", reports[k].id);
    out.push_back(row_of(own, reports[k]));
  }
  return out;
}

void align_measures(std::vector<SweepRow>& rows) {
  std::vector<Measure> all;
  for (const auto& row : rows) {
    for (const auto& m : row.measures) {
      const auto same = [&](const Measure& other) { return other.name == m.name; };
      if (std::none_of(all.begin(), all.end(), same))
        all.push_back({m.name, m.title, NAN});
    }
  }
  for (auto& row : rows) {
    auto filled = all;
    for (auto& f : filled) {
      for (const auto& m : row.measures) {
        if (m.name == f.name) f.value = m.value;
      }
    }
    row.measures = filled;
  }
}

}  // namespace basin
