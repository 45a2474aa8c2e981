#include "minima/growth.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/numbers.h"
#include "core/random.h"
#include "minima/box_problem.h"
#include "minima/growth_bound.h"
#include "minima/judge.h"
#include "support/boxes.h"
#include "support/networks.h"
#include "support/problems.h"

namespace basin {
namespace {

using testing::largest;
using testing::point_in;
using testing::random_box;
using testing::vector;
using torch::Tensor;

// Where an entry is free the gradient is 0, at a bound it points outwards.
TEST(BoxProblem, SatisfiesTheConditionsOfAMinimum) {
  for (uint64_t i = 0; i < 20; ++i) {
    // Singular matrices too: 9 rows of rank 6, some the same.
    const auto rows = testing::normal({9, i % 2 == 0 ? 12 : 6}, 100 + i);
    if (i % 4 == 1) rows[3].copy_(rows[7]);
    const auto matrix = at::mm(rows, rows.t());
    const auto linear = 3 * testing::normal({9}, 200 + i);
    const auto a = solve_box_problem(matrix, linear, at::full({9}, 0.5, at::kDouble));
    const auto gradient = at::mv(matrix, a) + linear;
    for (int64_t k = 0; k < 9; ++k) {
      const double x = a[k].item<double>(), g = gradient[k].item<double>();
      EXPECT_GE(x, 0);
      EXPECT_LE(x, 1);
      if (x > 0) {
        EXPECT_LT(g, 1e-10) << i << ", " << k;
      }
      if (x < 1) {
        EXPECT_GT(g, -1e-10) << i << ", " << k;
      }
    }
  }
}

// 300 entries, rank 40: many solutions, one value. From a bound, from the middle and
// from another solution the same is found.
TEST(BoxProblem, FindsTheSameValueFromAnywhere) {
  const auto rows = testing::normal({300, 40}, 7);
  const auto matrix = at::mm(rows, rows.t());
  const auto linear = 20 * testing::normal({300}, 8);
  const auto value = [&](const Tensor& a) {
    return (0.5 * a.dot(at::mv(matrix, a)) + linear.dot(a)).item<double>();
  };
  const auto middle =
      solve_box_problem(matrix, linear, at::full({300}, 0.5, at::kDouble));
  for (const auto& start : {at::zeros({300}, at::kDouble), middle, 1 - middle}) {
    const auto found = solve_box_problem(matrix, linear, start);
    EXPECT_NEAR(value(found), value(middle), 1e-12 * std::abs(value(middle)));
  }
  EXPECT_GT(at::logical_and(middle > 0, middle < 1).sum().item<int64_t>(), 10);
}

TEST(BoxProblem, KnowsTheSoftThreshold) {
  // ½ a² + c a: a = −c, cut to [0, 1].
  for (const auto& [c, a] : {std::pair{-0.3, 0.3}, {-2.0, 1.0}, {0.7, 0.0}}) {
    const auto found =
        solve_box_problem(at::eye(1, at::kDouble), vector({c}), vector({0.5}));
    EXPECT_NEAR(found[0].item<double>(), a, 1e-12);
  }
  EXPECT_EQ(solve_box_problem(at::empty({0, 0}, at::kDouble),
                              at::empty({0}, at::kDouble),
                              at::empty({0}, at::kDouble))
                .size(0),
            0);
}

GrowthProblem random_growth(int64_t samples, int64_t m, int64_t k, uint64_t seed) {
  return {.inputs = testing::normal({samples, m}, 300 + seed),
          .sensitivity = testing::normal({samples, k}, 400 + seed) / samples};
}

double gain(const GrowthProblem& problem, const Tensor& w) {
  const auto phi = at::mv(problem.inputs, w).clamp_min(0);
  return at::mv(problem.sensitivity.t(), phi).norm().item<double>();
}

// The bound on random problems against a fine search over the circle.
TEST(Growth, BoundsTheDualRatioExactly) {
  for (uint64_t i = 0; i < 10; ++i) {
    auto problem = random_growth(12, 2, i % 2 == 0 ? 1 : 3, i);
    double most = 0;
    for (int k = 0; k < 4000; ++k) {
      const double angle = 2 * M_PI * k / 4000;
      most = std::max(most, gain(problem, vector({std::cos(angle), std::sin(angle)})));
    }
    problem.decay = most * 1.01;
    const auto yes = test_growth(problem);
    EXPECT_EQ(yes.silent, Answer::kYes);
    EXPECT_FALSE(yes.splitting);
    EXPECT_LT(yes.ratio, 1);
    problem.decay = most * 0.99;
    const auto no = test_growth(problem);
    EXPECT_EQ(no.silent, Answer::kNo);
    EXPECT_NEAR(no.witness.norm().item<double>(), 1, 1e-12);
    EXPECT_GT(gain(problem, no.witness), problem.decay);
  }
}

// Inputs that are zero on every sample change nothing.
TEST(Growth, IgnoresInputsThatAreSilent) {
  auto problem = random_growth(12, 2, 1, 5);
  problem.decay = 2;
  const auto zeros = at::zeros({12, 7}, at::kDouble);
  const auto few = test_growth(problem);
  problem.inputs = at::cat({zeros, problem.inputs}, 1);
  const auto many = test_growth(problem);
  EXPECT_EQ(few.silent, Answer::kYes);
  EXPECT_EQ(many.silent, Answer::kYes);
}

// Three inputs, near the largest ratio from both sides; the rank is often lower.
TEST(Growth, IsRightWithinAThousandth) {
  const auto directions = testing::normal({60'000, 3}, 1) /
                          testing::normal({60'000, 3}, 1).norm(2, {1}, true);
  for (uint64_t i = 0; i < 12; ++i) {
    auto problem =
        random_growth(i % 3 == 0 ? 30 : 8, 3, 1 + static_cast<int64_t>(i % 3), i);
    if (i % 4 == 3) problem.inputs.select(1, 2).copy_(problem.inputs.select(1, 0));
    const auto phi = at::mm(directions, problem.inputs.t()).clamp_min(0);
    const auto seen =
        at::mm(phi, problem.sensitivity).norm(2, {1}).max().item<double>();
    problem.decay = seen;
    const double most = seen * search_growth(problem).ratio;
    problem.decay = most * 1.001;
    EXPECT_EQ(test_growth(problem).silent, Answer::kYes) << i;
    problem.decay = most * 0.999;
    EXPECT_EQ(test_growth(problem).silent, Answer::kNo) << i;
  }
}

// No pair of boxes is excluded in which some w and q reach decay, and some are in which
// they come near to it.
TEST(Growth, ExcludesNoBoxWithAValueAbove) {
  RandomStream random(0, Stream::kProbe, 1);
  int excluded = 0, boxes = 0;
  for (uint64_t i = 0; i < 400; ++i) {
    const auto m = 2 + static_cast<int64_t>(i % 3), k = 1 + static_cast<int64_t>(i % 4);
    auto problem = random_growth(10, m, k, i);
    DirectionPair pair{
        random_box(static_cast<size_t>(m), i % 2 == 0 ? 0.3 : 0.05, random),
        random_box(static_cast<size_t>(k), i % 5 == 0 ? 0.5 : 0.05, random),
        {}};
    if (i % 7 == 0) pair.sides = {{2, true}, {3, false}};
    const auto a = numbers(problem.inputs), r = numbers(problem.sensitivity);
    const auto mu = static_cast<size_t>(m), ku = static_cast<size_t>(k);
    double most = -1;
    for (int tries = 0; tries < 3000; ++tries) {
      const auto w = point_in(pair.row, random), q = point_in(pair.column, random);
      double sum = 0;
      bool inside = true;
      for (size_t n = 0; n < 10; ++n) {
        const double z = dot(&a[n * mu], w.data(), mu);
        for (const auto& side : pair.sides) {
          if (side.sample == n && side.above != (z > 0)) inside = false;
        }
        sum += std::max(z, 0.0) * dot(&r[n * ku], q.data(), ku);
      }
      if (inside) most = std::max(most, sum / (length(w) * length(q)));
    }
    if (most <= 0.01) continue;
    ++boxes;
    problem.decay = most * (1 - 1e-6);
    EXPECT_FALSE(GrowthBound(problem).examine(pair).excluded) << i;
    problem.decay = most * 1.05;
    excluded += GrowthBound(problem).examine(pair).excluded ? 1 : 0;
  }
  EXPECT_GT(boxes, 100);
  EXPECT_GT(excluded, boxes / 4);
}

TEST(Growth, SaysWhenItCannotDecide) {
  auto problem = random_growth(40, 6, 1, 1);
  problem.decay = 10;
  EXPECT_EQ(test_growth(problem).silent, Answer::kYes);
  EXPECT_EQ(test_growth(problem, 3).silent, Answer::kUndecided);
  problem = random_growth(40, kMostInputs + 1, 2, 1);
  problem.decay = 10;
  EXPECT_EQ(test_growth(problem).silent, Answer::kUndecided);
}

// φ(z) − φ(−z) = z on the samples ±(1, 1), ±(1, −1): c(w) = diag(first, second) w.
GrowthProblem linear_growth(double first, double second) {
  return {
      .inputs = at::tensor({1.0, 1.0, -1.0, -1.0, 1.0, -1.0, -1.0, 1.0}).view({4, 2}),
      .sensitivity =
          at::tensor({first, second, -first, -second, first, -second, -first, second})
              .view({4, 2}) /
          2,
      .decay = 1};
}

LiveUnit live(double x) {
  const double on = x > 0 ? 1 : 0;
  return {.row = vector({x, 0}),
          .column = vector({-x, 0}),
          .slopes = vector({on, 1 - on, on, 1 - on}),
          .kinks = {}};
}

TEST(Growth, AsksForTheOtherSingularValuesOfALiveUnit) {
  // Ratio 1 along ±e1 alone.
  auto problem = linear_growth(1, 0.6);
  problem.live = {live(1), live(-1)};
  const auto yes = test_growth(problem);
  EXPECT_EQ(yes.silent, Answer::kYes);
  EXPECT_TRUE(yes.splitting);
  EXPECT_NEAR(yes.ratio, 1, 1e-12);
  // −e1 has ratio 1, and no unit lies there.
  problem.live = {live(1)};
  EXPECT_EQ(test_growth(problem, 5000).silent, Answer::kUndecided);
  // No unit is live there at all.
  problem.live = {};
  EXPECT_EQ(test_growth(problem, 5000).silent, Answer::kUndecided);
  // Every direction has ratio 1: the loss may fall to fourth order.
  problem = linear_growth(1, 1);
  problem.live = {live(1), live(-1)};
  EXPECT_EQ(test_growth(problem, 5000).silent, Answer::kUndecided);
  problem = linear_growth(1, 1.01);
  problem.live = {live(1), live(-1)};
  EXPECT_EQ(test_growth(problem).silent, Answer::kNo);
}

// A sample that changes sides beside a live unit, at the angle δ: with c = (w_1, .6
// w_2) there, and ε (w_2 − δ w_1)⁺ more, the ratio is above 1 if δ < ε / (2 (1 − .6²)),
// to leading order.
TEST(Growth, SeesAKinkBesideALiveUnit) {
  for (const double e : {1e-1, 1e-2, 1e-3}) {
    for (const double share : {0.7, 0.9}) {
      const double angle = share * e / (2 * 0.64) / 0.8;
      GrowthProblem problem{
          .inputs = at::tensor({1.0, 1.0, 1.0, -1.0, -angle, 1.0}).view({3, 2}),
          .sensitivity = at::tensor({0.5, 0.3, 0.5, -0.3, e, 0.0}).view({3, 2}),
          .decay = 1};
      problem.live = {{.row = vector({1, 0}),
                       .column = vector({-1, 0}),
                       .slopes = vector({1, 1, 0}),
                       .kinks = {}}};
      // The box of a live unit, to the sample and beyond it.
      for (const double reach : {0.9, 1.1}) {
        const DirectionPair near{{{1, 0}, {0, reach * angle}}, {{1, 0}, {0, 1e-4}}, {}};
        EXPECT_EQ(GrowthBound(problem).examine(near).excluded, reach < 1);
      }
      const auto found = test_growth(problem);
      const auto expected = share < 0.8 ? Answer::kNo : Answer::kYes;
      EXPECT_EQ(found.silent, expected) << e << ' ' << share << ' ' << found.ratio;
    }
  }
}

TEST(Growth, DoesNotTrustAUnitThatIsNotCritical) {
  auto problem = linear_growth(1, 0.6);
  problem.live = {live(1), live(-1)};
  problem.live[0].column = vector({-0.8, 0.6});
  EXPECT_EQ(test_growth(problem).silent, Answer::kUndecided);
}

// A layer of three units, trained to a minimum with one of them at zero.
TEST(Growth, AMinimumModuloSplittingIsNowhereUndercut) {
  const auto x = at::linspace(-1, 1, 9, at::kDouble);
  const Dataset data{.name = "hinge",
                     .inputs = x.unsqueeze(1),
                     .targets = (x - 0.2).clamp_min(0).unsqueeze(1)};
  const auto objective =
      testing::objective_for({.depth = 1, .width = 3}, {.weight_decay = 1e-2}, data);
  const MinimaProblem problem{
      .objective = objective, .layout = objective.network().layout, .decay = 1e-2};
  // One unit near the hinge, the others small.
  const auto start = vector({1, 1e-3, -1e-3, -0.2, 0, 0, 1, 1e-3, -1e-3, 0});
  const auto found = polish_and_judge(problem, start.unsqueeze(0), 0, {false}, {})[0];
  ASSERT_EQ(found.verdict, Verdict::kModuloSplitting) << found.reason;
  EXPECT_GE(found.zeroed, 1);
  EXPECT_NE(found.reason.find("modulo splitting"), std::string::npos) << found.reason;
  for (uint64_t i = 0; i < 200; ++i) {
    const auto move = testing::normal({10}, 900 + i) * std::pow(10.0, -1.0 - i % 5);
    const auto loss = objective.value((found.theta + move).unsqueeze(0)).item<double>();
    EXPECT_GT(loss, found.loss - 1e-14) << i;
  }
  // Splitting the live unit in two changes nothing.
  auto split = found.theta.clone();
  int64_t own = 0, other = -1;
  for (int64_t u = 0; u < 3; ++u) {
    if (found.theta[u].item<double>() != 0) own = u;
    if (found.theta[u].item<double>() == 0) other = u;
  }
  ASSERT_GE(other, 0);
  for (const int64_t offset : {0, 3, 6}) {
    split[offset + other] = found.theta[offset + own] * std::sin(0.4);
    split[offset + own] = found.theta[offset + own] * std::cos(0.4);
  }
  EXPECT_NEAR(objective.value(split.unsqueeze(0)).item<double>(), found.loss, 1e-14);
}

}  // namespace
}  // namespace basin
