#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "report/html.h"
#include "report/sweep_groups.h"
#include "report/sweep_page.h"
#include "report/text.h"

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

double loss_quantile(std::vector<double> values, double q) {
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  if (values.empty()) return NAN;
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

std::string sweep_csv(const std::vector<SweepRow>& rows) {
  std::string out;
  for (const auto& [key, value] : rows.front().values) out += key + ",";
  out +=
      "parameters,seeds,certified_seeds,minima,low,high,coverage,places,up_to_data_"
      "symmetry,spurious,spurious_low,spurious_high,loss_min,loss_median,loss_max,"
      "run\n";
  const auto number = [](double x) {
    return std::isnan(x) ? "" : fmt::format("{}", x);
  };
  for (const auto& row : rows) {
    for (const auto& [key, value] : row.values) {
      out += value.find(',') == std::string::npos ? value + "," : "\"" + value + "\",";
    }
    const auto& c = row.certified;
    const auto spurious = wilson_interval(row.spurious, row.seeds);
    const bool asked = row.spurious_above > 0;
    out +=
        fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                    row.parameters,
                    row.seeds,
                    c.seeds,
                    c.count,
                    number(c.interval.low),
                    number(c.interval.high),
                    number(c.coverage),
                    row.candidates.count,
                    row.coarse.level.empty() ? "" : fmt::format("{}", row.coarse.count),
                    asked ? fmt::format("{}", row.spurious) : "",
                    asked ? number(spurious.low) : "",
                    asked ? number(spurious.high) : "",
                    number(loss_quantile(row.losses, 0)),
                    number(loss_quantile(row.losses, 0.5)),
                    number(loss_quantile(row.losses, 1)),
                    row.run);
  }
  return out;
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
