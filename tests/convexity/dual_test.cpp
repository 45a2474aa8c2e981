#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "convexity/dual_bound.h"
#include "support/networks.h"
#include "train/ensemble.h"

namespace basin {
namespace {

using testing::normal;
using testing::random_data;
using torch::Tensor;

constexpr double kDecay = 0.01;

struct Case {
  ModelOptions model;
  LossOptions loss;
  Dataset data;

  Tensor targets() const { return loss_targets(loss, data); }
  DualBound at(const Tensor& outputs) const {
    return dual_bound(model, loss, data.inputs, outputs, targets());
  }
};

Case make_case(LossKind kind,
               Elementwise activation,
               int64_t inputs,
               bool output_bias,
               int64_t outputs = 1) {
  const bool classes = kind == LossKind::kLogistic || kind == LossKind::kCrossEntropy;
  return {
      .model = {.depth = 1,
                .width = 12,
                .activation = activation,
                .output_bias = output_bias},
      .loss = {.kind = kind, .weight_decay = kDecay},
      .data = random_data(
          12, inputs, classes ? (kind == LossKind::kLogistic ? 2 : 3) : 0, outputs)};
}

// ∂(mean loss)/∂f by autograd.
Tensor slopes(const Case& c, const Tensor& outputs) {
  const auto f = outputs.clone().requires_grad_(true);
  const auto value = mean_loss(c.loss, f.t().unsqueeze(0), c.targets().t());
  return torch::autograd::grad({value.sum()}, {f})[0];
}

// max over many random unit vectors of ‖Σ λ φ(u·a)‖ / wd.
double sampled_ratio(const Case& c, const Tensor& outputs, int64_t tries) {
  const auto x = c.data.inputs;
  const auto a =
      c.model.bias ? at::cat({x, at::ones({x.size(0), 1}, x.options())}, 1) : x;
  auto u = normal({tries, a.size(1)}, 8);
  u = u / u.norm(2, {1}, true);
  const auto z = u.mm(a.t());
  const double low = c.model.activation == Elementwise::kAbs         ? -1
                     : c.model.activation == Elementwise::kLeakyRelu ? 0.01
                                                                     : 0;
  const auto phi = at::where(z > 0, z, low * z);
  return phi.mm(slopes(c, outputs)).norm(2, {1}).max().item<double>() / kDecay;
}

TEST(DualBound, RatioIsTheMaximumOverTheSphere) {
  for (const auto kind : {LossKind::kMse,
                          LossKind::kHuber,
                          LossKind::kLogistic,
                          LossKind::kCrossEntropy}) {
    for (const auto activation :
         {Elementwise::kRelu, Elementwise::kLeakyRelu, Elementwise::kAbs}) {
      for (const int64_t inputs : {1, 2}) {
        const auto c = make_case(kind, activation, inputs, true, 2);
        const auto f = normal({12, c.targets().size(1)}, 4);
        const auto bound = c.at(f);
        ASSERT_TRUE(bound.exact) << bound.problem;
        const double sampled = sampled_ratio(c, f, 200'000);
        EXPECT_LE(sampled, bound.ratio * (1 + 1e-12))
            << sampled / bound.ratio - 1 << " " << int(kind) << int(activation);
        EXPECT_GE(sampled, bound.ratio * (1 - 1e-3));
        EXPECT_NEAR(bound.direction.norm().item<double>(), 1, 1e-12);
      }
    }
  }
}

TEST(DualBound, ThreeInputsWithoutBiasAreExactAndFourRefuteOnly) {
  auto c = make_case(LossKind::kMse, Elementwise::kRelu, 3, true);
  c.model.bias = false;
  const auto f = normal({12, 1}, 4);
  const auto bound = c.at(f);
  EXPECT_TRUE(bound.exact);
  const double sampled = sampled_ratio(c, f, 200'000);
  EXPECT_LE(sampled, bound.ratio * (1 + 1e-12));
  EXPECT_GE(sampled, bound.ratio * (1 - 1e-3));
  c.model.bias = true;  // four numbers a sample
  const auto ascents = c.at(f);
  EXPECT_FALSE(ascents.exact);
  EXPECT_TRUE(std::isnan(ascents.lower));
  EXPECT_GE(ascents.ratio, 0.99 * sampled_ratio(c, f, 200'000));
}

// No network, however it came about, is below the bound of another's outputs.
TEST(DualBound, NoNetworkIsBelow) {
  for (const auto kind : {LossKind::kMse,
                          LossKind::kHuber,
                          LossKind::kLogistic,
                          LossKind::kCrossEntropy,
                          LossKind::kSigmoidCrossEntropy}) {
    for (const bool output_bias : {true, false}) {
      auto c = make_case(kind, Elementwise::kRelu, 2, output_bias);
      if (kind == LossKind::kSigmoidCrossEntropy) c.data = random_data(12, 2, 2);
      const auto objective = testing::objective_for(c.model, c.loss, c.data);
      const auto trained = train_seeds(objective,
                                       0.5 * normal({16, objective.dimension()}, 6),
                                       0,
                                       1,
                                       {.learning_rate = 0.02, .steps = 1500});
      const double least = trained.loss.min().item<double>();
      double best_bound = -INFINITY;
      for (int64_t k = 0; k < 16; ++k) {
        const auto bound = c.at(objective.outputs(trained.theta.narrow(0, k, 1))[0]);
        ASSERT_TRUE(bound.exact);
        EXPECT_LE(bound.lower, least);
        best_bound = std::max(best_bound, bound.lower);
      }
      // And it says something: above what the loss alone says, 0.
      EXPECT_GT(best_bound, 0.5 * least);
    }
  }
}

// A trained wide network reaches its own bound: also where the output's bias carries
// much of it.
TEST(DualBound, IsTightAtTheOptimum) {
  for (const double offset : {0.0, 5.0}) {
    auto c = make_case(LossKind::kMse, Elementwise::kRelu, 2, true);
    c.data.targets = c.data.targets + offset;
    c.model.width = 40;
    const auto objective = testing::objective_for(c.model, c.loss, c.data);
    const auto trained = train_seeds(objective,
                                     0.5 * normal({8, objective.dimension()}, 6),
                                     0,
                                     1,
                                     {.learning_rate = 0.02,
                                      .steps = 6000,
                                      .schedule = Schedule::kCosine,
                                      .final_fraction = 1e-3});
    const auto best = trained.loss.argmin().item<int64_t>();
    const double least = trained.loss[best].item<double>();
    const auto bound = c.at(objective.outputs(trained.theta.narrow(0, best, 1))[0]);
    EXPECT_LE(bound.lower, least);
    EXPECT_GT(bound.lower, 0.98 * least) << bound.ratio;
  }
}

TEST(DualBound, SaysWhyThereIsNone) {
  auto c = make_case(LossKind::kMse, Elementwise::kTanh, 2, true);
  const auto f = normal({12, 1}, 4);
  EXPECT_NE(c.at(f).problem, "");
  c = make_case(LossKind::kMse, Elementwise::kRelu, 2, true);
  c.model.depth = 2;
  EXPECT_NE(c.at(f).problem, "");
  c = make_case(LossKind::kMse, Elementwise::kRelu, 2, true);
  c.loss.weight_decay = 0;
  EXPECT_NE(c.at(f).problem, "");
  c = make_case(LossKind::kMse, Elementwise::kRelu, 2, true);
  c.loss.decay_biases = false;
  EXPECT_NE(c.at(f).problem, "");
}

}  // namespace
}  // namespace basin
