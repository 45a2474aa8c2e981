#include "convexity/box.h"

#include <gtest/gtest.h>

#include <cmath>

#include "convexity/second_order.h"
#include "curvature/hessian.h"
#include "curvature/symmetric_eigen.h"
#include "minima/newton.h"
#include "model/elementwise.h"
#include "model/loss.h"
#include "support/networks.h"

namespace basin {
namespace {

using testing::objective_for;
using testing::random_data;

// Every enclosure holds the function and both its derivatives, at many points of many
// intervals; derivatives by differences.
TEST(Box, EnclosuresHoldWhatTheyEnclose) {
  RandomStream random(1, Stream::kProbe, 0);
  for (const auto kind : {Elementwise::kIdentity,
                          Elementwise::kTanh,
                          Elementwise::kSigmoid,
                          Elementwise::kSoftplus,
                          Elementwise::kSin,
                          Elementwise::kSquare,
                          Elementwise::kSilu,
                          Elementwise::kGelu,
                          Elementwise::kElu}) {
    const auto f = [&](int order, double z) {
      return elementwise_derivative(kind, order, at::tensor({z}, torch::kFloat64))
          .item<double>();
    };
    for (int k = 0; k < 200; ++k) {
      const double a = 4 * random.normal(), width = std::exp(2 * random.normal() - 3);
      const auto e = enclosure_of(kind, {a, a + width});
      for (int i = 0; i <= 20; ++i) {
        const double z = a + width * i / 20;
        if (z > a + width) continue;
        // LibTorch's own gelu cancels far to the left.
        const double slack = kind == Elementwise::kGelu ? 1e-15 * (1 + std::abs(z)) : 0;
        EXPECT_TRUE(e.value.low - slack <= f(0, z) && f(0, z) <= e.value.high + slack)
            << static_cast<int>(kind) << " " << z;
        EXPECT_TRUE(e.first.low - 1e-15 <= f(1, z) && f(1, z) <= e.first.high + 1e-15);
        EXPECT_TRUE(e.second.low - 1e-15 <= f(2, z) &&
                    f(2, z) <= e.second.high + 1e-15);
      }
    }
  }
}

TEST(Box, HubersEnclosureHoldsItToo) {
  RandomStream random(1, Stream::kProbe, 1);
  for (int k = 0; k < 300; ++k) {
    const double delta = std::exp(random.normal());
    const double a = 2 * random.normal(), width = std::exp(2 * random.normal() - 2);
    const auto e = huber({a, a + width}, delta);
    for (int i = 0; i <= 20; ++i) {
      const double z = std::min(a + width * i / 20, a + width), size = std::abs(z);
      EXPECT_TRUE(e.value.has(size <= delta ? z * z / 2 : delta * (size - delta / 2)));
      EXPECT_TRUE(e.first.has(std::clamp(z, -delta, delta)));
      EXPECT_TRUE(e.second.has(size < delta ? 1 : 0));
    }
  }
}

// Far out Φ is 0 or 1 to every digit; the enclosure still holds it.
TEST(Box, GeluIsEnclosedFarOut) {
  for (const double z : {-50.0, -31.0, -30.0, -12.0, 12.0, 30.0, 40.0}) {
    const auto e = enclosure_of(Elementwise::kGelu, {z - 0.5, z + 0.5});
    const auto at = at::tensor({z}, torch::kFloat64);
    for (const int order : {0, 1, 2}) {
      const auto f =
          elementwise_derivative(Elementwise::kGelu, order, at).item<double>();
      const auto& own = order == 0 ? e.value : order == 1 ? e.first : e.second;
      EXPECT_TRUE(own.low - 1e-15 <= f && f <= own.high + 1e-15) << z << " " << order;
    }
    EXPECT_LT(e.first.high - e.first.low, 1e-9);
  }
}

struct Case {
  ModelOptions model;
  LossOptions loss;
  Dataset data;
};

std::vector<Case> cases() {
  const ModelOptions tanh{.depth = 1, .width = 2, .activation = Elementwise::kTanh};
  const ModelOptions deep{
      .depth = 2, .width = 2, .activation = Elementwise::kSigmoid, .skip = true};
  return {
      {tanh, {.weight_decay = 0.05}, random_data(7, 2, 0)},
      {deep, {.weight_decay = 0.1}, random_data(7, 2, 0, 2)},
      {tanh, {.kind = LossKind::kLogistic, .weight_decay = 0.05}, random_data(7, 2, 2)},
      {tanh,
       {.kind = LossKind::kCrossEntropy, .weight_decay = 0.05},
       random_data(7, 2, 3)},
      {tanh,
       {.kind = LossKind::kSigmoidCrossEntropy, .weight_decay = 0.05},
       random_data(7, 2, 2)},
      {{.depth = 1, .width = 2, .activation = Elementwise::kSin},
       {.weight_decay = 0.05},
       random_data(7, 2, 0)},
      {{.depth = 1, .width = 2, .activation = Elementwise::kSilu},
       {.weight_decay = 0.05},
       random_data(7, 2, 0)},
      {{.depth = 1, .width = 2, .activation = Elementwise::kGelu},
       {.kind = LossKind::kHuber, .weight_decay = 0.05, .huber_delta = 0.5},
       random_data(7, 2, 0)},
      {{.depth = 1, .width = 2, .activation = Elementwise::kElu},
       {.weight_decay = 0.05},
       random_data(7, 2, 0)}};
}

// At a minimum there is a box; nowhere in it is an eigenvalue below the bound; the
// gradient is no larger than claimed.
TEST(Box, HoldsAtRandomPointsOfTheBox) {
  int certified = 0;
  for (const auto& c : cases()) {
    const auto objective = objective_for(c.model, c.loss, c.data);
    const auto network = testing::network_for(c.model, c.loss, c.data);
    const BoxProblem problem{
        network, c.loss, c.data.inputs, loss_targets(c.loss, c.data)};
    const auto p = objective.dimension();
    const auto theta =
        minimize_newton(objective, 0.5 * testing::normal({p}, 3), {}).theta;
    const auto box = certify_box(problem, theta);
    ASSERT_GT(box.radius, 0) << box.problem << " " << box.margin;
    certified += box.unique_minimum();
    const auto g = objective.value_and_gradient(theta.unsqueeze(0)).gradient;
    EXPECT_LE(g.norm().item<double>(), box.gradient * (1 + 1e-9) + 1e-15);
    for (uint64_t k = 0; k < 200; ++k) {
      const auto shift =
          testing::normal({p}, 10 + k).sign() * box.radius * (k % 2 == 0 ? 1.0 : 0.7);
      const auto least =
          symmetric_eigenvalues(dense_hessian(objective, theta + shift))[0];
      EXPECT_GE(least.item<double>(), box.curvature);
    }
    // A box that is wide enough holds worse curvature: the bound is not idle.
    EXPECT_LT(box.radius, 1);
  }
  EXPECT_EQ(certified, 9);
}

TEST(Box, ThereIsNoneAtASaddleNorAcrossAKink) {
  const auto data = random_data(7, 2, 0);
  const LossOptions loss{.weight_decay = 0.01};
  const ModelOptions tanh{.depth = 1, .width = 2, .activation = Elementwise::kTanh};
  const auto network = testing::network_for(tanh, loss, data);
  const BoxProblem problem{network, loss, data.inputs, loss_targets(loss, data)};
  const auto at =
      certify_box(problem, testing::normal({network.layout.dimension}, 5) * 3);
  EXPECT_FALSE(at.unique_minimum());
  // A unit whose kink runs through a sample is on one side in no box.
  const ModelOptions relu{.depth = 1, .width = 2, .activation = Elementwise::kRelu};
  const auto other = testing::network_for(relu, loss, data);
  const BoxProblem none{other, loss, data.inputs, loss_targets(loss, data)};
  const auto failed =
      certify_box(none, at::zeros({other.layout.dimension}, torch::kFloat64));
  EXPECT_EQ(failed.radius, 0);
  EXPECT_NE(failed.problem.find("crosses its kink"), std::string::npos)
      << failed.problem;
}

}  // namespace
}  // namespace basin
