#include "report/plane_parts.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

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

std::string mark(const SliceMark& m, const PlotFrame& f) {
  if (!inside(f.x, m.x) || !inside(f.y, m.y)) return "";
  const double px = f.x.pixel(m.x), py = f.y.pixel(m.y);
  const bool right_side = px > f.x.from + 0.7 * (f.x.to - f.x.from);
  // Filled: on the plane; hollow: projected onto it. A saddle is a cross.
  const auto shape =
      m.saddle ? fmt::format(
                     "<path d=\"M{0:.1f} {1:.1f}l9 9m0 -9l-9 9\" stroke=\"#fff\" "
                     "stroke-width=\"2.4\" fill=\"none\"/>",
                     px - 4.5,
                     py - 4.5)
               : fmt::format(
                     "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" fill=\"{}\" "
                     "stroke=\"{}\" stroke-width=\"1.5\"/>",
                     px,
                     py,
                     m.away > 1e-9 ? "none" : "#fff",
                     m.away > 1e-9 ? "#fff" : "#000");
  return shape + fmt::format(
                     "<text class=\"mark\" x=\"{:.1f}\" y=\"{:.1f}\" "
                     "text-anchor=\"{}\">{}</text>\n",
                     px + (right_side ? -8 : 8),
                     py - 7,
                     right_side ? "end" : "start",
                     escape_html(m.label));
}

std::string path_of(const SlicePath& path, const PlotFrame& f) {
  std::string d;
  for (size_t k = 0; k < path.x.size(); ++k) {
    d += fmt::format("{}{:.1f} {:.1f}",
                     k == 0 ? "M" : "L",
                     f.x.pixel(path.x[k]),
                     f.y.pixel(path.y[k]));
  }
  const bool segment = path.label == "segment";
  const char* colour = path.label == "training" ? "#e69f00"
                       : segment                ? "#fff"
                                                : "#cc79a7";
  return fmt::format(
      "<path fill=\"none\" stroke=\"{}\" stroke-width=\"1.8\"{} "
      "stroke-linejoin=\"round\" "
      "d=\"{}\"/>\n",
      colour,
      segment ? " stroke-dasharray=\"5 4\"" : "",
      d);
}

std::string stroke(const std::string& d, const char* colour, bool dashed) {
  return fmt::format(
      "<path fill=\"none\" stroke=\"{}\" stroke-width=\"2\"{} d=\"{}\"/>\n",
      colour,
      dashed ? " stroke-dasharray=\"5 3\"" : "",
      d);
}

void Key::add(const std::string& colour, bool dashed, const std::string& text) {
  const double y = kTop + kSide + 53;
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
  at += 40 + 6.4 * static_cast<double>(text.size());
}

}  // namespace basin
