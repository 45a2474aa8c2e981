#include "report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <regex>

#include "report/axis.h"
#include "report/categories.h"
#include "report/labels.h"
#include "report/text.h"

namespace basin {
namespace {

constexpr double kWidth = 640, kHeight = 380;
constexpr double kLeft = 74, kRight = 18, kTop = 38, kBottom = 52;
constexpr double kFontSize = 12;

std::string begin(const ChartOptions& o, double left) {
  return fmt::format(
      "<svg class=\"figure\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} "
      "{}\" "
      "role=\"img\" aria-label=\"{}\">\n{}",
      kWidth,
      kHeight + room_below(o.x_names, kWidth - kRight - left),
      escape_html(o.title),
      title_text(o.title, left, 22, kWidth - left));
}

std::string frame(const Axis& x, const Axis& y, const ChartOptions& o) {
  std::string out;
  for (const auto& tick : ticks(y)) {
    const double at = y.pixel(tick.value);
    out += fmt::format(
        "<line class=\"grid\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" "
        "text-anchor=\"end\">{}</text>\n",
        x.from,
        x.to,
        at,
        at,
        x.from - 7,
        at + 4,
        tick.text);
  }
  out += category_names(x, y.from, o.x_names);
  if (o.x_names.empty()) {
    for (const auto& tick : ticks(x))
      out += fmt::format(
          "<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" "
          "text-anchor=\"middle\">{}</text>\n",
          x.pixel(tick.value),
          y.from + 18,
          tick.text);
  }
  out += fmt::format(
      "<line class=\"axis\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" "
      "y2=\"{:.1f}\"/>\n",
      x.from,
      x.to,
      y.from,
      y.from);
  out += fmt::format(
      "<text class=\"label\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
      (x.from + x.to) / 2,
      kHeight - 12 + room_below(o.x_names, x.to - x.from),
      escape_html(o.x_label));
  out += fmt::format(
      "<text class=\"label\" transform=\"translate(16,{:.1f}) rotate(-90)\" "
      "text-anchor=\"middle\">{}</text>\n",
      (y.from + y.to) / 2,
      escape_html(o.y_label));
  return out;
}

// Long numbers of the vertical axis move the plot to the right.
double left_of(const Axis& y) {
  constexpr double kDigit = 7, kLabel = 26;
  double widest = 0;
  for (const auto& tick : ticks(y))
    widest = std::max(widest, kDigit * static_cast<double>(tick.text.size()));
  return std::max(kLeft, kLabel + widest + 7);
}

bool drawable(double x, double y, bool log_y) {
  return std::isfinite(x) && std::isfinite(y) && (!log_y || y > 0);
}

std::string error_bars(const Series& s, const Axis& x, const Axis& y) {
  std::string out;
  for (size_t i = 0; i < s.low.size(); ++i) {
    if (!drawable(s.x[i], s.low[i], y.log) || !std::isfinite(s.high[i])) continue;
    const double at = x.pixel(s.x[i]);
    out += fmt::format(
        "<path class=\"c{}\" fill=\"none\" stroke-width=\"1.4\" d=\"M{:.1f} "
        "{:.1f}V{:.1f}"
        "M{:.1f} {:.1f}h8M{:.1f} {:.1f}h8\"/>\n",
        s.colour,
        at,
        y.pixel(s.low[i]),
        y.pixel(s.high[i]),
        at - 4,
        y.pixel(s.low[i]),
        at - 4,
        y.pixel(s.high[i]));
  }
  return out;
}

std::string area(const Series& s, const Axis& x, const Axis& y) {
  std::string there, back;
  for (size_t i = 0; i < s.x.size(); ++i) {
    if (!drawable(s.x[i], s.low[i], y.log) || !std::isfinite(s.high[i])) continue;
    const double at = x.pixel(s.x[i]);
    there += fmt::format("{:.1f},{:.1f} ", at, y.pixel(s.high[i]));
    back = fmt::format("{:.1f},{:.1f} ", at, y.pixel(s.low[i])) + back;
  }
  return fmt::format("<polygon class=\"f{}\" opacity=\"{}\" points=\"{}{}\"/>\n",
                     s.colour,
                     s.opacity,
                     there,
                     back);
}

std::string draw(const Series& s, const Axis& x, const Axis& y) {
  if (s.band) return area(s, x, y);
  std::string out = error_bars(s, x, y);
  if (s.dots) {
    for (size_t i = 0; i < s.x.size(); ++i) {
      if (!drawable(s.x[i], s.y[i], y.log)) continue;
      out += fmt::format(
          "<circle class=\"f{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" opacity=\"{}\"/>",
          s.colour,
          x.pixel(s.x[i]),
          y.pixel(s.y[i]),
          s.width,
          s.opacity);
    }
    return out + "\n";
  }
  std::string path;
  bool down = false;
  for (size_t i = 0; i < s.x.size(); ++i) {
    if (!drawable(s.x[i], s.y[i], y.log)) {
      down = false;
      continue;
    }
    path += fmt::format(
        "{}{:.1f} {:.1f}", down ? "L" : "M", x.pixel(s.x[i]), y.pixel(s.y[i]));
    down = true;
  }
  return out +
         fmt::format(
             "<path class=\"c{}\" fill=\"none\" stroke-width=\"{}\" opacity=\"{}\" "
             "d=\"{}\"/>\n",
             s.colour,
             s.width,
             s.opacity,
             path);
}

struct Legend {
  std::string svg;
  int rows = 0;
};

// In rows between the title and the plot, where it hides no data.
Legend legend(const std::vector<Series>& series) {
  constexpr double kRow = 17;
  Legend out;
  double x = kLeft;
  for (const auto& s : series) {
    if (s.label.empty()) continue;
    const double width = 38 + text_width(s.label, kFontSize);
    if (out.rows == 0 || x + width > kWidth - kRight) {
      ++out.rows;
      x = kLeft;
    }
    const double y = kTop - 4 + kRow * (out.rows - 1);
    out.svg += fmt::format(
        "<rect class=\"f{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"14\" height=\"4\"/>"
        "<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
        s.colour,
        x,
        y,
        x + 20,
        y + 6,
        escape_html(s.label));
    x += width;
  }
  return out;
}

}  // namespace

std::string line_chart(const std::vector<Series>& series, const ChartOptions& options) {
  std::vector<double> xs, ys;
  for (const auto& s : series) {
    xs.insert(xs.end(), s.x.begin(), s.x.end());
    ys.insert(ys.end(), s.y.begin(), s.y.end());
    ys.insert(ys.end(), s.low.begin(), s.low.end());
    ys.insert(ys.end(), s.high.begin(), s.high.end());
  }
  auto x = fit_axis(xs, false);
  if (!options.x_names.empty()) {
    x.low = -0.5;
    x.high = static_cast<double>(options.x_names.size()) - 0.5;
  }
  auto y = fit_axis(ys, options.log_y);
  x.from = kLeft;
  x.to = kWidth - kRight;
  y.from = kHeight - kBottom;
  const auto names = legend(series);
  y.to = kTop + 17 * names.rows;
  x.from = left_of(y);
  auto out = begin(options, x.from) + frame(x, y, options);
  for (const auto& s : series) out += draw(s, x, y);
  return out + names.svg + "</svg>\n";
}

std::string histogram(const std::vector<double>& values,
                      int bins,
                      const ChartOptions& options) {
  std::vector<double> finite;
  for (const double v : values) {
    if (std::isfinite(v)) finite.push_back(v);
  }
  auto x = fit_axis(finite, false);
  std::vector<double> counts(static_cast<size_t>(bins), 0);
  const double width = (x.high - x.low) / bins;
  for (const double v : finite) {
    const auto bin = static_cast<size_t>((v - x.low) / width);
    counts[std::min(bin, counts.size() - 1)] += 1;
  }
  Axis y{.low = 0,
         .high = 1.05 * std::max(1.0, *std::max_element(counts.begin(), counts.end())),
         .whole = true};
  x.from = kLeft;
  x.to = kWidth - kRight;
  y.from = kHeight - kBottom;
  y.to = kTop;
  x.from = left_of(y);
  auto out = begin(options, x.from) + frame(x, y, options);
  for (size_t b = 0; b < counts.size(); ++b) {
    if (counts[b] == 0) continue;
    const double left = x.pixel(x.low + width * static_cast<double>(b));
    const double right = x.pixel(x.low + width * static_cast<double>(b + 1));
    out += fmt::format(
        "<rect class=\"f0\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
        "height=\"{:.1f}\"/>\n",
        left + 0.5,
        y.pixel(counts[b]),
        std::max(1.0, right - left - 1),
        y.from - y.pixel(counts[b]));
  }
  return out + "</svg>\n";
}

std::string chart_style() {
  return R"(
.figure{max-width:100%;height:auto;font-family:system-ui,"DejaVu Sans",sans-serif;--ink:#1c2330;--soft:#5b6575;--rule:#dfe3ea}
.figure .title{font-size:15px;font-weight:600;fill:var(--ink)}
.figure .label{font-size:13px;fill:var(--soft)}
.figure .tick{font-size:12px;fill:var(--soft)}
.figure .mark{font-size:12px;font-weight:600;fill:#fff;stroke:#000;stroke-width:3px;paint-order:stroke}
.figure .grid{stroke:var(--rule);stroke-width:1}
.figure .axis{stroke:var(--soft);stroke-width:1}
.figure .c0{stroke:#0072b2}.figure .f0{fill:#0072b2}
.figure .c1{stroke:#d55e00}.figure .f1{fill:#d55e00}
.figure .c2{stroke:#009e73}.figure .f2{fill:#009e73}
.figure .c3{stroke:#cc79a7}.figure .f3{fill:#cc79a7}
.figure .c4{stroke:#e69f00}.figure .f4{fill:#e69f00}
.figure .c5{stroke:#56b4e9}.figure .f5{fill:#56b4e9}
@media (prefers-color-scheme:dark){.figure{--ink:#e8ecf3;--soft:#a4aebd;--rule:#303845}
.figure .c0{stroke:#56b4e9}.figure .f0{fill:#56b4e9}}
)";
}

std::string standalone(const std::string& svg) {
  auto style = chart_style();
  style.erase(style.find("@media"));
  const std::pair<const char*, const char*> colours[] = {
      {"--ink:", "#1c2330"}, {"--soft:", "#5b6575"}, {"--rule:", "#dfe3ea"}};
  for (const auto& [name, colour] : colours) {
    const auto word = std::string(name, 2, std::string(name).size() - 3);
    const auto use = "var(--" + word + ")";
    for (size_t at = 0; (at = style.find(use, at)) != std::string::npos;)
      style.replace(at, use.size(), colour);
  }
  style = std::regex_replace(style, std::regex(";?--[a-z]+:#[0-9a-f]{6}"), "");
  const auto end = svg.find('>') + 1;
  return svg.substr(0, end) + "<style>" + style + "svg{background:#fff}</style>" +
         svg.substr(end);
}

}  // namespace basin
