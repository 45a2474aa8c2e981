#include "report/view.h"

#include <gtest/gtest.h>

#include <functional>

namespace basin {
namespace {

Heights heights(int64_t n, const std::function<double(double, double)>& f) {
  Heights h{.grid = {.nx = n, .ny = n}};
  for (int64_t j = 0; j < n; ++j) {
    for (int64_t i = 0; i < n; ++i)
      h.grid.z.push_back(
          f(static_cast<double>(i) / (n - 1.0), static_cast<double>(j) / (n - 1.0)));
  }
  return h;
}

// A ditch along x = middle of loss 0, with high ground before it or behind.
std::function<double(double, double)> ditch(double middle, double high_below) {
  return [=](double x, double) {
    if (std::abs(x - middle) < 0.06) return 0.0;
    return (x < middle) == (high_below > 0) ? 1.0 : 0.2;
  };
}

TEST(View, TurnsToTheLowSide) {
  for (const double side : {-1.0, 1.0}) {
    const Surface surface(heights(41, ditch(0.5, side)), 100);
    const auto view = best_view(surface);
    // The eye stands over the low side: x grows away from it if the high ground is
    // below the ditch.
    EXPECT_EQ(view.eye()[0] > 0, side > 0) << side;
    EXPECT_GE(visible_share(surface, view), 0.75);
    View behind = view;
    behind.turn += M_PI;
    EXPECT_LT(visible_share(surface, behind), 0.5);
  }
}

TEST(View, HidesWhatStandsBehindAWall) {
  // The eye looks along +y, from y < 0: the wall at y in [0.3, 0.4] hides what follows.
  const Surface surface(
      heights(81, [](double, double y) { return y > 0.3 && y < 0.4 ? 1.0 : 0.0; }),
      100);
  const View view{.turn = 0, .tilt = 0.5};
  EXPECT_TRUE(is_visible(surface, view, 0.5, 0.1));
  EXPECT_FALSE(is_visible(surface, view, 0.5, 0.45));
  // Its shadow ends where the line of sight over its top meets the floor.
  const View steep{.turn = 0, .tilt = 1, .height = 0.3};
  const double shadow = steep.height / std::tan(steep.tilt);
  EXPECT_FALSE(is_visible(surface, steep, 0.5, 0.39 + shadow - 0.05));
  EXPECT_TRUE(is_visible(surface, steep, 0.5, 0.39 + shadow + 0.05));
  EXPECT_TRUE(is_visible(surface, {.turn = M_PI, .tilt = 0.5}, 0.5, 0.9));
}

TEST(View, MapsALineOfSightToOnePoint) {
  const View view{.turn = 0.4, .tilt = 0.7};
  const double way = 0.2, rise = way * std::tan(view.tilt) / view.height;
  const auto a = view(0.6, 0.5, 0.1);
  const auto b = view(
      0.6 - way * std::sin(view.turn), 0.5 - way * std::cos(view.turn), 0.1 + rise);
  EXPECT_NEAR(a[0], b[0], 1e-12);
  EXPECT_NEAR(a[1], b[1], 1e-12);
}

TEST(Surface, KeepsAValleyThatThinningStepsOver) {
  auto h = heights(201, [](double, double) { return 1.0; });
  for (int64_t j = 0; j < 201; ++j) h.grid.z[static_cast<size_t>(j * 201 + 101)] = 0;
  const Surface surface(h, 50);
  EXPECT_EQ(surface.nx(), 51);
  for (int64_t j = 0; j < surface.ny(); ++j) EXPECT_EQ(surface.z(25, j), 0) << j;
}

}  // namespace
}  // namespace basin
