#include "report/plane_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/axis.h"
#include "report/chart.h"
#include "report/text.h"

namespace basin {
namespace {

constexpr int kShades = 48;
constexpr double kLeft = 66, kTop = 36, kSide = 420, kBar = 18;

struct Colour {
  double r, g, b;
};

// Viridis (van der Walt and Smith 2015): even in lightness, safe for colour-blind eyes.
std::string viridis(double t) {
  static constexpr std::array<Colour, 10> kStops{{{68, 1, 84},
                                                  {72, 40, 120},
                                                  {62, 73, 137},
                                                  {49, 104, 142},
                                                  {38, 130, 142},
                                                  {31, 158, 137},
                                                  {53, 183, 121},
                                                  {110, 206, 88},
                                                  {181, 222, 43},
                                                  {253, 231, 37}}};
  const double at = std::clamp(t, 0.0, 1.0) * (kStops.size() - 1);
  const auto i = std::min<size_t>(static_cast<size_t>(at), kStops.size() - 2);
  const double w = at - static_cast<double>(i);
  const auto blend = [&](double a, double b) {
    return static_cast<int>(a + w * (b - a) + 0.5);
  };
  return fmt::format("#{:02x}{:02x}{:02x}",
                     blend(kStops[i].r, kStops[i + 1].r),
                     blend(kStops[i].g, kStops[i + 1].g),
                     blend(kStops[i].b, kStops[i + 1].b));
}

/// The grid's heights: the loss, or its logarithm.
struct Heights {
  int64_t nx, ny;
  std::vector<double> z;  // NaN where not finite
  double low, high;
  bool log;

  double at(int64_t i, int64_t j) const { return z[static_cast<size_t>(j * nx + i)]; }
  double loss(double height) const { return log ? std::pow(10.0, height) : height; }
};

Heights heights_of(const StoredSlice& slice) {
  Heights h{.nx = slice.frame.x.numel(), .ny = slice.frame.y.numel()};
  const auto* loss = slice.values.loss.data_ptr<double>();
  double low = INFINITY, high = -INFINITY;
  for (int64_t k = 0; k < h.nx * h.ny; ++k) {
    if (!std::isfinite(loss[k])) continue;
    low = std::min(low, loss[k]);
    high = std::max(high, loss[k]);
  }
  if (!(low < high)) {
    high = std::isfinite(low) ? low + 1 : 1;
    low = std::isfinite(low) ? low : 0;
  }
  h.log = low > 0 && high / low > 10;
  for (int64_t k = 0; k < h.nx * h.ny; ++k) {
    h.z.push_back(!std::isfinite(loss[k]) ? NAN
                  : h.log                 ? std::log10(loss[k])
                                          : loss[k]);
  }
  h.low = h.log ? std::log10(low) : low;
  h.high = h.log ? std::log10(high) : high;
  return h;
}

// Cells of one shade in a row are one rectangle.
std::string shading(const Heights& h, const Axis& x, const Axis& y) {
  const double dx = std::abs(x.to - x.from) / static_cast<double>(h.nx);
  const double dy = std::abs(y.to - y.from) / static_cast<double>(h.ny);
  const auto shade = [&](int64_t i, int64_t j) {
    const double z = h.at(i, j);
    if (std::isnan(z)) return -1;
    return static_cast<int>((kShades - 1) * (z - h.low) / (h.high - h.low) + 0.5);
  };
  std::string out = "<g shape-rendering=\"crispEdges\">\n";
  for (int64_t j = 0; j < h.ny; ++j) {
    for (int64_t i = 0; i < h.nx;) {
      int64_t end = i + 1;
      while (end < h.nx && shade(end, j) == shade(i, j)) ++end;
      out += fmt::format(
          "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
          "fill=\"{}\"/>",
          x.from + dx * static_cast<double>(i),
          y.from - dy * static_cast<double>(j + 1),
          dx * static_cast<double>(end - i),
          dy,
          shade(i, j) < 0 ? "#888" : viridis(shade(i, j) / double(kShades - 1)));
      i = end;
    }
    out += "\n";
  }
  return out + "</g>\n";
}

// Marching squares: the segments where the bilinear grid crosses `level`.
std::string contour(const Heights& h, double level, const Axis& x, const Axis& y) {
  const double dx = (x.to - x.from) / static_cast<double>(h.nx);
  const double dy = (y.from - y.to) / static_cast<double>(h.ny);
  std::string path;
  for (int64_t j = 0; j + 1 < h.ny; ++j) {
    for (int64_t i = 0; i + 1 < h.nx; ++i) {
      const std::array<std::array<double, 3>, 4> corner{{{0, 0, h.at(i, j)},
                                                         {1, 0, h.at(i + 1, j)},
                                                         {1, 1, h.at(i + 1, j + 1)},
                                                         {0, 1, h.at(i, j + 1)}}};
      std::vector<std::array<double, 2>> cut;
      for (size_t k = 0; k < 4; ++k) {
        const auto &a = corner[k], &b = corner[(k + 1) % 4];
        if (std::isnan(a[2]) || std::isnan(b[2]) || (a[2] < level) == (b[2] < level))
          continue;
        const double t = (level - a[2]) / (b[2] - a[2]);
        cut.push_back({a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])});
      }
      for (size_t k = 0; k + 1 < cut.size(); k += 2) {
        const auto px = [&](double u) {
          return x.from + dx * (static_cast<double>(i) + 0.5 + u);
        };
        const auto py = [&](double v) {
          return y.from - dy * (static_cast<double>(j) + 0.5 + v);
        };
        path += fmt::format("M{:.1f} {:.1f}L{:.1f} {:.1f}",
                            px(cut[k][0]),
                            py(cut[k][1]),
                            px(cut[k + 1][0]),
                            py(cut[k + 1][1]));
      }
    }
  }
  return path;
}

std::string colour_bar(const Heights& h) {
  const double left = kLeft + kSide + 22;
  std::string out;
  for (int k = 0; k < kShades; ++k) {
    out += fmt::format(
        "<rect x=\"{}\" y=\"{:.2f}\" width=\"{}\" height=\"{:.2f}\" fill=\"{}\"/>",
        left,
        kTop + kSide * (1 - (k + 1) / double(kShades)),
        kBar,
        kSide / kShades + 0.5,
        viridis(k / double(kShades - 1)));
  }
  Axis bar{.low = h.loss(h.low),
           .high = h.loss(h.high),
           .from = kTop + kSide,
           .to = kTop,
           .log = h.log};
  for (const auto& tick : ticks(bar)) {
    out += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{:.1f}\">{}</text>",
                       left + kBar + 5,
                       bar.pixel(tick.value) + 4,
                       tick.text);
  }
  return out + "\n";
}

std::string mark(const SliceMark& m, const Axis& x, const Axis& y) {
  const double px = x.pixel(m.x), py = y.pixel(m.y);
  const bool right_side = px > x.from + 0.7 * (x.to - x.from);
  return fmt::format(
      "<circle cx=\"{0:.1f}\" cy=\"{1:.1f}\" r=\"4.5\" fill=\"#fff\" stroke=\"#000\" "
      "stroke-width=\"1.5\"/><text class=\"mark\" x=\"{2:.1f}\" y=\"{3:.1f}\" "
      "text-anchor=\"{4}\">{5}</text>\n",
      px,
      py,
      px + (right_side ? -8 : 8),
      py - 7,
      right_side ? "end" : "start",
      escape_html(m.label));
}

// Pixel edges are half a cell outside the first and last grid value.
Axis cell_axis(const torch::Tensor& values, double from, double to) {
  const double low = values[0].item<double>(), high = values[-1].item<double>();
  const double half =
      (high - low) / static_cast<double>(2 * std::max<int64_t>(1, values.numel() - 1));
  return {.low = low - half, .high = high + half, .from = from, .to = to};
}

}  // namespace

std::string plane_figure(const StoredSlice& slice, const std::string& title) {
  const auto h = heights_of(slice);
  const auto x = cell_axis(slice.frame.x, kLeft, kLeft + kSide);
  const auto y = cell_axis(slice.frame.y, kTop + kSide, kTop);
  auto out = fmt::format(
      "<svg class=\"figure\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} "
      "{}\" "
      "role=\"img\" aria-label=\"{}\">\n<text class=\"title\" x=\"{}\" "
      "y=\"22\">{}</text>\n",
      kLeft + kSide + 110,
      kTop + kSide + 48,
      escape_html(title),
      kLeft,
      escape_html(title));
  out += shading(h, x, y);
  constexpr int kLevels = 12;
  std::string lines;
  for (int k = 1; k < kLevels; ++k) {
    lines += contour(h, h.low + (h.high - h.low) * k / kLevels, x, y);
  }
  out += fmt::format(
      "<path fill=\"none\" stroke=\"#fff\" stroke-opacity=\".55\" stroke-width=\".9\" "
      "d=\"{}\"/>\n",
      lines);
  for (const auto& tick : ticks(x)) {
    out += fmt::format(
        "<text class=\"tick\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        x.pixel(tick.value),
        kTop + kSide + 18,
        tick.text);
  }
  for (const auto& tick : ticks(y)) {
    out += fmt::format(
        "<text class=\"tick\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
        kLeft - 7,
        y.pixel(tick.value) + 4,
        tick.text);
  }
  out += fmt::format(
      "<text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">direction "
      "1</text>"
      "<text class=\"label\" transform=\"translate(16,{}) rotate(-90)\" "
      "text-anchor=\"middle\">direction 2</text>\n",
      kLeft + kSide / 2,
      kTop + kSide + 38,
      kTop + kSide / 2);
  out += colour_bar(h);
  for (const auto& m : slice.frame.marks) out += mark(m, x, y);
  return out + "</svg>\n";
}

std::string line_figure(const StoredSlice& slice, const std::string& title) {
  const auto n = static_cast<size_t>(slice.frame.x.numel());
  const auto* x = slice.frame.x.data_ptr<double>();
  const auto* loss = slice.values.loss.data_ptr<double>();
  Series line{.x = {x, x + n}, .y = {loss, loss + n}};
  Series marks{.label = slice.frame.marks.size() > 1 ? "minima" : "",
               .colour = 1,
               .width = 5,
               .dots = true};
  for (const auto& m : slice.frame.marks) {
    const auto nearest = std::min_element(x, x + n, [&](double a, double b) {
      return std::abs(a - m.x) < std::abs(b - m.x);
    });
    marks.x.push_back(m.x);
    marks.y.push_back(loss[nearest - x]);
  }
  const double least = *std::min_element(loss, loss + n);
  const double most = *std::max_element(loss, loss + n);
  return line_chart({line, marks},
                    {.title = title,
                     .x_label = "along the line",
                     .y_label = "loss",
                     .log_y = least > 0 && most / least > 10});
}

}  // namespace basin
