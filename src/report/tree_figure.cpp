#include "report/tree_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/axis.h"
#include "report/labels.h"
#include "report/text.h"

namespace basin {
namespace {

constexpr double kLeft = 84, kRight = 24, kTop = 60, kBottom = 40, kPlotHeight = 340;
constexpr double kFontSize = 12, kLegendRow = 18;
constexpr double kPerLeaf = 26, kLeastWidth = 640, kMostWidth = 1600;

/// Colour by verdict, as in the legend.
int colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kStrictMinimum:
      return 0;
    case Verdict::kMinimumModuloSymmetry:
      return 2;
    case Verdict::kDegenerateMinimum:
      return 4;
    case Verdict::kKinkMinimum:
    case Verdict::kModuloSplitting:
      return 5;
    default:
      return 1;
  }
}

double lowest_of(const MergeTree& tree, const Graph& graph, int64_t part) {
  const auto count = static_cast<int64_t>(tree.leaves.size());
  if (part < count) return graph.nodes[static_cast<size_t>(part)].endpoint.loss;
  const auto& j = tree.joins[static_cast<size_t>(part - count)];
  return std::min(lowest_of(tree, graph, j.left), lowest_of(tree, graph, j.right));
}

// Leaves of a part from left to right, the deeper side first.
void lay_out(const MergeTree& tree,
             const Graph& graph,
             int64_t part,
             std::vector<int64_t>& order) {
  const auto count = static_cast<int64_t>(tree.leaves.size());
  if (part < count) {
    order.push_back(part);
    return;
  }
  const auto& j = tree.joins[static_cast<size_t>(part - count)];
  auto first = j.left, second = j.right;
  if (lowest_of(tree, graph, second) < lowest_of(tree, graph, first))
    std::swap(first, second);
  lay_out(tree, graph, first, order);
  lay_out(tree, graph, second, order);
}

std::vector<int64_t> roots_of(const MergeTree& tree, const Graph& graph) {
  std::vector<bool> inner(tree.leaves.size() + tree.joins.size());
  for (const auto& j : tree.joins)
    inner[static_cast<size_t>(j.left)] = inner[static_cast<size_t>(j.right)] = true;
  std::vector<int64_t> out;
  for (size_t i = 0; i < inner.size(); ++i)
    if (!inner[i]) out.push_back(static_cast<int64_t>(i));
  std::sort(out.begin(), out.end(), [&](int64_t a, int64_t b) {
    return lowest_of(tree, graph, a) < lowest_of(tree, graph, b);
  });
  return out;
}

std::string axis_text(const Axis& y, double width) {
  std::string out;
  for (const auto& tick : ticks(y)) {
    const double at = y.pixel(tick.value);
    out += fmt::format(
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text class=\"tick\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
        kLeft,
        width - kRight,
        at,
        at,
        kLeft - 8,
        at + 4,
        tick.text);
  }
  return out + fmt::format(
                   "<text class=\"label\" transform=\"translate(18,{}) rotate(-90)\" "
                   "text-anchor=\"middle\">loss</text>\n",
                   (y.from + y.to) / 2);
}

/// What marks mean, in rows between the title and the plot.
struct Legend {
  std::string svg;
  int rows = 1;
};

Legend legend_of(const Graph& graph, double width) {
  Legend out;
  double x = kLeft;
  std::vector<int> shown;
  const auto entry = [&](const std::string& mark, const std::string& text) {
    const double size = 38 + text_width(text, kFontSize);
    if (x > kLeft && x + size > width) {
      x = kLeft;
      ++out.rows;
    }
    out.svg += fmt::format(
        "<g transform=\"translate({:.0f},{:.0f})\">{}<text class=\"tick\" "
        "x=\"20\" y=\"4\">{}</text></g>\n",
        x,
        38 + kLegendRow * (out.rows - 1),
        mark,
        text);
    x += size;
  };
  for (const auto& n : graph.nodes) {
    const auto colour = colour_of(n.endpoint.verdict);
    if (std::find(shown.begin(), shown.end(), colour) != shown.end()) continue;
    shown.push_back(colour);
    entry(fmt::format("<circle class=\"f{}\" cx=\"7\" cy=\"0\" r=\"5\"/>", colour),
          name_of(n.endpoint.verdict));
  }
  entry(
      "<circle class=\"c0\" fill=\"none\" stroke-width=\"1.8\" cx=\"7\" cy=\"0\" "
      "r=\"4\"/>",
      "reached by no seed");
  entry(
      "<path class=\"c3\" stroke-width=\"1.8\" stroke-dasharray=\"5 4\" d=\"M0 "
      "0H16\"/>",
      "upper bound");
  return out;
}

}  // namespace

std::string tree_figure(const MergeTree& tree,
                        const Graph& graph,
                        const std::string& title) {
  const auto count = static_cast<int64_t>(tree.leaves.size());
  const double width = std::clamp(
      kLeft + kRight + kPerLeaf * static_cast<double>(count), kLeastWidth, kMostWidth);
  std::vector<double> heights;
  for (const auto& n : graph.nodes) heights.push_back(n.endpoint.loss);
  for (const auto& j : tree.joins) heights.push_back(j.loss);
  const auto [low, high] = std::minmax_element(heights.begin(), heights.end());
  const bool log = !heights.empty() && *low > 0 && *high / *low > 20;
  auto y = fit_axis(heights, log);
  const auto legend = legend_of(graph, width);
  y.to = kTop + kLegendRow * (legend.rows - 1);
  y.from = y.to + kPlotHeight;

  const auto roots = roots_of(tree, graph);
  std::vector<int64_t> order;
  for (const auto root : roots) lay_out(tree, graph, root, order);
  std::vector<double> x(tree.leaves.size() + tree.joins.size());
  for (size_t k = 0; k < order.size(); ++k) {
    x[static_cast<size_t>(order[k])] = kLeft + (static_cast<double>(k) + 0.5) *
                                                   (width - kLeft - kRight) /
                                                   static_cast<double>(order.size());
  }
  const auto height_of = [&](int64_t part) {
    return y.pixel(part < count ? graph.nodes[static_cast<size_t>(part)].endpoint.loss
                                : tree.joins[static_cast<size_t>(part - count)].loss);
  };
  auto out = fmt::format(
      "<svg class=\"figure tree\" xmlns=\"http://www.w3.org/2000/svg\" "
      "viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n{}",
      width,
      y.from + kBottom,
      escape_html(title),
      title_text(title, kLeft, 22, width - kLeft));
  out += axis_text(y, width) + legend.svg;
  for (size_t k = 0; k < tree.joins.size(); ++k) {
    const auto& j = tree.joins[k];
    const double a = x[static_cast<size_t>(j.left)],
                 b = x[static_cast<size_t>(j.right)];
    const double at = y.pixel(j.loss);
    x[tree.leaves.size() + k] = 0.5 * (a + b);
    out += fmt::format(
        "<path class=\"c3\" data-join=\"{}\" fill=\"none\" stroke-width=\"1.8\"{} "
        "d=\"M{:.1f} {:.1f}V{:.1f}H{:.1f}V{:.1f}\"><title>join of {} and {} at loss "
        "{}{}</title></path>\n",
        k,
        j.proved ? "" : " stroke-dasharray=\"5 4\"",
        a,
        height_of(j.left),
        at,
        b,
        height_of(j.right),
        j.a,
        j.b,
        show(j.loss, 8),
        j.proved ? ", over a certified saddle" : " at most: the top of a path");
  }
  double widest = 0;
  for (const auto& n : graph.nodes)
    widest = std::max(widest, text_width(std::to_string(n.id), kFontSize));
  // Names as wide as the gap between leaves would run into each other.
  const bool named =
      !graph.nodes.empty() &&
      widest < (width - kLeft - kRight) / static_cast<double>(graph.nodes.size());
  int64_t most = 1;
  for (const auto& n : graph.nodes) most = std::max(most, n.hits);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& n = graph.nodes[i];
    const double r =
        4 + 6 * std::sqrt(static_cast<double>(n.hits) / static_cast<double>(most));
    const double at = y.pixel(n.endpoint.loss);
    const auto colour = colour_of(n.endpoint.verdict);
    out += fmt::format(
        "<circle {} data-node=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" "
        "r=\"{:.1f}\"><title>{}: "
        "loss {}, {}, {}</title></circle>\n",
        n.hits > 0 ? fmt::format("class=\"f{}\"", colour)
                   : fmt::format("class=\"c{}\" fill=\"none\" "
                                 "stroke-width=\"1.8\"",
                                 colour),
        i,
        x[i],
        at,
        r,
        label_of(n),
        show(n.endpoint.loss, 8),
        name_of(n.endpoint.verdict),
        n.hits > 0 ? plural(n.hits, "seed") : "found by " + n.origin);
    if (!named) continue;
    out += fmt::format(
        "<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" "
        "text-anchor=\"middle\">{}</text>\n",
        x[i],
        at + r + 13,
        n.id);
  }
  return out + "</svg>\n";
}

}  // namespace basin
