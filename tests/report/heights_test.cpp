#include "report/heights.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace basin {
namespace {

// f on n × n points over [low, high]².
torch::Tensor sampled(int64_t n,
                      double low,
                      double high,
                      const std::function<double(double, double)>& f) {
  const auto t = at::linspace(low, high, n, torch::kFloat64);
  auto out = at::empty({n, n}, torch::kFloat64);
  for (int64_t j = 0; j < n; ++j) {
    for (int64_t i = 0; i < n; ++i)
      out[j][i] = f(t[i].item<double>(), t[j].item<double>());
  }
  return out;
}

double single_sample(double a, double b) {
  const double f = std::max(0.0, b * std::max(0.0, a));
  return 0.5 * (f - 1) * (f - 1);
}

// Pieces of the lowest band of colours.
size_t lowest_pieces(const Heights& h) {
  HeightGrid turned = h.grid;
  for (double& z : turned.z) z = -z;
  return contour_loops(turned, -(h.low + (h.high - h.low) / 16)).size();
}

TEST(ResolvedZero, IsAnEighthOfCurvatureTimesStepSquaredAcrossAValley) {
  constexpr double kStep = 0.1, kCurvature = 3;
  for (const double shift : {0.0, 0.013, 0.031, 0.05}) {
    const auto z = sampled(21, -1, 1, [&](double x, double) {
      return 0.5 * kCurvature * (x - shift) * (x - shift);
    });
    const double resolved = resolved_zero(grid_of(z));
    EXPECT_NEAR(resolved, kCurvature * kStep * kStep / 8, 1e-12) << shift;
    // Wherever the valley runs, the grid's lowest point lies below.
    EXPECT_LE(z.min().item<double>(), resolved * (1 + 1e-9)) << shift;
  }
}

TEST(ResolvedZero, HoldsTheLowestPointOfEveryRowOfASlantedValley) {
  for (const double slope : {0.17, 0.5, 1.0, 2.3}) {
    const auto z = sampled(61, -1, 1, [&](double x, double y) {
      const double t = (y - slope * x) / std::hypot(1, slope);
      return 0.5 * t * t;
    });
    const auto across = slope < 1 ? z.amin(0) : z.amin(1);
    EXPECT_LE(across.slice(0, 20, 41).max().item<double>(),
              resolved_zero(grid_of(z)) * (1 + 1e-9))
        << slope;
  }
}

TEST(ResolvedZero, IsNothingWhereNoZeroIsMet) {
  const auto bowl =
      sampled(41, -1, 1, [](double x, double y) { return 0.2 + x * x + y * y; });
  EXPECT_EQ(resolved_zero(grid_of(bowl)), 0);
}

TEST(Heights, DrawAValleyOfZeroInOnePiece) {
  const auto loss = sampled(101, -3, 3, single_sample);
  const auto h = heights_of(loss, {});
  ASSERT_TRUE(h.log);
  EXPECT_EQ(lowest_pieces(h), 1u);
  EXPECT_GT(h.below, 0);
  EXPECT_NE(cut_sentence(h).find("resolves of a zero"), std::string::npos);
  // Limits of a user cannot bring the beads back.
  const auto set = heights_of(loss, {.limits = {{1e-6, 10}}});
  EXPECT_DOUBLE_EQ(set.value(set.low), 1e-6);
  EXPECT_DOUBLE_EQ(*std::min_element(set.grid.z.begin(), set.grid.z.end()),
                   std::log10(h.floor));
}

TEST(Heights, KeepWhatTheGridResolves) {
  // A minimum above zero is drawn at its own loss.
  const auto h = heights_of(
      sampled(41, -1, 1, [](double x, double y) { return 0.01 + x * x + y * y; }), {});
  EXPECT_TRUE(h.log);
  EXPECT_DOUBLE_EQ(h.value(h.low), 0.01);
  EXPECT_EQ(h.below, 0);
  EXPECT_EQ(cut_sentence(h), "");
}

TEST(Heights, LeaveColoursToAMinimumWhereTheLossExplodes) {
  const auto f = [](double x, double y) {
    const double r = x * x + y * y;
    return 0.05 + r + std::exp(40 * r) * 1e-9;
  };
  const auto h = heights_of(sampled(61, -1, 1, f), {});
  ASSERT_GT(h.greatest, 1e20);
  EXPECT_TRUE(h.log);
  // Half of the colours belong to the lower half of the points.
  const double middle = sampled(61, -1, 1, f).median().item<double>();
  EXPECT_GE(h.share(h.height(middle)), 0.49);
  EXPECT_GT(h.above, 0);
  EXPECT_LE(h.above, 0.5);
  EXPECT_NE(cut_sentence(h).find("colours end at"), std::string::npos);
  EXPECT_NE(cut_sentence(h).find("% of the points lie higher"), std::string::npos);
  // One seen as linear too.
  const auto line = heights_of(sampled(61, -1, 1, f), {.scale = SliceScale::kLinear});
  EXPECT_LT(line.high, h.greatest);
}

TEST(Heights, AreNotCutInABowl) {
  for (const auto scale : {SliceScale::kLinear, SliceScale::kLog}) {
    const auto h = heights_of(
        sampled(41, -1, 1, [](double x, double y) { return 0.1 + x * x + 3 * y * y; }),
        {.scale = scale});
    EXPECT_EQ(h.above, 0);
    EXPECT_DOUBLE_EQ(h.value(h.high), h.greatest);
  }
}

TEST(Heights, EndWhereTheyAreSet) {
  const auto bowl =
      sampled(41, -1, 1, [](double x, double y) { return x * x + y * y; });
  const auto h = heights_of(bowl, {.scale = SliceScale::kLinear, .limits = {{0.5, 1}}});
  EXPECT_DOUBLE_EQ(h.low, 0.5);
  EXPECT_DOUBLE_EQ(h.high, 1);
  EXPECT_NEAR(h.above, (bowl > 1).to(torch::kFloat64).mean().item<double>(), 1e-12);
  EXPECT_NEAR(h.below, (bowl < 0.5).to(torch::kFloat64).mean().item<double>(), 1e-12);
  for (const double z : h.grid.z) EXPECT_TRUE(z >= 0.5 && z <= 1) << z;
}

TEST(Heights, StandWhereNoNumberIs) {
  auto values =
      at::full({3, 3}, std::numeric_limits<double>::quiet_NaN(), torch::kFloat64);
  EXPECT_LT(heights_of(values, {}).low, heights_of(values, {}).high);
  values[1][1] = 2.0;
  const auto h = heights_of(values, {});
  EXPECT_DOUBLE_EQ(h.value(h.grid.at(1, 1)), 2);
  EXPECT_TRUE(std::isnan(h.grid.at(0, 0)));
  EXPECT_LT(h.low, h.high);
}

}  // namespace
}  // namespace basin
