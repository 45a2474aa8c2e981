// Units at zero that would set samples apart which share a kink further up.

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/numbers.h"
#include "core/random.h"
#include "minima/growth_bound.h"
#include "minima/parted_layers.h"
#include "support/boxes.h"
#include "support/networks.h"
#include "support/problems.h"

namespace basin {
namespace {

using testing::point_in;
using testing::random_box;
using testing::vector;

// D by trying every shift b that matters, and more.
double cost(const SharedKink& kink, const std::vector<double>& t) {
  std::vector<double> shifts{0, 1e3, -1e3};
  for (const double x : t) shifts.push_back(-x);
  for (int i = -100; i <= 100; ++i) shifts.push_back(0.05 * i);
  double least = 1e300;
  for (const double b : shifts) {
    double sum = 0;
    for (size_t i = 0; i < t.size(); ++i) {
      const double z = b + t[i];
      sum += kink.force[i] * (z > 0 ? kink.above * z : -kink.below * z);
    }
    least = std::min(least, sum);
  }
  return least;
}

// Two samples with forces F and −.9 F and nothing else: the second gains .9 F times the
// larger of the two slopes beyond s, per unit of length.
TEST(SharedKinks, AreSetApartAboveAForceThatIsKnown) {
  for (const double slope : {0.5, 0.2, 0.9}) {
    const double edge = 1 / (0.9 * std::max(slope, 1 - slope));
    for (const double share : {0.99, 1.01}) {
      const double force = share * edge;
      GrowthProblem problem{.inputs = at::eye(2, at::kDouble),
                            .sensitivity = at::full({2, 1}, 1e-6, at::kDouble),
                            .decay = 1};
      problem.shared = {{.feeds = at::ones({1, 1}, at::kDouble),
                         .samples = {0, 1},
                         .force = {force, -0.9 * force},
                         .below = slope,
                         .above = 1 - slope}};
      const auto expected = share < 1 ? Answer::kYes : Answer::kUndecided;
      EXPECT_EQ(test_growth(problem).silent, expected) << slope << ' ' << share;
      problem.shared.clear();
      EXPECT_EQ(test_growth(problem).silent, Answer::kYes);
    }
  }
}

// With one choice of slopes in between and with several, of which each sample takes its
// own; forces of both signs, more up than down.
TEST(SharedKinks, NoBoxIsExcludedInWhichTheyReachDecay) {
  RandomStream random(0, Stream::kProbe, 3);
  int excluded = 0, boxes = 0, apart = 0;
  for (uint64_t i = 0; i < 200; ++i) {
    const auto m = 2 + static_cast<int64_t>(i % 3), k = 1 + static_cast<int64_t>(i % 2);
    const auto choices = i % 4 == 0 ? int64_t{3} : int64_t{1};
    GrowthProblem problem{.inputs = testing::normal({8, m}, 500 + i),
                          .sensitivity = testing::normal({8, k}, 600 + i) / 8};
    SharedKink kink{.feeds = testing::normal({choices, k}, 700 + i),
                    .samples = {0, 2, 3, 5, 6},
                    .below = 0.3,
                    .above = 0.7};
    for (int n = 0; n < 5; ++n)
      kink.force.push_back((n % 2 == 0 ? 0.3 : -0.3) * random.uniform());
    kink.force[0] += 0.6;
    kink.several = i % 5 < 2;
    problem.shared = {kink};
    const DirectionPair pair{
        random_box(static_cast<size_t>(m), i % 3 == 0 ? 0.2 : 0.03, random),
        random_box(static_cast<size_t>(k), 0.05, random),
        {}};
    const auto a = numbers(problem.inputs), r = numbers(problem.sensitivity);
    const auto f = numbers(kink.feeds);
    const auto mu = static_cast<size_t>(m), ku = static_cast<size_t>(k);
    double most = -1, plain = -1;
    for (int tries = 0; tries < 1000; ++tries) {
      const auto w = point_in(pair.row, random), q = point_in(pair.column, random);
      std::vector<double> phi;
      double sum = 0;
      for (size_t n = 0; n < 8; ++n) {
        phi.push_back(std::max(0.0, dot(&a[n * mu], w.data(), mu)));
        sum += phi[n] * dot(&r[n * ku], q.data(), ku);
      }
      std::vector<double> t;
      for (const auto n : kink.samples) {
        const auto c =
            static_cast<size_t>(random.uniform() * static_cast<double>(choices));
        t.push_back(-dot(&f[c * ku], q.data(), ku) * phi[static_cast<size_t>(n)]);
      }
      const double size = length(w) * length(q);
      plain = std::max(plain, sum / size);
      most = std::max(most, (sum - cost(kink, t)) / size);
    }
    if (most <= 0.01) continue;
    ++boxes;
    apart += most > 1.05 * plain ? 1 : 0;
    problem.decay = most * (1 - 1e-6);
    EXPECT_FALSE(GrowthBound(problem).examine(pair).excluded) << i;
    problem.decay = most * 1.1;
    excluded += GrowthBound(problem).examine(pair).excluded ? 1 : 0;
  }
  EXPECT_GT(boxes, 80);
  EXPECT_GT(apart, 20);
  EXPECT_GT(excluded, boxes / 4);
}

// D of two units is at least what is said of each, added up; by D of each it is not.
TEST(SharedKinks, OfSeveralUnitsGainNoMoreThanSaidOfEach) {
  RandomStream random(0, Stream::kProbe, 4);
  int beyond = 0;
  for (uint64_t i = 0; i < 300; ++i) {
    const size_t m = 3, k = 2;
    const auto a = numbers(testing::normal({6, 3}, 800 + i));
    SharedKink kink{.feeds = testing::normal({1, 2}, 900 + i),
                    .samples = {0, 1, 2, 3, 4, 5},
                    .below = 0.4,
                    .above = 0.6,
                    .several = true};
    for (int n = 0; n < 6; ++n)
      kink.force.push_back((n % 2 == 0 ? 1 : -1) * random.uniform());
    kink.force[0] += 2;
    const SharedSites joined(kink, a, m);
    kink.several = false;
    const SharedSites alone(kink, a, m);
    const auto f = numbers(kink.feeds);
    std::vector<double> t(6, 0);
    double said = 0, each = 0;
    for (int unit = 0; unit < 2; ++unit) {
      const std::vector<double> w{random.normal(), random.normal(), random.normal()};
      const std::vector<double> q{random.normal(), random.normal()};
      std::vector<double> phi;
      for (size_t n = 0; n < 6; ++n) {
        phi.push_back(std::max(0.0, dot(&a[n * m], w.data(), m)));
        t[n] -= dot(f.data(), q.data(), k) * phi[n];
      }
      said += joined.gain(phi, q);
      each += alone.gain(phi, q);
    }
    EXPECT_GE(cost(kink, t), -said - 1e-12) << i;
    beyond += cost(kink, t) < -each - 1e-9 ? 1 : 0;
  }
  EXPECT_GT(beyond, 5);
}

// In a box in which φ(w1) − φ(w2) changes its sign the larger of both slopes counts.
TEST(SharedKinks, AreBoundedWhereTheirOrderChanges) {
  for (const double slope : {0.2, 0.8}) {
    GrowthProblem problem{.inputs = at::eye(2, at::kDouble),
                          .sensitivity = at::full({2, 1}, 1e-9, at::kDouble)};
    problem.shared = {{.feeds = at::ones({1, 1}, at::kDouble),
                       .samples = {0, 1},
                       .force = {1.0, -0.9},
                       .below = slope,
                       .above = 1 - slope}};
    for (const double q : {1.0, -1.0}) {
      const DirectionPair pair{{{1, 0.9}, {0, 0.3}}, {{q}, {0}}, {}};
      // w2 from .6 to 1.2, q = −v.
      const double up = 0.9 * (q < 0 ? 1 - slope : slope) * 0.2 / std::hypot(1, 1.2);
      const double down = 0.9 * (q < 0 ? slope : 1 - slope) * 0.4 / std::hypot(1, 0.6);
      problem.decay = std::max(up, down) * (1 - 1e-6);
      EXPECT_FALSE(GrowthBound(problem).examine(pair).excluded) << slope << ' ' << q;
      problem.decay = 2 * std::max(up, down);
      EXPECT_TRUE(GrowthBound(problem).examine(pair).excluded) << slope << ' ' << q;
    }
  }
}

// A live unit along e1 on the kinks of (0, ±1), which press q1 with the force f. The
// first of them is two samples of which one alone would pull.
TEST(Growth, AddsUpSamplesWithTheSameInputs) {
  const double f = 0.3, g = 0.2;
  GrowthProblem problem{
      .inputs =
          at::tensor({1., 1., -1., -1., 1., -1., -1., 1., 0., 1., 0., 1., 0., -1.})
              .view({7, 2}),
      .sensitivity =
          at::tensor({.5, .3, -.5, -.3, .5, -.3, -.5, .3, -f - g, 0., g, 0., -f, 0.})
              .view({7, 2}),
      .decay = 1};
  problem.live = {{.row = vector({1, 0}),
                   .column = vector({-1, 0}),
                   .slopes = vector({1, 0, 1, 0, .5, .5, .5}),
                   .kinks = {4, 5, 6}}};
  // No unit is live along −e1: its pull there is made weaker.
  problem.sensitivity[1].mul_(0.8);
  problem.sensitivity[3].mul_(0.8);
  const auto found = test_growth(problem);
  EXPECT_EQ(found.silent, Answer::kYes) << found.ratio << ' ' << found.nodes;
  // With slopes of their own the second does not hold.
  problem.live[0].slopes[5] = 0.4;
  problem.live[0].slopes[4] = 0.5 - 0.1 * g / (f + g);
  EXPECT_EQ(test_growth(problem, 20'000).silent, Answer::kUndecided);
}

// 1-2-2-1. Of the first layer unit 0 is inactive at x = -2 and -1.5 and on its kink at
// -1, unit 1 is at zero. Unit 0 of the second reads neither and lies on its kink for
// every sample. If its kink at -1 counts as one with those at -2 and -1.5, a live unit
// is not quiet where forces differ in sign.
TEST(SharedKinks, AskThatLiveUnitsAreInactiveOnTheirSamples) {
  const auto data = Dataset{.name = "four",
                            .inputs = vector({-2, -1.5, -1, 1}).unsqueeze(1),
                            .targets = vector({1, -1, -1, 1}).unsqueeze(1)};
  ModelOptions model{.depth = 2, .width = 2, .activation = Elementwise::kRelu};
  const auto objective = testing::objective_for(model, {.weight_decay = 1e-2}, data);
  const MinimaProblem problem{
      .objective = objective, .layout = objective.network().layout, .decay = 1e-2};
  // Rows and biases of unit 0 and 1, layer by layer; then the output.
  const auto theta = vector({1, 0, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0.5, 0});
  const auto place = place_of(problem, theta);
  ASSERT_EQ(place.zeroed.size(), 1u);
  ASSERT_EQ(place.active.size(), 5u);  // one below, four above
  HeldKinks held{.point = {.theta = theta,
                           .slopes = side_slopes(objective, theta),
                           .active = place.active},
                 .but_for_kinks = true};
  for (const auto site : place.active) held.point.slopes[site] = 0.5;
  for (const bool alone : {true, false}) {
    held.piece = {0, 1, 1, alone ? 2.0 : 1.0, 3};
    const auto parted = parted_layers(problem, place, held);
    ASSERT_EQ(parted.size(), 1u);
    EXPECT_EQ(parted[0].group, 0u);
    EXPECT_EQ(parted[0].known, alone);
    if (!alone) continue;
    ASSERT_EQ(parted[0].shared.size(), 1u);
    EXPECT_EQ(parted[0].shared[0].samples, (std::vector<int64_t>{0, 1}));
    EXPECT_LT(parted[0].shared[0].force[0] * parted[0].shared[0].force[1], 0);
  }
}

}  // namespace
}  // namespace basin
