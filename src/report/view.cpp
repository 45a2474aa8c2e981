#include "report/view.h"

#include <algorithm>
#include <cmath>

namespace basin {
namespace {

constexpr double kLowest = 0.125;    // of the heights: what a view must show
constexpr double kEnough = 0.75;     // of the lowest points
constexpr size_t kMostPoints = 400;  // looked at for each view
constexpr int kTurns = 16;

// What stands before a point hides it less the larger tan(tilt) / height is.
constexpr std::array kSteps{View{.tilt = 0.52, .height = 0.56},
                            View{.tilt = 0.66, .height = 0.56},
                            View{.tilt = 0.80, .height = 0.50},
                            View{.tilt = 0.94, .height = 0.40},
                            View{.tilt = 1.08, .height = 0.30}};

}  // namespace

std::array<double, 2> View::operator()(double x, double y, double z) const {
  const double u = x - 0.5, v = y - 0.5;
  return {u * std::cos(turn) - v * std::sin(turn),
          (u * std::sin(turn) + v * std::cos(turn)) * std::sin(tilt) +
              height * (z - 0.5) * std::cos(tilt)};
}

double View::depth(double x, double y) const {
  return x * std::sin(turn) + y * std::cos(turn);
}

std::array<double, 3> View::eye() const {
  return {-std::sin(turn) * std::cos(tilt),
          -std::cos(turn) * std::cos(tilt),
          std::sin(tilt)};
}

Surface::Surface(const Heights& h, int64_t most) {
  const auto cells = std::max(h.grid.nx, h.grid.ny) - 1;
  const auto step = std::max<int64_t>(1, (cells + most - 1) / most);
  grid_.nx = (h.grid.nx - 1) / step + 1;
  grid_.ny = (h.grid.ny - 1) / step + 1;
  for (int64_t j = 0; j < grid_.ny; ++j) {
    for (int64_t i = 0; i < grid_.nx; ++i) {
      double low = NAN;
      for (int64_t l = j * step; l < std::min(h.grid.ny, (j + 1) * step); ++l) {
        for (int64_t k = i * step; k < std::min(h.grid.nx, (i + 1) * step); ++k)
          low = std::fmin(low, h.share(h.grid.at(k, l)));
      }
      grid_.z.push_back(low);
    }
  }
}

double Surface::at(double x, double y) const {
  const auto cell = [](double t, int64_t n) {
    return std::clamp<int64_t>(static_cast<int64_t>(t), 0, n - 2);
  };
  const double px = x * (grid_.nx - 1.0), py = y * (grid_.ny - 1.0);
  const auto i = cell(px, grid_.nx), j = cell(py, grid_.ny);
  const double s = px - static_cast<double>(i), t = py - static_cast<double>(j);
  return (1 - t) * ((1 - s) * z(i, j) + s * z(i + 1, j)) +
         t * ((1 - s) * z(i, j + 1) + s * z(i + 1, j + 1));
}

bool is_visible(const Surface& surface, const View& view, double x, double y) {
  const double from = surface.at(x, y);
  const double step = 0.5 / static_cast<double>(std::max(surface.nx(), surface.ny()));
  // Along the line of sight depth falls as height rises: its image is one point.
  const double rise = std::tan(view.tilt) / view.height;
  for (double way = step; from + way * rise < 1; way += step) {
    const double at_x = x - way * std::sin(view.turn);
    const double at_y = y - way * std::cos(view.turn);
    if (at_x < 0 || at_x > 1 || at_y < 0 || at_y > 1) return true;
    if (surface.at(at_x, at_y) > from + way * rise) return false;
  }
  return true;
}

double visible_share(const Surface& surface, const View& view) {
  std::vector<std::array<double, 2>> lowest;
  for (int64_t j = 0; j < surface.ny(); ++j) {
    for (int64_t i = 0; i < surface.nx(); ++i) {
      if (surface.z(i, j) < kLowest) lowest.push_back({surface.x(i), surface.y(j)});
    }
  }
  if (lowest.empty()) return 1;
  const auto stride = lowest.size() / kMostPoints + 1;
  double seen = 0, all = 0;
  for (size_t k = 0; k < lowest.size(); k += stride) {
    seen += is_visible(surface, view, lowest[k][0], lowest[k][1]) ? 1 : 0;
    ++all;
  }
  return seen / all;
}

View best_view(const Surface& surface) {
  View best;
  double most = -1;
  for (const auto& step : kSteps) {
    if (most >= kEnough) break;
    for (int k = 0; k < kTurns; ++k) {
      auto view = step;
      view.turn += 2 * M_PI * k / kTurns;
      const double share = visible_share(surface, view);
      if (share <= most) continue;
      most = share;
      best = view;
    }
  }
  return best;
}

}  // namespace basin
