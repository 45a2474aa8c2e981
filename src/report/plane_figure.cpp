#include "report/plane_figure.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include "report/colours.h"
#include "report/labels.h"
#include "report/plane_parts.h"
#include "report/quadratic_outline.h"
#include "report/text.h"

namespace basin {
namespace {

constexpr int kBands = 16;
constexpr double kBar = 18;

std::string bands(const Heights& h, const PlotFrame& f) {
  auto out = fmt::format(
      "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"#999\"/>\n",
      kLeft,
      kTop,
      kSide,
      kSide);
  for (int k = 0; k < kBands; ++k) {
    const double level =
        k == 0 ? -1e300 : h.low + (h.high - h.low) * k / static_cast<double>(kBands);
    const auto d = outline(h.grid, level, f, Outline::kClosed);
    if (d.empty()) continue;
    out += fmt::format(
        "<path fill-rule=\"evenodd\" fill=\"{}\"{} d=\"{}\"/>\n",
        viridis((k + 0.5) / kBands),
        k == 0 ? "" : " stroke=\"#fff\" stroke-opacity=\".35\" stroke-width=\".6\"",
        d);
  }
  return out;
}

std::string colour_bar(const Heights& h, const std::string& label) {
  const double left = kLeft + kSide + 16;
  std::string out;
  for (int k = 0; k < kBands; ++k) {
    out += fmt::format(
        "<rect x=\"{}\" y=\"{:.2f}\" width=\"{}\" height=\"{:.2f}\" fill=\"{}\"/>",
        left,
        kTop + kSide * (1 - (k + 1) / static_cast<double>(kBands)),
        kBar,
        kSide / kBands + 0.4,
        viridis((k + 0.5) / kBands));
  }
  const Axis bar{.low = h.value(h.low),
                 .high = h.value(h.high),
                 .from = kTop + kSide,
                 .to = kTop,
                 .log = h.log};
  for (const auto& tick : ticks(bar)) {
    out += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{:.1f}\">{}</text>",
                       left + kBar + 5,
                       bar.pixel(tick.value) + 4,
                       tick.text);
  }
  return out + fmt::format("\n<text class=\"label\" x=\"{}\" y=\"{}\">{}</text>\n",
                           kLeft + kSide + 16,
                           kTop - 8,
                           label);
}

std::string begin(const std::string& title, const Key& key) {
  return fmt::format(
             "<svg class=\"figure\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "
             "{} {}\" role=\"img\" aria-label=\"{}\">\n",
             kLeft + kSide + kRightOfPlot,
             kTop + kSide + 62 + 17 * (key.rows - 1),
             escape_html(title)) +
         title_text(title, kLeft, 20, kSide + kRightOfPlot - 60);
}

std::string axes(const StoredSlice& s, const PlotFrame& f) {
  std::string out;
  for (const auto& tick : ticks(f.x)) {
    out += fmt::format(
        "<text class=\"tick\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        f.x.pixel(tick.value),
        kTop + kSide + 18,
        tick.text);
  }
  for (const auto& tick : ticks(f.y)) {
    out += fmt::format(
        "<text class=\"tick\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
        kLeft - 7,
        f.y.pixel(tick.value) + 4,
        tick.text);
  }
  return out +
         fmt::format(
             "<text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>"
             "<text class=\"label\" transform=\"translate(16,{}) rotate(-90)\" "
             "text-anchor=\"middle\">{}</text>\n",
             kLeft + kSide / 2,
             kTop + kSide + 37,
             escape_html(s.frame.x_label),
             kTop + kSide / 2,
             escape_html(s.frame.y_label));
}

// Broken where the model holds up to the edge.
std::string reach_of(std::vector<OutlinePoint> loop, const PlotFrame& f) {
  if (loop.empty()) return "";
  loop.push_back(loop.front());
  std::string d;
  bool down = false;
  for (const auto& p : loop) {
    if (!p.at_edge)
      d += fmt::format(
          "{}{:.1f} {:.1f}", down ? "L" : "M", f.x.pixel(p.x), f.y.pixel(p.y));
    down = !p.at_edge;
  }
  return d;
}

}  // namespace

std::string plane_figure(const StoredSlice& slice,
                         const std::string& title,
                         const SliceStyle& style) {
  const auto h = heights_of(slice.values.loss, style);
  const auto f = frame_of(slice, h.grid.nx, h.grid.ny);
  auto out = bands(h, f) + kClip + "<g clip-path=\"url(#plot)\">\n";
  Key key;
  const auto& q = slice.values.quadratic;
  if (style.quadratic > 0 && q.defined()) {
    out += stroke(reach_of(quadratic_outline(slice, style.quadratic), f), "#fff", true);
    key.add("#8a8f98",
            true,
            fmt::format("quadratic model within {:.3g} % of its rise",
                        100 * style.quadratic));
  }
  if (slice.least.defined()) {
    const auto m = frame_of(slice, slice.least.size(1), slice.least.size(0));
    out +=
        stroke(outline(grid_of(slice.least), 0, m, Outline::kInside), "#d55e00", false);
    key.add("#d55e00", false, "least eigenvalue 0");
  }
  bool training = false, segment = false, between = false, coloured = false;
  for (const auto& path : slice.frame.paths) {
    out += path_of(path, f, h);
    training = training || path.label == "training";
    segment = segment || path.label == "segment";
    between = between || path.label.starts_with("path");
    coloured = coloured || !path.loss.empty();
  }
  const auto* inside = coloured ? ", inside: colour of its own loss" : "";
  if (training) key.add("#e69f00", false, fmt::format("training, projected{}", inside));
  if (segment) key.add("#8a8f98", true, "segments");
  if (between)
    key.add("#cc79a7", false, fmt::format("relaxed paths, projected{}", inside));
  out += "</g>\n";
  out += axes(slice, f) + colour_bar(h, "loss");
  out += marks_svg(slice.frame.marks, f);
  return begin(title, key) + out + key.svg + "</svg>\n";
}

std::string curvature_map_figure(const StoredSlice& slice, const std::string& title) {
  const auto ratio = (slice.least / slice.largest).abs();
  const auto h = heights_of(ratio, {});
  const auto f = frame_of(slice, h.grid.nx, h.grid.ny);
  Key key;
  key.add("#d55e00", false, "least eigenvalue 0");
  auto out = bands(h, f);
  out +=
      stroke(outline(grid_of(slice.least), 0, f, Outline::kInside), "#d55e00", false);
  out += axes(slice, f) + colour_bar(h, "|λmin/λmax|");
  out += marks_svg(slice.frame.marks, f);
  return begin(title, key) + out + key.svg + "</svg>\n";
}

}  // namespace basin
