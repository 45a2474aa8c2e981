#include <algorithm>
#include <cmath>

#include "core/file.h"
#include "report/chart.h"
#include "report/quantile.h"
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

// Series k of the groups, without its points.
Series big_dots(const Groups& g, size_t k) {
  return {.label = g.series[k].first,
          .colour = static_cast<int>(k % 6),
          .width = 5,
          .opacity = k < 6 ? 1.0 : kSecondRound,
          .dots = true};
}

std::string count_chart(const std::string& name, const std::vector<SweepRow>& rows) {
  const auto g = group(rows);
  std::vector<Series> series;
  double least = INFINITY, most = 0;
  for (size_t k = 0; k < g.series.size(); ++k) {
    auto s = big_dots(g, k);
    for (const auto* row : g.series[k].second) {
      s.x.push_back(position(g, *row, k));
      const auto& own = row->coarse.level.empty() ? row->certified : row->coarse;
      s.y.push_back(static_cast<double>(own.count));
      least = std::min(least, s.y.back());
      most = std::max(most, s.y.back());
      s.low.push_back(s.y.back());
      s.high.push_back(s.y.back() + (std::isnan(own.more.high) ? 0 : own.more.high));
    }
    series.push_back(s);
  }
  return line_chart(series,
                    {.title = name + ": distinct certified minima",
                     .x_label = short_key(rows.front().values.front().first),
                     .y_label = "seen; bar: after as many seeds again",
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

// The measure `name` of a row; NaN if there is none.
double value_of(const SweepRow& row, const std::string& name) {
  for (const auto& m : row.measures) {
    if (m.name == name) return m.value;
  }
  return NAN;
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
    bool bars = false;
    for (size_t k = 0; k < g.series.size(); ++k) {
      auto s = big_dots(g, k);
      for (const auto* row : g.series[k].second) {
        const double y = row->measures[i].value;
        if (!std::isfinite(y)) continue;
        s.x.push_back(position(g, *row, k));
        s.y.push_back(y);
        all.push_back(y);
        const double from = value_of(*row, measure.name + "_low");
        if (std::isnan(from)) continue;
        s.low.push_back(from);
        s.high.push_back(value_of(*row, measure.name + "_high"));
      }
      if (s.low.size() != s.y.size()) s.low = s.high = {};
      bars = bars || !s.low.empty();
      series.push_back(s);
    }
    const double low = loss_quantile(all, 0), high = loss_quantile(all, 1);
    if (all.size() < 2 || low == high) continue;
    out.push_back(
        {measure.name,
         line_chart(series,
                    {.title = name + ": " + measure.title,
                     .x_label = short_key(rows.front().values.front().first),
                     .y_label = measure.title + (bars ? "; bar: quartiles" : ""),
                     .log_y = low > 0 && high / low > 20,
                     .x_names = g.x})});
  }
  return out;
}

}  // namespace

SweepPictures sweep_pictures(const std::string& name,
                             const std::vector<SweepRow>& rows) {
  return {.minima = {"minima", count_chart(name, rows)},
          .losses = {"losses", loss_chart(name, rows)},
          .measures = measure_charts(name, rows),
          .planes = planes_at_one_scale(rows)};
}

void write_sweep_figures(const SweepPictures& pictures,
                         const std::filesystem::path& folder) {
  make_folder(folder);
  const auto write = [&](const Picture& p) {
    write_file(folder / (p.name + ".svg"), standalone(p.svg));
  };
  write(pictures.minima);
  write(pictures.losses);
  for (const auto& p : pictures.measures) write(p);
  for (const auto& p : pictures.planes) write(p.picture);
}

}  // namespace basin
