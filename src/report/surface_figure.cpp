#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/axis.h"
#include "report/colours.h"
#include "report/labels.h"
#include "report/plane_figure.h"
#include "report/plane_parts.h"
#include "report/text.h"
#include "report/view.h"

namespace basin {
namespace {

constexpr double kWidth = 640, kHeight = 480;
constexpr double kTop = 62, kBottom = 424;  // of the surface
constexpr double kLabelSize = 13, kLabelRow = 15;
constexpr int64_t kMostCells = 110;  // along each side
constexpr double kTickRow = 13;      // pixels between the words of two ticks

/// A view that fills the figure.
struct Stage {
  View view;
  double scale = 345;
  double middle = 0;  // the vertical pixel of the view's zero

  explicit Stage(const View& v) : view(v) {
    double low = 0, high = 0;
    for (const double x : {0.0, 1.0}) {
      for (const double y : {0.0, 1.0}) {
        low = std::min(low, view(x, y, 0)[1]);
        high = std::max(high, view(x, y, 1)[1]);
      }
    }
    scale = std::min(scale, (kBottom - kTop) / (high - low));
    middle = (kTop + kBottom) / 2 + scale * (high + low) / 2;
  }
  std::array<double, 2> operator()(double x, double y, double z) const {
    const auto p = view(x, y, z);
    return {kWidth / 2 + scale * p[0], middle - scale * p[1]};
  }
};

std::string point(const std::array<double, 2>& p) {
  return fmt::format("{:.1f},{:.1f} ", p[0], p[1]);
}

struct Quad {
  double depth;
  std::string svg;
};

Quad quad_at(const Surface& t, const Stage& stage, int64_t i, int64_t j) {
  const double a = t.z(i, j), b = t.z(i + 1, j), c = t.z(i + 1, j + 1),
               d = t.z(i, j + 1);
  const double x = t.x(i), y = t.y(j), x1 = t.x(i + 1), y1 = t.y(j + 1);
  if (std::isnan(a + b + c + d)) return {stage.view.depth(x, y), ""};
  // Light from the left: slopes that fall to the right are darker.
  const double slope = ((b + c - a - d) * static_cast<double>(t.nx() - 1) -
                        (c + d - a - b) * static_cast<double>(t.ny() - 1)) /
                       4;
  const double light = 1 - 0.22 * std::tanh(0.6 * slope);
  const auto colour = viridis((a + b + c + d) / 4, light);
  return {stage.view.depth(x, y),
          fmt::format("<polygon points=\"{}{}{}{}\" fill=\"{}\" stroke=\"{}\"/>\n",
                      point(stage(x, y, a)),
                      point(stage(x1, y, b)),
                      point(stage(x1, y1, c)),
                      point(stage(x, y1, d)),
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

// Two edges of the floor meet at its near corner; heights stand at the corner farthest
// to the left.
struct Corners {
  double x = 0, y = 0;  // the near one
  bool x_runs_right = true;

  explicit Corners(const View& view) {
    for (const double a : {0.0, 1.0}) {
      for (const double b : {0.0, 1.0}) {
        if (view.depth(a, b) < view.depth(x, y)) x = a, y = b;
      }
    }
    x_runs_right = view(1 - x, y, 0)[0] > view(x, y, 0)[0];
  }
};

// The floor's near edges with the ends of the ranges, and the height's axis.
std::string axes(const StoredSlice& s, const Heights& h, const Stage& stage) {
  const Corners near(stage.view);
  const auto at = [&](double x, double y, double right, double down) {
    auto p = stage(x, y, 0);
    return std::array<double, 2>{p[0] + right, p[1] + down};
  };
  const double far_x = 1 - near.x, far_y = 1 - near.y;
  std::string out = line(at(near.x, near.y, 0, 0), at(far_x, near.y, 0, 0)) +
                    line(at(near.x, near.y, 0, 0), at(near.x, far_y, 0, 0));
  const auto end_number = [&](const torch::Tensor& t, double end) {
    return show(t[end == 0 ? 0 : -1].item<double>(), 3);
  };
  // Long names take a row each.
  const double both = text_width(s.frame.x_label + s.frame.y_label, kLabelSize) + 60;
  const double raise = both > kWidth ? kLabelRow : 0;
  const auto edge =
      [&](const torch::Tensor& t, const std::string& name, bool along_x, bool right) {
        const auto on = [&](double share, double out_right, double down) {
          const double way = share;
          return along_x ? at(near.x + way * (far_x - near.x), near.y, out_right, down)
                         : at(near.x, near.y + way * (far_y - near.y), out_right, down);
        };
        const double side = right ? 1 : -1;
        const char* anchor = right ? "start" : "end";
        const double near_end = along_x ? near.x : near.y;
        return text(on(0.07, 6 * side, 16), "tick", anchor, end_number(t, near_end)) +
               text(on(1, 4 * side, 16), "tick", anchor, end_number(t, 1 - near_end)) +
               text({right ? kWidth - 8 : 30, kHeight - 8 - (right ? 0 : raise)},
                    "label",
                    anchor[0] == 's' ? "end" : "start",
                    right ? name + " ↗" : "↖ " + name);
      };
  out += edge(s.frame.x, s.frame.x_label, true, near.x_runs_right);
  out += edge(s.frame.y, s.frame.y_label, false, !near.x_runs_right);
  const double left_x = near.x_runs_right ? near.x : far_x;
  const double left_y = near.x_runs_right ? far_y : near.y;
  out += line(stage(left_x, left_y, 0), stage(left_x, left_y, 1));
  const Axis axis{
      .low = h.value(h.low), .high = h.value(h.high), .from = 0, .to = 1, .log = h.log};
  double last = 1e300;
  for (const auto& tick : ticks(axis)) {
    const auto p = stage(left_x, left_y, axis.pixel(tick.value));
    if (last - p[1] < kTickRow) continue;
    last = p[1];
    out += text({p[0] - 7, p[1] + 4}, "tick", "end", tick.text);
  }
  const auto top = stage(left_x, left_y, 1);
  return out + text({top[0] - 7, top[1] - 14}, "label", "end", "loss");
}

// The marks on the surface; those it hides from the eye are faint.
std::string marks(const StoredSlice& s, const Surface& surface, const Stage& stage) {
  const auto share = [](const torch::Tensor& t, double at) {
    const double low = t[0].item<double>(), high = t[-1].item<double>();
    return (at - low) / (high - low);
  };
  std::string out;
  std::vector<Anchor> anchors;
  for (const auto& m : s.frame.marks) {
    const double x = share(s.frame.x, m.x), y = share(s.frame.y, m.y);
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) continue;
    const double z = surface.at(x, y);
    if (std::isnan(z)) continue;
    const auto p = stage(x, y, z);
    anchors.push_back({p[0], p[1], m.label});
    out += fmt::format("<g opacity=\"{}\">{}</g>\n",
                       is_visible(surface, stage.view, x, y) ? "1" : ".45",
                       mark_sign(m, p[0], p[1]));
  }
  return out + draw_labels(anchors, {30, 34, kWidth - 8, kHeight - 24}).svg;
}

}  // namespace

std::string surface_figure(const StoredSlice& slice,
                           const std::string& title,
                           const SliceStyle& style) {
  const auto h = heights_of(slice.values.loss, style);
  const Surface surface(h, kMostCells);
  const Stage stage(best_view(surface));
  std::vector<Quad> quads;
  for (int64_t j = 0; j + 1 < surface.ny(); ++j) {
    for (int64_t i = 0; i + 1 < surface.nx(); ++i)
      quads.push_back(quad_at(surface, stage, i, j));
  }
  std::stable_sort(quads.begin(), quads.end(), [](const auto& a, const auto& b) {
    return a.depth > b.depth;
  });
  auto out = fmt::format(
      "<svg class=\"figure\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} "
      "{}\" role=\"img\" aria-label=\"{}\">\n{}"
      "<g stroke-width=\".5\" stroke-linejoin=\"round\">\n",
      kWidth,
      kHeight,
      escape_html(title),
      title_text(title, 30, 22, kWidth - 60));
  for (const auto& quad : quads) out += quad.svg;
  return out + "</g>\n" + axes(slice, h, stage) + marks(slice, surface, stage) +
         "</svg>\n";
}

}  // namespace basin
