#include "report/plane_parts.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>

#include "report/colours.h"
#include "report/labels.h"
#include "report/text.h"

namespace basin {
namespace {

bool inside(const Axis& a, double t) { return t >= a.low && t <= a.high; }

// Both points on one side of the grid.
bool on_edge(const GridPoint& a, const GridPoint& b, int64_t nx, int64_t ny) {
  const auto along = [&](size_t k, int64_t n) {
    return a[k] == b[k] && (a[k] <= 0 || a[k] >= static_cast<double>(n - 1));
  };
  return along(0, nx) || along(1, ny);
}

}  // namespace

PlotFrame frame_of(const StoredSlice& s, int64_t nx, int64_t ny) {
  const auto axis = [](const torch::Tensor& t, double from, double to) {
    return Axis{.low = t[0].item<double>(),
                .high = t[-1].item<double>(),
                .from = from,
                .to = to};
  };
  return {axis(s.frame.x, kLeft, kLeft + kSide),
          axis(s.frame.y, kTop + kSide, kTop),
          nx,
          ny};
}

std::string outline(const HeightGrid& grid,
                    double level,
                    const PlotFrame& f,
                    Outline kind) {
  std::string d;
  for (auto loop : contour_loops(grid, level)) {
    if (kind == Outline::kInside) loop.push_back(loop.front());
    std::string last;
    bool down = false;
    for (size_t k = 0; k < loop.size(); ++k) {
      const auto& p = loop[k];
      auto point = fmt::format("{:.1f} {:.1f}", f.px(p[0]), f.py(p[1]));
      if (kind == Outline::kInside && k > 0 && on_edge(loop[k - 1], p, f.nx, f.ny))
        down = false;
      if (down && point == last) continue;
      d += (down ? "L" : "M") + point;
      down = true;
      last = std::move(point);
    }
    if (kind == Outline::kClosed) d += "Z";
  }
  return d;
}

std::string mark_sign(const SliceMark& m, double px, double py) {
  if (m.saddle || m.bare) {
    const auto lines =
        m.saddle ? fmt::format("M{:.1f} {:.1f}l9 9m0 -9l-9 9", px - 4.5, py - 4.5)
                 : fmt::format("M{:.1f} {:.1f}h11m-5.5 -5.5v11", px - 5.5, py);
    return fmt::format(
        "<path d=\"{0}\" stroke=\"#000\" stroke-width=\"4.4\" fill=\"none\"/>"
        "<path d=\"{0}\" stroke=\"#fff\" stroke-width=\"2.4\" fill=\"none\"/>\n",
        lines);
  }
  const bool projected = m.away > kOnPlane;
  return fmt::format(
      "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" fill=\"{}\" "
      "stroke=\"{}\" stroke-width=\"1.5\"/>\n",
      px,
      py,
      projected ? "none" : "#fff",
      projected ? "#fff" : "#000");
}

std::string marks_svg(const std::vector<SliceMark>& marks, const PlotFrame& f) {
  std::string out;
  std::vector<Anchor> anchors;
  for (const auto& m : marks) {
    if (!inside(f.x, m.x) || !inside(f.y, m.y)) continue;
    anchors.push_back({f.x.pixel(m.x), f.y.pixel(m.y), m.label});
    out += mark_sign(m, anchors.back().x, anchors.back().y);
  }
  const auto labels = draw_labels(anchors, {kLeft, kTop, kLeft + kSide, kTop + kSide});
  return out + labels.svg;
}

std::string path_of(const SlicePath& path, const PlotFrame& f, const Heights& heights) {
  std::string d;
  for (size_t k = 0; k < path.x.size(); ++k) {
    d += fmt::format("{}{:.1f} {:.1f}",
                     k == 0 ? "M" : "L",
                     f.x.pixel(path.x[k]),
                     f.y.pixel(path.y[k]));
  }
  const bool segment = path.label == "segment";
  const bool coloured = path.loss.size() == path.x.size();
  const char* colour = path.label == "training" ? "#e69f00"
                       : segment                ? "#fff"
                                                : "#cc79a7";
  auto out = fmt::format(
      "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{} "
      "stroke-linejoin=\"round\" stroke-linecap=\"round\" d=\"{}\"/>\n",
      colour,
      coloured ? 6.5 : 1.8,
      segment ? " stroke-dasharray=\"5 4\"" : "",
      d);
  if (!coloured) return out;
  for (size_t k = 0; k + 1 < path.x.size(); ++k) {
    const double middle = heights.height(0.5 * (path.loss[k] + path.loss[k + 1]));
    if (std::isnan(middle)) continue;
    out += fmt::format(
        "<path stroke=\"{}\" stroke-width=\"3.5\" stroke-linecap=\"round\" "
        "d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>\n",
        viridis(heights.share(middle)),
        f.x.pixel(path.x[k]),
        f.y.pixel(path.y[k]),
        f.x.pixel(path.x[k + 1]),
        f.y.pixel(path.y[k + 1]));
  }
  return out;
}

std::string stroke(const std::string& d, const char* colour, bool dashed) {
  return fmt::format(
      "<path fill=\"none\" stroke=\"{}\" stroke-width=\"2\"{} d=\"{}\"/>\n",
      colour,
      dashed ? " stroke-dasharray=\"5 3\"" : "",
      d);
}

void Key::add(const std::string& colour, bool dashed, const std::string& text) {
  constexpr double kFontSize = 12, kRow = 17;
  const double width = 40 + text_width(text, kFontSize);
  if (at > kLeft && at + width > kLeft + kSide + kRightOfPlot) {
    at = kLeft;
    ++rows;
  }
  const double y = kTop + kSide + 53 + kRow * (rows - 1);
  svg += fmt::format(
      "<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\" stroke=\"{}\" "
      "stroke-width=\"2.4\"{}/><text class=\"tick\" x=\"{:.1f}\" y=\"{}\">{}</text>",
      at,
      at + 20,
      y - 4,
      y - 4,
      colour,
      dashed ? " stroke-dasharray=\"5 3\"" : "",
      at + 25,
      y,
      escape_html(text));
  at += width;
}

}  // namespace basin
