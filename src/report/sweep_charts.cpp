#include <algorithm>
#include <cmath>

#include "core/file.h"
#include "report/chart.h"
#include "report/sweep_groups.h"
#include "report/sweep_page.h"

namespace basin {
namespace {

constexpr double kSecondRound = 0.45;  // opacity of series 7 to 12: colours come again

double position(const Groups& g, const SweepRow& row, size_t series) {
  const auto at =
      std::find(g.x.begin(), g.x.end(), row.values.front().second) - g.x.begin();
  const auto count = static_cast<double>(g.series.size());
  return static_cast<double>(at) +
         std::min(0.14, 0.84 / count) * (static_cast<double>(series) - (count - 1) / 2);
}

}  // namespace

std::string count_chart(const std::string& name, const std::vector<SweepRow>& rows) {
  const auto g = group(rows);
  std::vector<Series> series;
  double least = INFINITY, most = 0;
  for (size_t k = 0; k < g.series.size(); ++k) {
    Series s{.label = g.series[k].first,
             .colour = static_cast<int>(k % 6),
             .width = 5,
             .opacity = k < 6 ? 1.0 : kSecondRound,
             .dots = true};
    for (const auto* row : g.series[k].second) {
      s.x.push_back(position(g, *row, k));
      const auto& own = row->coarse.level.empty() ? row->certified : row->coarse;
      s.y.push_back(static_cast<double>(own.count));
      least = std::min(least, s.y.back());
      most = std::max(most, s.y.back());
      s.low.push_back(own.interval.low);
      s.high.push_back(own.interval.high);
    }
    series.push_back(s);
  }
  return line_chart(series,
                    {.title = name + ": distinct certified minima",
                     .x_label = short_key(rows.front().values.front().first),
                     .y_label = "seen; bar: 95 % of Chao1",
                     .log_y = least > 0 && most > 20 * least,
                     .x_names = g.x});
}

std::string loss_chart(const std::string& name, const std::vector<SweepRow>& rows) {
  const auto g = group(rows);
  std::vector<Series> series;
  std::vector<double> all;
  for (size_t k = 0; k < g.series.size(); ++k) {
    Series dots{
        .colour = static_cast<int>(k % 6), .width = 2.2, .opacity = 0.35, .dots = true};
    Series middle{.label = g.series[k].first.empty() ? "median" : g.series[k].first,
                  .colour = static_cast<int>(k % 6),
                  .width = 5,
                  .dots = true};
    for (const auto* row : g.series[k].second) {
      const double x = position(g, *row, k);
      for (const double loss : row->losses) {
        dots.x.push_back(x + 0.05);
        dots.y.push_back(loss);
        all.push_back(loss);
      }
      middle.x.push_back(x);
      middle.y.push_back(loss_quantile(row->losses, 0.5));
    }
    series.push_back(dots);
    series.push_back(middle);
  }
  const bool log =
      loss_quantile(all, 0) > 0 && loss_quantile(all, 1) / loss_quantile(all, 0) > 20;
  return line_chart(series,
                    {.title = name + ": loss of the endpoints",
                     .x_label = short_key(rows.front().values.front().first),
                     .y_label = "loss",
                     .log_y = log,
                     .x_names = g.x});
}

std::vector<Picture> measure_charts(const std::string& name,
                                    const std::vector<SweepRow>& rows) {
  std::vector<Picture> out;
  const auto g = group(rows);
  if (g.x.size() < 2) return out;
  for (size_t i = 0; i < rows.front().measures.size(); ++i) {
    const auto& measure = rows.front().measures[i];
    if (measure.title.empty()) continue;
    std::vector<Series> series;
    std::vector<double> all;
    for (size_t k = 0; k < g.series.size(); ++k) {
      Series s{.label = g.series[k].first,
               .colour = static_cast<int>(k % 6),
               .width = 5,
               .opacity = k < 6 ? 1.0 : kSecondRound,
               .dots = true};
      for (const auto* row : g.series[k].second) {
        const double y = row->measures[i].value;
        if (!std::isfinite(y)) continue;
        s.x.push_back(position(g, *row, k));
        s.y.push_back(y);
        all.push_back(y);
      }
      series.push_back(s);
    }
    const double low = loss_quantile(all, 0), high = loss_quantile(all, 1);
    if (all.size() < 2 || low == high) continue;
    out.push_back({measure.name,
                   line_chart(series,
                              {.title = name + ": " + measure.title,
                               .x_label = short_key(rows.front().values.front().first),
                               .y_label = measure.title,
                               .log_y = low > 0 && high / low > 20,
                               .x_names = g.x})});
  }
  return out;
}

void write_sweep_figures(const std::string& name,
                         const std::vector<SweepRow>& rows,
                         const std::filesystem::path& folder) {
  make_folder(folder);
  auto all = measure_charts(name, rows);
  all.push_back({"minima", count_chart(name, rows)});
  all.push_back({"losses", loss_chart(name, rows)});
  for (const auto& plane : planes_at_one_scale(rows)) all.push_back(plane.picture);
  for (const auto& picture : all)
    write_file(folder / (picture.name + ".svg"), standalone(picture.svg));
}

}  // namespace basin
