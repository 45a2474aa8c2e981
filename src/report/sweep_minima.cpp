#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "report/html.h"
#include "report/quantile.h"
#include "report/sweep_groups.h"
#include "report/sweep_page.h"
#include "report/text.h"
#include "store/csv.h"

namespace basin {
namespace {

constexpr size_t kMostRows = 400;

}  // namespace

std::vector<DistinctMinimum> distinct_minima(const std::vector<Minimum>& minima) {
  std::map<int64_t, DistinctMinimum> classes;
  for (const auto& m : minima) {
    if (!is_certified(m.endpoint)) continue;
    const auto hits = static_cast<int64_t>(m.seeds.size());
    const auto key = m.symmetry_class >= 0 ? m.symmetry_class : m.id;
    auto& own = classes[key];
    if (own.hits == 0) {
      own = {.loss = m.endpoint.loss,
             .min_eigenvalue = m.endpoint.min_eigenvalue,
             .nullity = m.endpoint.nullity,
             .verdict = m.endpoint.verdict};
    }
    own.hits += hits;
  }
  std::vector<DistinctMinimum> out;
  for (const auto& [key, value] : classes) out.push_back(value);
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return a.loss < b.loss;
  });
  return out;
}

std::string spurious_text(const SweepRow& row) {
  const auto interval = wilson_interval(row.spurious, row.seeds);
  const auto share = static_cast<double>(row.spurious) / static_cast<double>(row.seeds);
  return fmt::format("{} % ({} to {})",
                     show(100 * share, 3),
                     show(100 * interval.low, 3),
                     show(100 * interval.high, 3));
}

std::string sweep_csv(const std::vector<SweepRow>& rows) {
  const auto add = [](Csv& csv, int64_t, const SweepRow& row) {
    for (const auto& [key, value] : row.values) csv.add(key.c_str(), csv_text(value));
    const auto& c = row.certified;
    const auto spurious = wilson_interval(row.spurious, row.seeds);
    const bool asked = row.spurious_above > 0;
    csv.add("parameters", row.parameters)
        .add("seeds", row.seeds)
        .add("certified_seeds", c.seeds)
        .add("minima", c.count)
        .add("at_least", c.at_least)
        .add("more_low", c.more.low)
        .add("more_high", c.more.high)
        .add("coverage", c.coverage)
        .add("coverage_low", c.least_coverage)
        .add("places", row.candidates.count)
        .add("up_to_data_symmetry",
             count(row.coarse.level.empty() ? -1 : row.coarse.count))
        .add("spurious", count(asked ? row.spurious : -1))
        .add("spurious_low", asked ? spurious.low : NAN)
        .add("spurious_high", asked ? spurious.high : NAN)
        .add("loss_min", loss_quantile(row.losses, 0))
        .add("loss_median", loss_quantile(row.losses, 0.5))
        .add("loss_max", loss_quantile(row.losses, 1))
        .add("convexity", row.convexity);
    for (const auto& m : row.measures) csv.add(m.name.c_str(), m.value);
    csv.add("run", row.run);
  };
  return table_of(rows, add);
}

std::string sweep_minima_csv(const std::vector<SweepRow>& rows) {
  std::string out;
  for (const auto& [key, value] : rows.front().values) out += key + ",";
  out += "rank,loss,hits,seeds,min_eigenvalue,nullity,verdict,spurious\n";
  for (const auto& row : rows) {
    for (size_t k = 0; k < row.distinct.size(); ++k) {
      const auto& m = row.distinct[k];
      for (const auto& [key, value] : row.values) {
        out +=
            value.find(',') == std::string::npos ? value + "," : "\"" + value + "\",";
      }
      out +=
          fmt::format("{},{},{},{},{},{},{},{}\n",
                      k,
                      m.loss,
                      m.hits,
                      row.seeds,
                      m.min_eigenvalue,
                      m.nullity,
                      name_of(m.verdict),
                      row.spurious_above > 0 && m.loss >= row.spurious_above ? 1 : 0);
    }
  }
  return out;
}

std::string sweep_minima_html(const std::vector<SweepRow>& rows) {
  std::vector<std::string> head;
  for (const auto& [key, value] : rows.front().values) {
    head.push_back(escape_html(short_key(key)));
  }
  const auto keys = head.size();
  for (const char* title :
       {"loss", "hits", "least eigenvalue", "zero modes", "verdict"}) {
    head.emplace_back(title);
  }
  std::vector<std::vector<std::string>> table;
  size_t all = 0;
  for (const auto& row : rows) {
    for (const auto& m : row.distinct) {
      if (++all > kMostRows) continue;
      std::vector<std::string> cells;
      for (const auto& [key, value] : row.values) cells.push_back(escape_html(value));
      cells.push_back(show(m.loss, 8));
      cells.push_back(show(m.hits));
      cells.push_back(show(m.min_eigenvalue, 3));
      cells.push_back(show(m.nullity));
      cells.push_back(name_of(m.verdict));
      table.push_back(cells);
    }
  }
  return fmt::format(
      "<h2>Distinct minima</h2>\n<p class=\"soft\">Certified ones, up to the "
      "symmetries of "
      "the network and the declared symmetries of the data{}; all are in "
      "tables/sweep_minima.csv.</p>\n{}",
      all > kMostRows ? fmt::format("; {} of {}", kMostRows, all) : "",
      html_table(head, table, keys));
}

}  // namespace basin
