#include "report/contours.h"

#include <gtest/gtest.h>

#include <cmath>

namespace basin {
namespace {

// The area that the loops enclose by the even-odd rule; holes count against.
double area_of(const std::vector<std::vector<GridPoint>>& loops) {
  double area = 0;
  for (const auto& loop : loops) {
    double twice = 0;
    for (size_t k = 0; k < loop.size(); ++k) {
      const auto &a = loop[k], &b = loop[(k + 1) % loop.size()];
      twice += a[0] * b[1] - a[1] * b[0];
    }
    area += std::abs(twice) / 2;
  }
  return area;
}

HeightGrid bowl(int64_t n) {
  HeightGrid grid{.nx = n, .ny = n};
  const double middle = 0.5 * static_cast<double>(n - 1);
  for (int64_t j = 0; j < n; ++j) {
    for (int64_t i = 0; i < n; ++i)
      grid.z.push_back(
          std::hypot(static_cast<double>(i) - middle, static_cast<double>(j) - middle));
  }
  return grid;
}

TEST(Contours, EncloseACircle) {
  auto grid = bowl(101);
  // Outside of a circle of radius 30: the square with a hole.
  const auto loops = contour_loops(grid, 30);
  ASSERT_EQ(loops.size(), 2u);
  for (double& z : grid.z) z = -z;
  EXPECT_NEAR(area_of(contour_loops(grid, -30)), M_PI * 900, 3);
  EXPECT_EQ(contour_loops(grid, -30).size(), 1u);
}

TEST(Contours, FollowTheEdgeWhereAllIsAbove) {
  EXPECT_DOUBLE_EQ(area_of(contour_loops(bowl(11), -1)), 100);
  EXPECT_TRUE(contour_loops(bowl(11), 1000).empty());
}

TEST(Contours, LeaveOutWhatIsNoNumber) {
  auto grid = bowl(11);
  grid.z[60] = NAN;
  const auto loops = contour_loops(grid, -1);
  EXPECT_EQ(loops.size(), 2u);
}

TEST(Contours, PartTheTwoSidesOfASaddle) {
  // Above at two opposite corners, the middle below: two loops; above: one.
  const HeightGrid low{.nx = 2, .ny = 2, .z = {1, 0, 0, 1}};
  EXPECT_EQ(contour_loops(low, 0.6).size(), 2u);
  EXPECT_EQ(contour_loops(low, 0.4).size(), 1u);
}

}  // namespace
}  // namespace basin
