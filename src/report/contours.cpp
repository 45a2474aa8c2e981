#include "report/contours.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace basin {
namespace {

/// The grid with a rim of points below every level.
class Rimmed {
 public:
  Rimmed(const HeightGrid& grid, double level) : grid_(grid), level_(level) {}

  // At padded indices 0, ..., nx + 1; NaN and the rim lie below.
  double at(int64_t i, int64_t j) const {
    if (i < 1 || j < 1 || i > grid_.nx || j > grid_.ny) return -INFINITY;
    const double z = grid_.at(i - 1, j - 1);
    return std::isnan(z) ? -INFINITY : z;
  }
  bool above(int64_t i, int64_t j) const { return at(i, j) > level_; }

  // Where the edge between two neighbours crosses the level, in grid steps.
  GridPoint crossing(int64_t i, int64_t j, int64_t k, int64_t l) const {
    const double a = at(i, j), b = at(k, l);
    double t = 0.5;
    if (std::isinf(a) && a < 0) {
      t = 1;
    } else if (std::isinf(b) && b < 0) {
      t = 0;
    } else if (std::isfinite(a) && std::isfinite(b)) {
      t = (level_ - a) / (b - a);
    }
    return {static_cast<double>(i - 1) + t * static_cast<double>(k - i),
            static_cast<double>(j - 1) + t * static_cast<double>(l - j)};
  }

 private:
  const HeightGrid& grid_;
  double level_;
};

/// Crossings by the edge they lie on, each joined to two others.
struct Node {
  GridPoint point;
  int64_t next[2] = {-1, -1};
  bool seen = false;
};

}  // namespace

std::vector<std::vector<GridPoint>> contour_loops(const HeightGrid& grid,
                                                  double level) {
  const Rimmed rimmed(grid, level);
  const int64_t width = grid.nx + 2, height = grid.ny + 2;
  std::unordered_map<int64_t, Node> nodes;
  // Edges: 2 · (place of its first corner), + 1 if it goes up.
  const auto along_x = [&](int64_t i, int64_t j) { return 2 * (j * width + i); };
  const auto along_y = [&](int64_t i, int64_t j) { return 2 * (j * width + i) + 1; };
  const auto join = [&](int64_t a, int64_t b) {
    const auto hook = [&](int64_t from, int64_t to) {
      auto& node = nodes[from];
      node.next[node.next[0] >= 0 ? 1 : 0] = to;
      const int64_t i = from / 2 % width, j = from / 2 / width;
      node.point = from % 2 == 0 ? rimmed.crossing(i, j, i + 1, j)
                                 : rimmed.crossing(i, j, i, j + 1);
    };
    hook(a, b);
    hook(b, a);
  };
  for (int64_t j = 0; j + 1 < height; ++j) {
    for (int64_t i = 0; i + 1 < width; ++i) {
      const bool a = rimmed.above(i, j), b = rimmed.above(i + 1, j),
                 c = rimmed.above(i + 1, j + 1), d = rimmed.above(i, j + 1);
      const auto bottom = along_x(i, j), right = along_y(i + 1, j),
                 top = along_x(i, j + 1), left = along_y(i, j);
      std::vector<int64_t> cut;
      if (a != b) cut.push_back(bottom);
      if (b != c) cut.push_back(right);
      if (c != d) cut.push_back(top);
      if (d != a) cut.push_back(left);
      if (cut.size() == 2) join(cut[0], cut[1]);
      if (cut.size() != 4) continue;
      const double mean = 0.25 * (rimmed.at(i, j) + rimmed.at(i + 1, j) +
                                  rimmed.at(i + 1, j + 1) + rimmed.at(i, j + 1));
      // The middle belongs with a and c, or with b and d.
      if ((mean > level) == a) {
        join(bottom, right);
        join(top, left);
      } else {
        join(left, bottom);
        join(right, top);
      }
    }
  }
  std::vector<int64_t> order;
  for (const auto& [edge, node] : nodes) order.push_back(edge);
  std::sort(order.begin(), order.end());
  std::vector<std::vector<GridPoint>> out;
  for (const auto start : order) {
    if (nodes[start].seen) continue;
    std::vector<GridPoint> loop;
    for (auto at = start; at >= 0 && !nodes[at].seen;) {
      auto& node = nodes[at];
      node.seen = true;
      loop.push_back(node.point);
      at = node.next[0] >= 0 && !nodes[node.next[0]].seen ? node.next[0] : node.next[1];
    }
    out.push_back(std::move(loop));
  }
  return out;
}

}  // namespace basin
