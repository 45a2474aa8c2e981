#include "train/ensemble.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/parallel.h"
#include "model/fused_objective.h"
#include "support/networks.h"
#include "support/problems.h"
#include "train/lbfgs.h"
#include "train/schedule.h"

namespace basin {
namespace {

using testing::objective_for;
using testing::random_data;
using testing::same_bits;

const std::vector<Optimizer> kOptimizers{Optimizer::kSgd,
                                         Optimizer::kMomentum,
                                         Optimizer::kNesterov,
                                         Optimizer::kAdam,
                                         Optimizer::kAdamW,
                                         Optimizer::kLbfgs};

NetworkObjective small_objective(torch::ScalarType dtype = torch::kFloat64) {
  return objective_for({.depth = 1, .width = 5, .activation = Elementwise::kTanh},
                       {.weight_decay = 1e-3},
                       random_data(30, 2, 0),
                       {.dtype = dtype});
}

TEST(TrainSeeds, GivesASeedTheSameNumbersWhateverElseIsInTheBatch) {
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    const auto objective = small_objective(dtype);
    for (const auto optimizer : kOptimizers) {
      for (const int64_t batch : {0, 7}) {
        SCOPED_TRACE(fmt::format("optimizer {} batch {}", int(optimizer), batch));
        const TrainOptions options{.optimizer = optimizer, .steps = 40, .batch = batch};
        const auto all = train_seeds(
            objective, initial_parameters(objective.network(), 1, 0, 9), 0, 1, options);
        const auto some = train_seeds(
            objective, initial_parameters(objective.network(), 1, 4, 2), 4, 1, options);
        EXPECT_TRUE(same_bits(all.theta.narrow(0, 4, 2), some.theta));
        EXPECT_TRUE(same_bits(all.loss.narrow(0, 4, 2), some.loss));
        EXPECT_TRUE(same_bits(all.curve.narrow(0, 4, 2), some.curve));
      }
    }
  }
}

// Where a seed stops the next one takes its lane, with nothing left of the other.
TEST(TrainSeeds, BeginsEverySeedAfreshOnALaneThatWasUsed) {
  const auto data = random_data(30, 2, 0);
  const ModelOptions model{.depth = 1, .width = 5, .activation = Elementwise::kTanh};
  const FusedObjective<double> objective(
      testing::network_for(model, {}, data), {}, data);
  const auto network = testing::network_for(model, {}, data);
  const TrainOptions options{
      .steps = 60, .plateau_steps = 5, .plateau_tolerance = 0.01};
  const auto all =
      train_seeds(objective, initial_parameters(network, 1, 0, 40), 0, 1, options);
  std::set<int64_t> lengths;
  for (int64_t seed = 0; seed < 40; ++seed) {
    const auto one = train_seeds(
        objective, initial_parameters(network, 1, seed, 1), seed, 1, options);
    EXPECT_TRUE(same_bits(all.theta.narrow(0, seed, 1), one.theta)) << seed;
    lengths.insert(one.steps[0]);
  }
  EXPECT_GT(lengths.size(), 3u);
}

TEST(TrainSeeds, LowersTheLossWithEveryOptimizer) {
  const auto objective = small_objective();
  const auto start = initial_parameters(objective.network(), 1, 0, 4);
  const auto before = objective.value(start);
  for (const auto optimizer : kOptimizers) {
    const auto out =
        train_seeds(objective, start, 0, 1, {.optimizer = optimizer, .steps = 200});
    EXPECT_TRUE((out.loss < before).all().item<bool>()) << int(optimizer);
    EXPECT_EQ(out.curve.size(1), 100);
    EXPECT_NEAR(out.curve[0][0].item<double>(), before[0].item<double>(), 1e-12);
  }
}

TEST(TrainSeeds, MarksADivergingSeedAndLeavesTheOthersAlone) {
  const auto objective = small_objective();
  auto start = initial_parameters(objective.network(), 1, 0, 3);
  const TrainOptions options{
      .optimizer = Optimizer::kSgd, .learning_rate = 0.1, .steps = 50};
  const auto calm = train_seeds(objective, start, 0, 1, options);
  start[1].fill_(std::nan(""));
  const auto out = train_seeds(objective, start, 0, 1, options);
  EXPECT_EQ(out.stop[1], StopReason::kDiverged);
  EXPECT_TRUE(out.curve[1].isnan().all().item<bool>());
  EXPECT_EQ(out.stop[0], StopReason::kSteps);
  EXPECT_TRUE(same_bits(out.theta[0], calm.theta[0]));
  EXPECT_TRUE(same_bits(out.theta[2], calm.theta[2]));
}

TEST(TrainSeeds, StopsAtASmallGradientAndAtAPlateau) {
  const auto objective = small_objective();
  const auto start = initial_parameters(objective.network(), 1, 0, 2);
  const auto gradient =
      train_seeds(objective, start, 0, 1, {.steps = 20000, .gradient_tolerance = 1e-3});
  EXPECT_EQ(gradient.stop[0], StopReason::kGradient);
  EXPECT_LE(gradient.gradient_norm[0].item<double>(), 1e-3);
  EXPECT_LT(gradient.steps[0], 20000);
  const auto plateau =
      train_seeds(objective,
                  start,
                  0,
                  1,
                  {.steps = 20000, .plateau_steps = 50, .plateau_tolerance = 1e-3});
  EXPECT_EQ(plateau.stop[0], StopReason::kPlateau);
}

TEST(TrainSeeds, RecordsTrajectories) {
  const auto objective = small_objective();
  const auto start = initial_parameters(objective.network(), 1, 0, 2);
  const auto out =
      train_seeds(objective, start, 0, 1, {.steps = 20, .trajectory_every = 5});
  ASSERT_EQ(out.trajectory.sizes().vec(),
            (std::vector<int64_t>{2, 5, objective.dimension()}));
  EXPECT_TRUE(same_bits(out.trajectory.select(1, 0), start));
}

TEST(TrainSeeds, FollowsTheRuleOfAdamOnAQuadratic) {
  // The first step of Adam is −rate · sign(g), whatever the size of g.
  const auto objective = small_objective();
  const auto start = initial_parameters(objective.network(), 1, 0, 1);
  const auto gradient = objective.value_and_gradient(start).gradient;
  const auto out =
      train_seeds(objective, start, 0, 1, {.learning_rate = 0.5, .steps = 1});
  EXPECT_LT(testing::largest(out.theta - (start - 0.5 * gradient.sign())), 1e-4);
}

TEST(Schedule, RisesThenFallsAsAsked) {
  const TrainOptions cosine{.learning_rate = 1.0,
                            .steps = 110,
                            .schedule = Schedule::kCosine,
                            .warmup = 10,
                            .final_fraction = 0.1};
  EXPECT_DOUBLE_EQ(learning_rate_at(cosine, 0), 0.1);
  EXPECT_DOUBLE_EQ(learning_rate_at(cosine, 10), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate_at(cosine, 60), 0.55);
  const TrainOptions step{
      .learning_rate = 1.0, .schedule = Schedule::kStep, .step_every = 5};
  EXPECT_DOUBLE_EQ(learning_rate_at(step, 4), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate_at(step, 10), 0.25);
}

TEST(Lbfgs, SolvesAQuadraticOfAnyShape) {
  const auto a = at::diag(at::logspace(0, 4, 12, 10.0, torch::kFloat64));
  const auto b = testing::normal({12}, 3);
  const testing::Quadratic bowl(a, b);
  const auto out = minimize_lbfgs(bowl, testing::normal({5, 12}, 4), {});
  for (int64_t row = 0; row < 5; ++row) {
    EXPECT_EQ(out.end[static_cast<size_t>(row)], LbfgsEnd::kConverged);
    EXPECT_LT(testing::largest(out.theta[row] - b / a.diag()), 1e-9);
  }
}

TEST(Lbfgs, FollowsRosenbrocksValleyToItsEnd) {
  const auto out = minimize_lbfgs(
      testing::Rosenbrock(), testing::vector({-1.2, 1}).unsqueeze(0), {});
  EXPECT_EQ(out.end[0], LbfgsEnd::kConverged);
  EXPECT_LT(testing::largest(out.theta - 1), 1e-9);
}

TEST(ParallelFor, RunsEveryTaskOnceAndRethrows) {
  std::vector<int> hits(100);
  parallel_for(100, 4, [&](int64_t i) { ++hits[static_cast<size_t>(i)]; });
  EXPECT_EQ(hits, std::vector<int>(100, 1));
  EXPECT_THROW(parallel_for(10,
                            2,
                            [](int64_t i) {
                              if (i == 3) throw std::runtime_error("x");
                            }),
               std::runtime_error);
}

}  // namespace
}  // namespace basin
