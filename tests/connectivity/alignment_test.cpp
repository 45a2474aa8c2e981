#include "connectivity/alignment.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "connectivity/exhaustive.h"
#include "minima/balance.h"
#include "support/architectures.h"
#include "support/moves.h"
#include "support/problems.h"

namespace basin {
namespace {

using testing::kArchitectures;
using testing::largest;
using testing::network_of;
using torch::Tensor;

TEST(Alignment, PlantedSymmetriesLeaveNoBarrier) {
  const auto data = testing::random_data(12, 2, 0);
  for (size_t k = 0; k < kArchitectures.size(); ++k) {
    const auto objective = network_of(kArchitectures[k], data);
    const auto& network = objective.network();
    const MinimaProblem problem{.objective = objective, .layout = network.layout};
    for (uint64_t i = 0; i < 3; ++i) {
      auto theta = initial_parameters(network, 1, static_cast<int64_t>(i), 1)[0];
      theta += 0.1 * testing::normal({theta.size(0)}, i);
      const auto a = balanced(network.layout, theta);
      const auto b = balanced(network.layout, testing::scrambled(network, theta, i));
      const auto found = align(problem, nullptr, a, b, {.exhaustive = 1000});
      EXPECT_LT(found.candidates[0].line.loss.chord, 1e-10) << "architecture " << k;
      EXPECT_LT(found.candidates[0].distance, 1e-9);
      EXPECT_LE(found.candidates[0].line.loss.pass,
                found.candidates[found.raw].line.loss.pass + 1e-12);
    }
  }
}

TEST(Alignment, ElementsOfAGroupAreAllDifferentAndKeepTheFunction) {
  const auto data = testing::random_data(5, 2, 0);
  const auto objective = testing::objective_for(
      {.depth = 2, .widths = {3, 2}, .activation = Elementwise::kTanh}, {}, data);
  const auto& layout = objective.network().layout;
  const auto order = std::llround(std::pow(10, log10_group_order(layout)));
  EXPECT_EQ(order, 6 * 8 * 2 * 4);
  const auto theta = testing::normal({layout.dimension}, 4);
  const auto f = objective.outputs(theta.unsqueeze(0));
  std::set<std::vector<double>> seen;
  for (int64_t n = 0; n < order; ++n) {
    const auto there = moved(layout, element_at(layout, n), theta);
    EXPECT_LT(largest(objective.outputs(there.unsqueeze(0)) - f), 1e-13);
    seen.insert({there.data_ptr<double>(), there.data_ptr<double>() + there.numel()});
  }
  EXPECT_EQ(static_cast<int64_t>(seen.size()), order);
  EXPECT_TRUE(moved(layout, element_at(layout, 0), theta).equal(theta));
}

TEST(Alignment, TheExhaustiveSearchMissesNothing) {
  const auto data = testing::random_data(9, 2, 0);
  const auto objective = testing::objective_for(
      {.depth = 1, .width = 3, .activation = Elementwise::kTanh}, {}, data);
  const auto& layout = objective.network().layout;
  for (uint64_t i = 0; i < 5; ++i) {
    const auto a = testing::normal({layout.dimension}, 2 * i);
    const auto b = testing::normal({layout.dimension}, 2 * i + 1);
    double best = 1e300;
    for (int64_t n = 0; n < 48; ++n) {
      best = std::min(
          best, highest_on(objective, a, moved(layout, element_at(layout, n), b)).loss);
    }
    const auto found = lowest_elements(objective, layout, a, b, 1);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(highest_on(objective, a, moved(layout, found[0], b)).loss, best);
  }
}

// Ainsworth, Hayase, Srinivasa 2023: two networks 2-2-2-1 that answer whether both
// inputs are positive, the one by the first input first, the other by the second.
TEST(Alignment, SomeNetworksHaveNoPermutationWithoutABarrier) {
  auto data = Dataset{.name = "quadrants"};
  std::vector<double> x;
  for (int i = 0; i < 100; ++i) {
    for (int j = 0; j < 100; ++j) {
      x.push_back(-0.99 + 0.02 * i);
      x.push_back(-0.99 + 0.02 * j);
    }
  }
  data.inputs = at::tensor(x, torch::kFloat64).view({-1, 2});
  data.labels = (data.inputs > 0).all(1).to(torch::kInt64);
  data.classes = {"no", "yes"};
  encode_classes(data, false);
  const auto objective = testing::objective_for(
      {.depth = 2, .width = 2, .activation = Elementwise::kLeakyRelu},
      {.kind = LossKind::kLogistic},
      data);
  // Row by row: W0, b0, W1, b1, W2, b2.
  const auto a = testing::vector({1, 0, 0, -1, 1, 0, -1, 0, 0, 1, 1, 0, -1, -1, 1e-9});
  const auto b = testing::vector({-1, 0, 0, 1, 0, 1, 1, 0, 0, -1, 0, 1, -1, -1, 1e-9});
  const MinimaProblem problem{.objective = objective,
                              .layout = objective.network().layout};
  const auto found = align(problem, nullptr, a, b, {.exhaustive = 1000});
  EXPECT_TRUE(found.exhaustive);
  EXPECT_EQ(found.candidates.size(), 4u);
  for (const auto& c : found.candidates) {
    EXPECT_EQ(c.line.end_error, 0);
    const auto middle = (0.5 * (a + c.moved)).unsqueeze(0);
    EXPECT_NEAR(1 - objective.accuracy(middle).item<double>(), 0.25, 0.01) << c.method;
    EXPECT_GE(c.line.error, 0.24);
    EXPECT_GT(c.line.loss.pass, 0);
  }
}

TEST(Alignment, AWideNetworkIsAligned) {
  const auto network =
      make_network({.depth = 2, .width = 512, .activation = Elementwise::kTanh},
                   64,
                   10,
                   {.logit_shift = true});
  const auto a = initial_parameters(network, 1, 0, 1)[0];
  const auto b = testing::scrambled(network, a, 7);
  const auto element =
      match_weights(network.layout, a, b, identity_element(network.layout));
  EXPECT_LT((a - moved(network.layout, element, b)).abs().max().item<double>(), 1e-12);
}

TEST(Barrier, TheThreeDefinitionsAreThree) {
  const auto b = barrier_of({0, 0.25, 0.5, 1}, {1, 4, 3, 2});
  EXPECT_DOUBLE_EQ(b.top, 4);
  EXPECT_DOUBLE_EQ(b.at, 0.25);
  EXPECT_DOUBLE_EQ(b.chord, 4 - 1.25);
  EXPECT_DOUBLE_EQ(b.mean, 4 - 1.5);
  EXPECT_DOUBLE_EQ(b.pass, 4 - 2);
  const auto falling = barrier_of({0, 0.5, 1}, {3, 2, 1});
  EXPECT_EQ(falling.pass, 0);
  EXPECT_EQ(falling.chord, 0);
}

// Exactly, for a ReLU network and squared error, against a million points.
TEST(Barrier, IsExactForPiecewiseLinearNetworks) {
  const auto data = testing::random_data(9, 2, 0);
  const auto objective = testing::objective_for({.depth = 2, .width = 4}, {}, data);
  const auto p = objective.dimension();
  const auto a = testing::normal({p}, 1), b = testing::normal({p}, 2);
  const auto line = line_barrier(objective, nullptr, a, b);
  EXPECT_TRUE(line.exact);
  const auto t = at::linspace(0, 1, 100'001, torch::kFloat64).unsqueeze(1);
  const auto loss = objective.value((1 - t) * a + t * b);
  const auto above = loss - ((1 - t.squeeze(1)) * loss[0] + t.squeeze(1) * loss[-1]);
  EXPECT_NEAR(line.loss.top, loss.max().item<double>(), 1e-7 * line.loss.top);
  EXPECT_GE(line.loss.top, loss.max().item<double>() * (1 - 1e-12));
  EXPECT_NEAR(line.loss.chord, above.max().item<double>(), 1e-7 * line.loss.top);
}

// A line along which the units oscillate hundreds of times: 33 points would miss the
// top.
TEST(Barrier, IsNotTakenInByFastOscillations) {
  auto data = testing::random_data(6, 2, 0);
  data.inputs = 200 * data.inputs;
  const auto objective = testing::objective_for(
      {.depth = 1, .width = 2, .activation = Elementwise::kSin}, {}, data);
  const auto p = objective.dimension();
  for (uint64_t k = 0; k < 5; ++k) {
    const auto a = testing::normal({p}, 2 * k), b = testing::normal({p}, 2 * k + 1);
    const auto line = line_barrier(objective, nullptr, a, b);
    const auto t = at::linspace(0, 1, 100'001, torch::kFloat64).unsqueeze(1);
    const auto loss = objective.value((1 - t) * a + t * b);
    EXPECT_GE(line.loss.top, loss.max().item<double>() * (1 - 1e-9));
  }
}

}  // namespace
}  // namespace basin
