#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "report/chart.h"
#include "report/figures.h"
#include "report/plane_figure.h"
#include "report/text.h"

namespace basin {
namespace {

bool is_drawn(const StoredSlice& s) { return s.values.loss.defined(); }

// "; accuracy 12 to 100 %", where it is defined.
std::string accuracy_text(const StoredSlice& s) {
  if (s.values.accuracy.isnan().any().item<bool>()) return "";
  return fmt::format("; accuracy from {} to {} %",
                     show(100 * s.values.accuracy.min().item<double>(), 3),
                     show(100 * s.values.accuracy.max().item<double>(), 3));
}

// Of a line: its colours are not cut, and nothing is at the top.
std::string floor_sentence(const torch::Tensor& loss, const SliceStyle& style) {
  const double floor = resolved_zero(grid_of(loss));
  const auto h = heights_of(loss, {.scale = style.scale});
  if (!h.log || !(h.least < floor)) return "";
  return fmt::format("; drawn no lower than {}, what this grid resolves of a zero",
                     show(floor, 2));
}

std::string caption_of(const StoredSlice& s, const SliceStyle& style, size_t repeats) {
  auto out = s.frame.recipe + accuracy_text(s);
  if (repeats > 1) return out + fmt::format("; {} draws", repeats);
  if (s.frame.kind == SliceKind::kLine)
    return out + "; " + s.extrema.sentence() + floor_sentence(s.values.loss, style);
  out += plane_sentences(s, style);
  if (s.stride > 1)
    out += fmt::format("; every {}th point is drawn, all are in tables/slices.csv",
                       s.stride);
  return out;
}

// The lines of one series that have values.
std::vector<const StoredSlice*> lines_of(const RunReport& r,
                                         const std::string& series) {
  std::vector<const StoredSlice*> out;
  for (const auto& s : r.slices) {
    if (s.frame.series == series && s.frame.kind == SliceKind::kLine && is_drawn(s))
      out.push_back(&s);
  }
  return out;
}

// Repeats on one grid are drawn as a band: only of random draws round one centre.
bool shares_figure(const RunReport& r, const std::string& series) {
  for (const auto& o : r.spec.landscape) {
    if (o.name == series) return o.repeats > 1 && o.center != "every";
  }
  return false;
}

// Of all draws of one line together.
std::string draws_sentence(const std::vector<const StoredSlice*>& lines) {
  int64_t least = std::numeric_limits<int64_t>::max(), most = 0;
  for (const auto* s : lines) {
    const auto count = s->extrema.count(ExtremumKind::kMinimum);
    least = std::min(least, count);
    most = std::max(most, count);
  }
  const bool exact = lines.front()->extrema.method == ExtremaMethod::kExact;
  return fmt::format("{}: local minima along each of {} lines: {} to {} ({})",
                     lines.front()->frame.series,
                     lines.size(),
                     least,
                     most,
                     exact ? "exact" : "bracketed, there may be more");
}

}  // namespace

SliceStyle style_of(const RunReport& r, const StoredSlice& s) {
  for (const auto& o : r.spec.landscape) {
    if (o.name != s.frame.series) continue;
    SliceStyle out{.scale = o.scale, .quadratic = o.quadratic};
    if (o.colour_limits.size() == 2)
      out.limits = {o.colour_limits[0], o.colour_limits[1]};
    return out;
  }
  return {};
}

std::vector<SliceFigure> slice_figures(const RunReport& report) {
  std::vector<SliceFigure> out;
  std::set<std::string> bands;
  for (const auto& s : report.slices) {
    const auto& f = s.frame;
    const bool plane = f.kind == SliceKind::kPlane;
    if (!is_drawn(s)) {
      out.push_back({{f.name, "", ""}, &s});
    } else if (plane) {
      out.push_back({{"slice_" + f.name,
                      plane_figure(s, f.name, style_of(report, s)),
                      caption_of(s, style_of(report, s), 1)},
                     &s});
    } else if (shares_figure(report, f.series)) {
      if (!bands.insert(f.series).second) continue;
      const auto all = lines_of(report, f.series);
      out.push_back({{"slice_" + f.series,
                      line_figure(all, f.series, style_of(report, s)),
                      caption_of(s, style_of(report, s), all.size())},
                     &s});
    } else {
      out.push_back({{"slice_" + f.name,
                      line_figure({&s}, f.name, style_of(report, s)),
                      caption_of(s, style_of(report, s), 1)},
                     &s});
    }
  }
  return out;
}

std::vector<Figure> surface_figures(const RunReport& report) {
  std::vector<Figure> out;
  for (const auto& s : report.slices) {
    if (!is_drawn(s) || s.frame.kind != SliceKind::kPlane) continue;
    out.push_back({"surface_" + s.frame.name,
                   surface_figure(s, s.frame.name, style_of(report, s)),
                   s.frame.recipe +
                       cut_sentence(heights_of(s.values.loss, style_of(report, s)))});
  }
  return out;
}

namespace {

std::vector<Figure> figures_of_training(const StoredSlice& s, int64_t every) {
  std::vector<Figure> out;
  for (const auto& path : s.frame.paths) {
    if (path.label != "training" || path.away.empty()) continue;
    std::vector<double> steps;
    for (size_t k = 0; k < path.away.size(); ++k)
      steps.push_back(static_cast<double>(every) * static_cast<double>(k));
    const ChartOptions loss{
        .title = s.frame.name + ": loss of the training, and of the plane under it",
        .x_label = "step",
        .y_label = "loss"};
    const Series own{.label = "on the path", .x = steps, .y = path.loss, .colour = 1};
    const Series plane{
        .label = "on the plane", .x = steps, .y = path.plane_loss, .colour = 0};
    out.push_back({"path_" + s.frame.name,
                   line_chart({own, plane}, loss),
                   "The contours show the loss on the plane; training sees its own."});
    const ChartOptions away{.title = s.frame.name + ": distance off the plane",
                            .x_label = "step",
                            .y_label = "distance in θ"};
    out.push_back({"away_" + s.frame.name,
                   line_chart({{.x = steps, .y = path.away, .colour = 2}}, away),
                   "How far each point of the training is from the plane it is drawn "
                   "on."});
  }
  return out;
}

}  // namespace

std::vector<Figure> path_figures(const RunReport& report) {
  std::vector<Figure> out;
  for (const auto& s : report.slices) {
    if (!is_drawn(s) || s.frame.kind != SliceKind::kPlane) continue;
    for (auto& f : figures_of_training(s, report.spec.train.trajectory_every))
      out.push_back(std::move(f));
  }
  return out;
}

std::vector<Figure> map_figures(const RunReport& report) {
  std::vector<Figure> out;
  for (const auto& s : report.slices) {
    if (!s.least.defined()) continue;
    const double convex = (s.least > 0).to(torch::kFloat64).mean().item<double>();
    out.push_back(
        {"curvature_" + s.frame.name,
         curvature_map_figure(s, s.frame.name + ": |λmin / λmax|"),
         fmt::format("Extreme eigenvalues of the Hessian on {} × {} points: all are "
                     "positive at {} % of them",
                     s.least.size(1),
                     s.least.size(0),
                     show(100 * convex, 3))});
  }
  return out;
}

std::vector<std::string> line_sentences(const RunReport& report) {
  std::vector<std::string> out;
  std::set<std::string> bands;
  for (const auto& s : report.slices) {
    const auto& f = s.frame;
    if (f.kind != SliceKind::kLine || !is_drawn(s)) continue;
    if (shares_figure(report, f.series)) {
      if (bands.insert(f.series).second)
        out.push_back(draws_sentence(lines_of(report, f.series)));
      continue;
    }
    const auto where =
        f.marks.size() == 2
            ? fmt::format(" between {} and {}", f.marks[0].label, f.marks[1].label)
            : "";
    out.push_back(fmt::format("{}: {}", f.name, s.extrema.sentence(where)));
  }
  return out;
}

}  // namespace basin
