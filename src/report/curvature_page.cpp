#include "report/curvature_page.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "curvature/stochastic.h"
#include "report/chart.h"
#include "report/figures.h"
#include "report/html.h"
#include "report/measures.h"
#include "report/text.h"

namespace basin {
namespace {

std::string estimate(const EigenEstimate& e) {
  return e.residual > 0 ? fmt::format("{} ± {}", show(e.value, 4), show(e.residual, 2))
                        : show(e.value, 4);
}

// The median radius; ">" or "<" if it is a bound.
std::string median_radius(std::vector<QuadraticRadius> radii) {
  std::erase_if(radii, [](const auto& q) { return q.end == RadiusEnd::kUndefined; });
  if (radii.empty()) return "–";
  std::sort(radii.begin(), radii.end(), [](const auto& a, const auto& b) {
    return a.radius < b.radius;
  });
  const auto& middle = radii[radii.size() / 2];
  return (middle.end == RadiusEnd::kAtLeast  ? "> "
          : middle.end == RadiusEnd::kAtMost ? "< "
                                             : "") +
         show(middle.radius, 3);
}

std::vector<std::vector<std::string>> point_rows(const RunReport& r) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& p : r.points) {
    const double proved = convex_radius(r, p);
    const auto first = [](const auto& list) {
      return list.empty() ? std::string("–") : estimate(list.front());
    };
    rows.push_back(
        {escape_html(p.point),
         p.gauge,
         show(p.norm, 4),
         first(p.largest),
         first(p.least),
         show(p.trace, 4),
         fmt::format("{} ± {}",
                     show(p.sampled_trace.value, 4),
                     show(p.sampled_trace.standard_error, 2)),
         show(p.newton_largest, 4),
         show(p.residual_size / p.newton_size, 3),
         show(p.sharp.box, 3),
         show(p.sharp.filter, 3),
         median_radius(p.radii.random),
         median_radius(
             {p.radii.top.begin(),
              p.radii.top.begin() +
                  std::min<ptrdiff_t>(1, static_cast<ptrdiff_t>(p.radii.top.size()))}),
         proved == 0 ? "none" : show(proved, 3)});
  }
  return rows;
}

std::string layers_table(const RunReport& r) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& p : r.points) {
    for (const auto& l : p.layers)
      rows.push_back({escape_html(p.point),
                      p.gauge,
                      l.name,
                      show(l.largest, 4),
                      show(l.least, 4),
                      show(l.trace, 4)});
  }
  if (rows.empty()) return "";
  return "<h3>Blocks of the layers</h3>\n" +
         html_table({"point", "gauge", "layer", "largest", "least", "trace"}, rows, 3);
}

std::string batches_table(const RunReport& r) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& p : r.points) {
    if (p.batches.empty()) continue;
    std::vector<double> losses, slopes, changes, largest, least;
    std::vector<QuadraticRadius> radii;
    for (const auto& b : p.batches) {
      losses.push_back(b.loss);
      slopes.push_back(b.gradient_norm);
      changes.push_back(b.hessian_change);
      largest.push_back(b.largest);
      least.push_back(b.least);
      radii.insert(radii.end(), b.radii.random.begin(), b.radii.random.end());
    }
    const auto median = [](std::vector<double> v) {
      std::sort(v.begin(), v.end());
      return show(v[v.size() / 2], 3);
    };
    rows.push_back({escape_html(p.point),
                    p.gauge,
                    show(static_cast<int64_t>(p.batches.size())),
                    median(losses),
                    median(slopes),
                    median(changes),
                    median(largest),
                    median(least),
                    median_radius(radii),
                    median_radius(p.radii.random)});
  }
  if (rows.empty()) return "";
  return fmt::format(
             "<h3>The same points seen by mini-batches of {}</h3>\n<p "
             "class=\"soft\">Medians "
             "over the mini-batches. Change of H: ‖H of the batch − H‖ / ‖H‖.</p>\n",
             r.spec.curvature.batch) +
         html_table({"point",
                     "gauge",
                     "batches",
                     "loss",
                     "‖g‖",
                     "change of H",
                     "largest",
                     "least",
                     "radius",
                     "radius, full batch"},
                    rows,
                    2);
}

// "min. 3", "min. 3, balanced": names stand side by side below the axis.
std::string short_name(const PointCurvature& p) {
  auto out = p.point.starts_with("minimum ") ? "min. " + p.point.substr(8)
             : p.point.starts_with("slice:") ? p.point.substr(6)
                                             : p.point;
  return p.gauge == "balanced" ? out + ", bal." : out;
}

Figure density_figure(const RunReport& r) {
  std::vector<Series> series;
  for (const auto& p : r.points) {
    if (p.gauge != "stored" || p.nodes.empty() || series.size() == 6) continue;
    const SpectralDensity density{at::tensor(p.nodes, torch::kFloat64),
                                  at::tensor(p.weights, torch::kFloat64)};
    const double low = p.nodes.front(), high = p.nodes.back();
    const double width = std::max(1e-12, 0.01 * (high - low));
    const auto x =
        at::linspace(low - 4 * width, high + 4 * width, 400, torch::kFloat64);
    const auto y = smoothed(density, x, width);
    // What lies far below the largest density is the Gaussian's tail alone.
    const auto shown = at::where(y > 1e-4 * y.max(), y, at::full_like(y, NAN));
    series.push_back({.label = p.point,
                      .x = {x.data_ptr<double>(), x.data_ptr<double>() + 400},
                      .y = {shown.data_ptr<double>(), shown.data_ptr<double>() + 400},
                      .colour = static_cast<int>(series.size())});
  }
  return {"density",
          line_chart(series,
                     {.title = "Density of the eigenvalues of the Hessian",
                      .x_label = "eigenvalue",
                      .y_label = "density",
                      .log_y = true}),
          "By stochastic Lanczos quadrature, smoothed by a hundredth of the range."};
}

Figure radius_figure(const RunReport& r) {
  std::vector<Series> series;
  Series full{.label = "full batch", .colour = 0, .width = 3, .dots = true};
  Series batch{
      .label = "mini-batches", .colour = 1, .width = 2, .opacity = 0.4, .dots = true};
  std::vector<std::string> names;
  for (const auto& p : r.points) {
    const auto x = static_cast<double>(names.size());
    names.push_back(short_name(p));
    for (const auto& radius : p.radii.random) {
      full.x.push_back(x - 0.1);
      full.y.push_back(radius.radius / p.norm);
    }
    for (const auto& b : p.batches) {
      for (const auto& radius : b.radii.random) {
        batch.x.push_back(x + 0.1);
        batch.y.push_back(radius.radius / p.norm);
      }
    }
  }
  series.push_back(full);
  if (!batch.x.empty()) series.push_back(batch);
  return {"quadratic_radius",
          line_chart(series,
                     {.title = "Radius of the local quadratic model",
                      .x_label = "point",
                      .y_label = "radius / ‖θ‖",
                      .log_y = true,
                      .x_names = names}),
          fmt::format(
              "Along {} random directions: how far second order misses the loss by at "
              "most {} % of its own rise.",
              r.spec.curvature.directions,
              show(100 * r.spec.curvature.error, 3))};
}

}  // namespace

std::vector<Figure> curvature_figures(const RunReport& report) {
  if (report.points.empty()) return {};
  std::vector<Figure> out{density_figure(report)};
  if (report.spec.curvature.directions > 0) out.push_back(radius_figure(report));
  return out;
}

std::string curvature_section(const RunReport& r) {
  if (r.points.empty()) return "";
  return "<h2>Curvature at points</h2>\n<p class=\"soft\">Of the Hessian at each "
         "point. A "
         "scaling of units leaves the function and the loss without decay, not these "
         "numbers: gauge balanced has each unit's incoming and outgoing weights "
         "equally "
         "long. G: the Gauss-Newton part; R: what is left beside decay. Sharpness: the "
         "largest relative rise found in a neighbourhood, in percent, a lower bound. "
         "Radius: how far the quadratic model misses the loss by at most " +
         show(100 * r.spec.curvature.error, 3) +
         " % of its own second-order rise, in θ, the median over directions; &gt; and "
         "&lt;: a bound. Proved convex: the half-width of the box round the minimum on "
         "which every Hessian is positive definite, by interval arithmetic.</p>\n" +
         html_table({"point",
                     "gauge",
                     "‖θ‖",
                     "largest",
                     "least",
                     "trace",
                     "trace, sampled",
                     "largest of G",
                     "‖R‖ / ‖G‖",
                     "sharpness, box",
                     "filters",
                     "radius, random",
                     "radius, top",
                     "proved convex"},
                    point_rows(r),
                    2) +
         layers_table(r) + batches_table(r) + figures_html(curvature_figures(r));
}

}  // namespace basin
