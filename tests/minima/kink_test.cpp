#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "data/synthetic.h"
#include "minima/identify.h"
#include "minima/kink_system.h"
#include "minima/kink_verdict.h"
#include "support/networks.h"
#include "support/problems.h"
#include "train/ensemble.h"

namespace basin {
namespace {

using testing::largest;
using testing::objective_for;
using testing::random_data;
using testing::vector;
using torch::Tensor;

std::vector<Endpoint> judged(const ModelOptions& model,
                             const LossOptions& loss,
                             const Dataset& data,
                             int64_t seeds) {
  const auto objective = objective_for(model, loss, data);
  const MinimaProblem problem{.objective = objective,
                              .layout = objective.network().layout,
                              .decay = loss.weight_decay};
  const auto trained = train_seeds(objective,
                                   initial_parameters(objective.network(), 1, 0, seeds),
                                   0,
                                   1,
                                   {.learning_rate = 0.02, .steps = 1000});
  return polish_and_judge(
      problem, trained.theta, 0, std::vector<bool>(static_cast<size_t>(seeds)), {});
}

int64_t certified(const std::vector<Endpoint>& endpoints) {
  int64_t out = 0;
  for (const auto& e : endpoints) {
    out += is_certified(e);
    EXPECT_FALSE(e.reason.empty());
    if (!is_certified(e)) std::cerr << e.seed << ": " << e.reason << "\n";
  }
  return out;
}

Dataset noisy_teacher(int64_t samples) {
  return synthetic_data({.source = DataSource::kTeacher,
                         .samples = samples,
                         .noise = 0.3,
                         .inputs = 2,
                         .teacher_width = 3},
                        1);
}

TEST(Kinks, CertifiesTwentyThreeOfTwentyFourOnThreeUnits) {
  const auto found =
      judged({.depth = 1, .width = 3}, {.weight_decay = 1e-3}, noisy_teacher(400), 24);
  EXPECT_GE(certified(found), 23);
}

TEST(Kinks, CertifiesTwentyOfTwentyFourOnEightUnits) {
  const auto found =
      judged({.depth = 1, .width = 8}, {.weight_decay = 1e-3}, noisy_teacher(100), 24);
  EXPECT_GE(certified(found), 20);
}

TEST(Kinks, ACertifiedPointIsNowhereUndercutNearby) {
  const auto data = noisy_teacher(100);
  const ModelOptions model{.depth = 1, .width = 3};
  const LossOptions loss{.weight_decay = 1e-3};
  const auto objective = objective_for(model, loss, data);
  RandomStream random(9, Stream::kProbe, 0);
  for (const auto& e : judged(model, loss, data, 6)) {
    if (!is_certified(e)) continue;
    auto steps = testing::normal({400, e.theta.size(0)}, 77);
    steps = steps / steps.norm(2, {1}, true);
    for (const double t : {1e-3, 1e-4, 1e-5}) {
      const auto losses = objective.value(e.theta + t * steps);
      EXPECT_GE(losses.min().item<double>(), e.loss - 1e-15);
    }
  }
}

// Without the test of forces and shares, an endpoint pushed along a kink would pass.
TEST(Kinks, DoesNotCertifyAPointThatOnlySlidesAlongAKink) {
  const auto data = noisy_teacher(100);
  const auto objective =
      objective_for({.depth = 1, .width = 1}, {.weight_decay = 1e-3}, data);
  const MinimaProblem problem{
      .objective = objective, .layout = objective.network().layout, .decay = 1e-3};
  // Any unit, its bias set so that sample 0 lies on the kink.
  auto theta = initial_parameters(objective.network(), 5, 0, 1)[0];
  theta[2] = -(theta[0] * data.inputs[0][0] + theta[1] * data.inputs[0][1]);
  const auto e = judge(problem, theta, {});
  EXPECT_EQ(e.kinks, 1);
  EXPECT_FALSE(is_certified(e)) << e.reason;
}

// Σ |w − y| has a kink at every y; only the median holds.
TEST(Kinks, HoldAtTheMedianAlone) {
  Dataset data{.name = "three",
               .inputs = at::ones({3, 1}, torch::kFloat64),
               .targets = vector({0, 1, 5}).unsqueeze(1)};
  const auto objective =
      objective_for({.depth = 0, .bias = false, .output_bias = false},
                    {.kind = LossKind::kAbsolute},
                    data);
  const MinimaProblem problem{.objective = objective,
                              .layout = objective.network().layout};
  for (const double y : {0.0, 1.0, 5.0}) {
    const auto e = judge(problem, vector({y}), {});
    EXPECT_EQ(e.kinks, 1) << e.reason;
    EXPECT_EQ(is_certified(e), y == 1) << y << ": " << e.reason;
  }
}

TEST(Kinks, JudgesHingeAndAbsoluteLossesOfLinearModels) {
  const auto classes =
      synthetic_data({.source = DataSource::kMoons, .samples = 60, .noise = 0.2}, 1);
  const auto hinge = judged(
      {.depth = 0}, {.kind = LossKind::kHinge, .weight_decay = 1e-2}, classes, 6);
  EXPECT_EQ(certified(hinge), 6);
  const auto absolute = judged({.depth = 0},
                               {.kind = LossKind::kAbsolute, .weight_decay = 1e-3},
                               noisy_teacher(61),
                               6);
  EXPECT_EQ(certified(absolute), 6);
  // Convex: one place.
  for (const auto* list : {&hinge, &absolute}) {
    for (const auto& e : *list) EXPECT_NEAR(e.loss, list->front().loss, 1e-12);
  }
}

TEST(Kinks, CertifiesRepeatedSamples) {
  auto data = noisy_teacher(30);
  data.inputs = at::cat({data.inputs, data.inputs});
  data.targets = at::cat({data.targets, data.targets});
  const auto found = judged({.depth = 1, .width = 2}, {.weight_decay = 1e-2}, data, 8);
  EXPECT_GE(certified(found), 7);
}

// Frozen at its own sides, the loss is the loss; its sensitivities are differences.
TEST(FrozenNetwork, AgreesWithTheLossAndWithDifferences) {
  const auto data = random_data(20, 2, 2);
  for (const auto kind : {LossKind::kMse, LossKind::kHinge, LossKind::kCrossEntropy}) {
    for (const auto phi :
         {Elementwise::kRelu, Elementwise::kLeakyRelu, Elementwise::kAbs}) {
      const auto objective = objective_for({.depth = 2, .width = 4, .activation = phi},
                                           {.kind = kind, .weight_decay = 1e-2},
                                           data);
      const auto theta = initial_parameters(objective.network(), 3, 0, 1);
      const auto slopes = side_slopes(objective, theta[0]);
      const auto frozen = objective.frozen(slopes);
      const auto a = objective.value_and_gradient(theta);
      const auto b = frozen->value_and_gradient(theta);
      EXPECT_LT(largest(a.value - b.value), 1e-13);
      EXPECT_LT(largest(a.gradient - b.gradient), 1e-13);
      EXPECT_LT(largest(objective.kink_arguments(theta) - frozen->arguments(theta)),
                1e-13);
      // ∂L/∂slope = u z.
      const auto u = frozen->sensitivities(theta[0]);
      const auto z = frozen->arguments(theta)[0];
      for (const int64_t site : {int64_t{3}, int64_t{45}, slopes.size(0) - 1}) {
        auto moved = slopes.clone();
        moved[site] += 1e-6;
        const auto up = objective.frozen(moved)->value(theta).item<double>();
        moved[site] -= 2e-6;
        const auto down = objective.frozen(moved)->value(theta).item<double>();
        EXPECT_NEAR((up - down) / 2e-6, (u[site] * z[site]).item<double>(), 1e-8);
      }
      const auto rows =
          frozen->argument_gradients(theta[0], at::tensor({0, 45}, torch::kInt64));
      for (const int64_t p : {int64_t{0}, int64_t{9}}) {
        auto moved = theta.clone();
        moved[0][p] += 1e-6;
        const auto change = (frozen->arguments(moved)[0] - z) / 1e-6;
        EXPECT_NEAR(rows[0][p].item<double>(), change[0].item<double>(), 1e-5);
        EXPECT_NEAR(rows[1][p].item<double>(), change[45].item<double>(), 1e-5);
      }
    }
  }
}

// Three layers on their kinks with a loss that hardly feels them: the slopes that would
// make the gradient vanish are far off, and their products would overflow.
TEST(KinkSystem, StaysFiniteWhereTheLossHardlyFeelsAKink) {
  const Dataset data{.name = "one",
                     .inputs = at::ones({1, 1}, torch::kFloat64),
                     .targets = at::ones({1, 1}, torch::kFloat64)};
  const auto objective =
      objective_for({.depth = 3, .width = 1, .activation = Elementwise::kRelu},
                    {.weight_decay = 0.1},
                    data);
  // w, b of each layer: all z are 0.
  KinkPoint point{.theta = vector({1, -1, 1, 0, 1, 0, 1e-150, 0}),
                  .slopes = vector({0.5, 0.5, 0.5}),
                  .active = {0, 1, 2}};
  const auto system = kink_system(objective, at::arange(8), {}, point);
  EXPECT_TRUE(point.slopes.isfinite().all().item<bool>());
  EXPECT_TRUE(system.jacobian.isfinite().all().item<bool>());
  EXPECT_TRUE(system.hessian.isfinite().all().item<bool>());
  EXPECT_GT(largest(point.slopes), 1e3);  // out of range: the verdict lets it go
}

}  // namespace
}  // namespace basin
