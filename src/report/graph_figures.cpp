#include <fmt/format.h>

#include "report/chart.h"
#include "report/graph_page.h"
#include "report/tree_figure.h"

namespace basin {
namespace {

constexpr size_t kMostPaths = 6;

// Losses of the band's images along it, for the first pairs.
Figure paths_figure(const RunReport& r) {
  std::vector<Series> series;
  for (const auto* t : first_attempts(r.graph)) {
    if (series.size() == kMostPaths) break;
    if (t->loss.size() < 3) continue;
    const auto count = t->images.size(0);
    const auto steps =
        (t->images.narrow(0, 1, count - 1) - t->images.narrow(0, 0, count - 1))
            .norm(2, {1});
    Series s{.label = fmt::format("{} – {}", t->a, t->b),
             .x = {0},
             .y = t->loss,
             .colour = static_cast<int>(series.size() % 6)};
    for (int64_t i = 0; i + 1 < count; ++i)
      s.x.push_back(s.x.back() + steps[i].item<double>());
    const double length = s.x.back();
    for (auto& x : s.x) x /= length;
    series.push_back(s);
  }
  if (series.empty()) return {};
  return {"paths",
          line_chart(series,
                     {.title = "Loss along the bands",
                      .x_label = "share of the way",
                      .y_label = "loss"}),
          "The images of the first bands, each between two aligned minima; between "
          "images the loss may be higher: the bounds of the table are from the whole "
          "polyline."};
}

}  // namespace

std::vector<Figure> graph_figures(const RunReport& r) {
  if (r.graph.nodes.size() < 2 || r.spec.connectivity.minima == 0) return {};
  const auto tree = merge_tree(r.graph);
  std::vector<Figure> out;
  out.push_back({"tree",
                 tree_figure(tree, r.graph, "How the minima are joined"),
                 "Disconnectivity graph: below a join, paths stay below its loss. "
                 "Leaves: minima at their loss, by hits and verdict. A join is at most "
                 "this high; a solid one is the exact height of a certified saddle."});
  auto paths = paths_figure(r);
  if (!paths.svg.empty()) out.push_back(std::move(paths));
  return out;
}

}  // namespace basin
