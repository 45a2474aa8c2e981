#include "report/quadratic_outline.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <cmath>

namespace basin {
namespace {

// offset + 0.3 x + x² + x y + 2 y² + c x³ on 61 × 81 points.
StoredSlice cubic_plane(double c, double offset) {
  StoredSlice s;
  s.frame.x = at::linspace(-1, 1, 61, torch::kFloat64);
  s.frame.y = at::linspace(-0.5, 1.5, 81, torch::kFloat64);
  const auto x = s.frame.x.unsqueeze(0), y = s.frame.y.unsqueeze(1);
  s.values.quadratic = offset + 0.3 * x + x * x + x * y + 2 * y * y;
  s.values.loss = s.values.quadratic + c * x * x * x;
  return s;
}

// c t³ |cos³ a| = error · t² (cos² a + cos a sin a + 2 sin² a)
TEST(QuadraticOutline, LiesWhereTheMisfitIsThatShareOfTheRise) {
  int inside = 0;
  for (const double offset : {0.0, -1.0, 50.0}) {
    for (const auto& p : quadratic_outline(cubic_plane(0.4, offset), 0.1)) {
      const double rise = p.x * p.x + p.x * p.y + 2 * p.y * p.y;
      if (p.at_edge) {
        EXPECT_TRUE(std::abs(p.x) > 1 || p.y > 1.5 || p.y < -0.5);
        continue;
      }
      ++inside;
      // One step further than the model holds: 0.1 of a cell.
      EXPECT_NEAR(0.4 * std::abs(p.x * p.x * p.x) / rise, 0.1, 0.01)
          << p.x << " " << p.y;
    }
  }
  EXPECT_GT(inside, 300);
}

TEST(QuadraticOutline, IsAtTheEdgeForAParabolaAndEmptyWithoutTheCentre) {
  for (const auto& p : quadratic_outline(cubic_plane(0, 1), 0.1))
    EXPECT_TRUE(p.at_edge);
  auto away = cubic_plane(0.4, 1);
  away.frame.x = away.frame.x + 3;
  EXPECT_TRUE(quadratic_outline(away, 0.1).empty());
}

}  // namespace
}  // namespace basin
