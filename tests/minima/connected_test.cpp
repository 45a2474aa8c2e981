#include "minima/connected.h"

#include <gtest/gtest.h>

#include "support/networks.h"
#include "support/problems.h"

namespace basin {
namespace {

using testing::objective_for;
using torch::Tensor;

/// y = w1 tanh(w0 x) without biases, x = 1, y = 1/2: L = 0 on the two branches of
/// w1 tanh(w0) = 1/2, which no path of loss 0 joins.
struct Branches {
  Dataset data = [] {
    Dataset out{.name = "one", .inputs = at::ones({1, 1}, torch::kFloat64)};
    out.targets = at::full({1, 1}, 0.5, torch::kFloat64);
    return out;
  }();
  NetworkObjective objective = objective_for({.depth = 1,
                                              .width = 1,
                                              .activation = Elementwise::kTanh,
                                              .bias = false,
                                              .output_bias = false},
                                             {},
                                             data);
  MinimaProblem problem() const {
    return {
        .objective = objective, .layout = objective.network().layout, .lower_bound = 0};
  }
  static Tensor at_w0(double w0) { return testing::vector({w0, 0.5 / std::tanh(w0)}); }
};

TEST(FlatPath, FollowsACurvedValley) {
  const Branches b;
  const auto path =
      find_flat_path(b.problem(), Branches::at_w0(0.3), Branches::at_w0(3), 0, 1e-8);
  EXPECT_TRUE(path.found);
  EXPECT_GT(path.points, 100);  // its chords are no part of the valley
}

TEST(FlatPath, DoesNotJumpBetweenValleys) {
  const Branches b;
  EXPECT_FALSE(
      find_flat_path(b.problem(), Branches::at_w0(0.7), Branches::at_w0(-0.7), 0, 1e-8)
          .found);
}

TEST(Connected, NumbersOneSetForOneValleyUpToSymmetry) {
  const Branches b;
  std::vector<Endpoint> ends;
  for (const double w0 : {0.4, -1.1, 2.0}) {
    auto e = judge(b.problem(), Branches::at_w0(w0), {});
    EXPECT_EQ(e.certificate, Certificate::kLowerBound) << e.reason;
    e.seed = static_cast<int64_t>(ends.size());
    ends.push_back(e);
  }
  // A sign flip takes the left branch into the right one.
  auto minima = identify(b.problem(), ends, {});
  for (const auto& m : minima) EXPECT_EQ(m.connected_class, 0) << label_of(m);
  EXPECT_EQ(levels_of(minima).back(), "loss");
  EXPECT_EQ(levels_of(minima)[levels_of(minima).size() - 2], "connected");
}

TEST(Connected, IsNoLevelWhereMinimaAreIsolated) {
  const auto data = testing::random_data(20, 2, 0);
  const auto objective = objective_for({.depth = 0}, {.weight_decay = 1e-2}, data);
  const MinimaProblem problem{
      .objective = objective, .layout = objective.network().layout, .decay = 1e-2};
  const auto ends = polish_and_judge(
      problem, initial_parameters(objective.network(), 3, 0, 2), 0, {false, false}, {});
  const auto minima = identify(problem, ends, {});
  ASSERT_EQ(minima.size(), 1u);
  EXPECT_EQ(minima[0].connected_class, -1);
  const auto levels = levels_of(minima);
  EXPECT_EQ(std::count(levels.begin(), levels.end(), "connected"), 0);
}

}  // namespace
}  // namespace basin
