#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/axis.h"
#include "report/colours.h"
#include "report/plane_figure.h"
#include "report/text.h"

namespace basin {
namespace {

constexpr double kWidth = 640, kHeight = 480;
constexpr int64_t kMostCells = 90;  // along each side

/// A view from above the corner: x and y in [0, 1], z in [0, 1] upwards.
struct View {
  static constexpr double kTurn = 0.62, kTilt = 0.52, kHigh = 0.56;
  static constexpr double kScale = 345, kMiddle = 252;

  std::array<double, 2> operator()(double x, double y, double z) const {
    const double u = x - 0.5, v = y - 0.5;
    const double across = u * std::cos(kTurn) - v * std::sin(kTurn);
    const double deep = u * std::sin(kTurn) + v * std::cos(kTurn);
    return {kWidth / 2 + kScale * across,
            kMiddle - kScale * (deep * std::sin(kTilt) +
                                kHigh * (z - 0.35) * std::cos(kTilt))};
  }
  // Larger is farther away.
  double depth(double x, double y) const {
    return x * std::sin(kTurn) + y * std::cos(kTurn);
  }
};

std::string point(const std::array<double, 2>& p) {
  return fmt::format("{:.1f},{:.1f} ", p[0], p[1]);
}

struct Quad {
  double depth;
  std::string svg;
};

// The grid thinned to what a figure resolves.
struct Thin {
  const Heights& h;
  int64_t step;
  int64_t nx, ny;

  explicit Thin(const Heights& heights)
      : h(heights),
        step(std::max<int64_t>(
            1, (std::max(h.grid.nx, h.grid.ny) - 1 + kMostCells - 1) / kMostCells)),
        nx((h.grid.nx - 1) / step + 1),
        ny((h.grid.ny - 1) / step + 1) {}

  double z(int64_t i, int64_t j) const {
    return h.share(h.grid.at(i * step, j * step));
  }
  double x(int64_t i) const {
    return static_cast<double>(i) / static_cast<double>(nx - 1);
  }
  double y(int64_t j) const {
    return static_cast<double>(j) / static_cast<double>(ny - 1);
  }
};

Quad quad_at(const Thin& t, const View& view, int64_t i, int64_t j) {
  const double a = t.z(i, j), b = t.z(i + 1, j), c = t.z(i + 1, j + 1),
               d = t.z(i, j + 1);
  const double x = t.x(i), y = t.y(j), x1 = t.x(i + 1), y1 = t.y(j + 1);
  if (std::isnan(a + b + c + d)) return {view.depth(x, y), ""};
  // Light from the left: slopes that fall to the right are darker.
  const double slope = ((b + c - a - d) * static_cast<double>(t.nx - 1) -
                        (c + d - a - b) * static_cast<double>(t.ny - 1)) /
                       4;
  const double light = 1 - 0.22 * std::tanh(0.6 * slope);
  const auto colour = viridis((a + b + c + d) / 4, light);
  return {view.depth(x, y),
          fmt::format("<polygon points=\"{}{}{}{}\" fill=\"{}\" stroke=\"{}\"/>\n",
                      point(view(x, y, a)),
                      point(view(x1, y, b)),
                      point(view(x1, y1, c)),
                      point(view(x, y1, d)),
                      colour,
                      colour)};
}

std::string line(const std::array<double, 2>& a, const std::array<double, 2>& b) {
  return fmt::format(
      "<line class=\"axis\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
      a[0],
      a[1],
      b[0],
      b[1]);
}

std::string text(const std::array<double, 2>& at,
                 const char* style,
                 const char* anchor,
                 const std::string& words) {
  return fmt::format(
      "<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n",
      style,
      at[0],
      at[1],
      anchor,
      escape_html(words));
}

// The floor's near edges with the ends of the ranges, and the height's axis.
std::string axes(const StoredSlice& s, const Heights& h, const View& view) {
  const auto number = [](const torch::Tensor& t, int64_t i) {
    return show(t[i].item<double>(), 3);
  };
  std::string out = line(view(0, 0, 0), view(1, 0, 0)) +
                    line(view(0, 0, 0), view(0, 1, 0)) +
                    line(view(0, 1, 0), view(0, 1, 1));
  const auto below = [&](double x, double y, double down) {
    auto p = view(x, y, 0);
    p[1] += down;
    return p;
  };
  out += text(below(0.04, 0, 18), "tick", "middle", number(s.frame.x, 0));
  out += text(below(1, 0, 18), "tick", "start", number(s.frame.x, -1));
  out += text(below(0, 1, 18), "tick", "end", number(s.frame.y, -1));
  out += text({kWidth - 8, kHeight - 28}, "label", "end", "→ " + s.frame.x_label);
  out += text({30, kHeight - 8}, "label", "start", "↖ " + s.frame.y_label);
  const Axis axis{
      .low = h.value(h.low), .high = h.value(h.high), .from = 0, .to = 1, .log = h.log};
  for (const auto& tick : ticks(axis)) {
    auto p = view(0, 1, axis.pixel(tick.value));
    out += text({p[0] - 7, p[1] + 4}, "tick", "end", tick.text);
  }
  auto top = view(0, 1, 1);
  return out + text({top[0] - 7, top[1] - 14}, "label", "end", "loss");
}

}  // namespace

std::string surface_figure(const StoredSlice& slice,
                           const std::string& title,
                           const SliceStyle& style) {
  const auto h = heights_of(slice.values.loss, style);
  const Thin thin(h);
  const View view;
  std::vector<Quad> quads;
  for (int64_t j = 0; j + 1 < thin.ny; ++j) {
    for (int64_t i = 0; i + 1 < thin.nx; ++i)
      quads.push_back(quad_at(thin, view, i, j));
  }
  std::stable_sort(quads.begin(), quads.end(), [](const auto& a, const auto& b) {
    return a.depth > b.depth;
  });
  auto out = fmt::format(
      "<svg class=\"figure\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} "
      "{}\" "
      "role=\"img\" aria-label=\"{}\">\n<text class=\"title\" x=\"30\" "
      "y=\"22\">{}</text>\n"
      "<g stroke-width=\".5\" stroke-linejoin=\"round\">\n",
      kWidth,
      kHeight,
      escape_html(title),
      escape_html(title));
  for (const auto& quad : quads) out += quad.svg;
  return out + "</g>\n" + axes(slice, h, view) + "</svg>\n";
}

}  // namespace basin
