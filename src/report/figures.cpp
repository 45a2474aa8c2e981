#include "report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/file.h"
#include "core/numbers.h"
#include "report/chart.h"
#include "report/graph_page.h"
#include "report/quantile.h"
#include "report/text.h"

namespace basin {
namespace {

constexpr size_t kMostCurves = 100;
constexpr size_t kMostSpectra = 6;

bool spans_decades(const std::vector<double>& values) {
  double low = INFINITY, high = 0;
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    if (v <= 0) return false;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  return high / low > 10;
}

Figure loss_curves(const RunReport& r) {
  std::vector<Series> series;
  std::vector<double> steps(r.curve_steps.begin(), r.curve_steps.end()), all;
  const size_t stride = std::max<size_t>(1, r.training.size() / kMostCurves);
  for (size_t s = 0; s < r.training.size(); s += stride) {
    series.push_back(
        {.x = steps, .y = numbers(r.training[s].curve), .width = 0.8, .opacity = 0.3});
    all.insert(all.end(), series.back().y.begin(), series.back().y.end());
  }
  Series middle{.label = "median", .x = steps, .colour = 1, .width = 2.4};
  for (size_t k = 0; k < steps.size(); ++k) {
    std::vector<double> at_step;
    for (const auto& seed : r.training) {
      at_step.push_back(seed.curve.data_ptr<double>()[k]);
    }
    middle.y.push_back(loss_quantile(at_step, 0.5));
  }
  series.push_back(middle);
  return {"loss_curves",
          line_chart(series,
                     {.title = "Training loss of the seeds",
                      .x_label = "step",
                      .y_label = "loss",
                      .log_y = spans_decades(all)}),
          fmt::format(
              "Loss against training step for {} of {} seeds, before polishing; the "
              "thick line is the median.",
              series.size() - 1,
              r.training.size())};
}

Figure loss_histogram(const RunReport& r) {
  std::vector<double> losses;
  for (const auto& e : r.endpoints) {
    if (e.verdict != Verdict::kDiverged) losses.push_back(e.loss);
  }
  return {
      "losses",
      histogram(
          losses,
          40,
          {.title = "Loss of the endpoints", .x_label = "loss", .y_label = "seeds"}),
      "How many seeds ended at which loss, after polishing."};
}

Figure accumulation_figure(const RunReport& r) {
  std::vector<Series> series;
  for (const bool certified : {true, false}) {
    Series s{.label = certified ? "certified minima" : "all candidates",
             .colour = certified ? 2 : 0};
    for (const auto distinct : accumulation(r.minima, certified)) {
      s.x.push_back(static_cast<double>(s.x.size() + 1));
      s.y.push_back(static_cast<double>(distinct));
    }
    const bool known = !series.empty() && series.front().y == s.y;
    if (!s.x.empty() && !known) series.push_back(s);
  }
  return {
      "accumulation",
      line_chart(series,
                 {.title = "Distinct endpoints against seeds",
                  .x_label = "seeds",
                  .y_label = "distinct, level parameters"}),
      "A curve that has become flat has seen most of what random starts can reach; one "
      "that still climbs has not."};
}

Figure spectrum_figure(const RunReport& r) {
  std::vector<Series> series;
  for (size_t i = 0; i < std::min(kMostSpectra, r.spectra.size()); ++i) {
    const auto& s = r.spectra[i];
    Series line{.label = label_of(r.minima[static_cast<size_t>(s.minimum)]),
                .colour = static_cast<int>(i),
                .width = 2.2,
                .dots = true};
    for (const double v : numbers(s.values)) {
      line.x.push_back(static_cast<double>(line.x.size()));
      line.y.push_back(v);
    }
    series.push_back(line);
  }
  const bool complete = !r.spectra.empty() && r.spectra.front().complete;
  std::vector<double> all;
  for (const auto& s : series) all.insert(all.end(), s.y.begin(), s.y.end());
  return {"spectrum",
          line_chart(series,
                     {.title = complete ? "Eigenvalues of the Hessian"
                                        : "Ritz values of the Hessian",
                      .x_label = "rank",
                      .y_label = "eigenvalue",
                      .log_y = spans_decades(all)}),
          complete
              ? "All eigenvalues at the first minima, ascending."
              : "Lanczos estimates at the first endpoints: the ends are accurate, the "
                "middle is not resolved."};
}

}  // namespace

std::string figures_html(const std::vector<Figure>& figures) {
  std::string out = "<div class=\"figures\">\n";
  for (const auto& f : figures) {
    out += fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n",
                       f.svg,
                       escape_html(f.caption));
  }
  return out + "</div>\n";
}

std::vector<Figure> ensemble_figures(const RunReport& report) {
  std::vector<Figure> out;
  if (!report.training.empty()) out.push_back(loss_curves(report));
  if (!report.endpoints.empty()) out.push_back(loss_histogram(report));
  if (!report.minima.empty()) out.push_back(accumulation_figure(report));
  if (!report.spectra.empty()) out.push_back(spectrum_figure(report));
  return out;
}

void write_figures(const RunReport& report, const std::filesystem::path& folder) {
  make_folder(folder);
  for (const auto& f : slice_figures(report)) {
    if (!f.figure.svg.empty())
      write_file(folder / (f.figure.name + ".svg"), standalone(f.figure.svg));
  }
  for (const auto& figures : {ensemble_figures(report),
                              surface_figures(report),
                              path_figures(report),
                              map_figures(report),
                              graph_figures(report),
                              curvature_figures(report)}) {
    for (const auto& f : figures)
      write_file(folder / (f.name + ".svg"), standalone(f.svg));
  }
}

}  // namespace basin
