#include "model/network_objective.h"

#include <gtest/gtest.h>
#include <torch/nn/functional.h>

#include <cmath>

#include "core/error.h"
#include "model/loss.h"
#include "support/networks.h"

namespace basin {
namespace {

using testing::largest;
using testing::normal;
using testing::objective_for;
using testing::random_data;
using testing::same_bits;
namespace F = torch::nn::functional;

const std::vector<Elementwise> kActivations{Elementwise::kIdentity,
                                            Elementwise::kRelu,
                                            Elementwise::kLeakyRelu,
                                            Elementwise::kTanh,
                                            Elementwise::kSigmoid,
                                            Elementwise::kSoftplus,
                                            Elementwise::kGelu,
                                            Elementwise::kSilu,
                                            Elementwise::kElu,
                                            Elementwise::kSin,
                                            Elementwise::kSquare};
const std::vector<LossKind> kLosses{LossKind::kMse,
                                    LossKind::kCrossEntropy,
                                    LossKind::kLogistic,
                                    LossKind::kHuber,
                                    LossKind::kHinge};

// What LibTorch's own modules compute, one θ at a time.
torch::Tensor torch_activation(Elementwise kind, const torch::Tensor& z) {
  switch (kind) {
    case Elementwise::kRelu:
      return at::relu(z);
    case Elementwise::kLeakyRelu:
      return at::leaky_relu(z, 0.01);
    case Elementwise::kTanh:
      return at::tanh(z);
    case Elementwise::kSigmoid:
      return at::sigmoid(z);
    case Elementwise::kSoftplus:
      return at::softplus(z);
    case Elementwise::kGelu:
      return at::gelu(z);
    case Elementwise::kSilu:
      return at::silu(z);
    case Elementwise::kElu:
      return at::elu(z);
    case Elementwise::kSin:
      return at::sin(z);
    case Elementwise::kSquare:
      return z * z;
    default:
      return z;
  }
}

torch::Tensor torch_loss(const LossOptions& loss,
                         const torch::Tensor& f,
                         const Dataset& data,
                         const torch::Tensor& y) {
  const auto n = static_cast<double>(f.size(0));
  switch (loss.kind) {
    case LossKind::kMse:
      return at::mse_loss(f, y, at::Reduction::Sum) / (2 * n);
    case LossKind::kCrossEntropy:
      return at::cross_entropy_loss(f, data.labels);
    case LossKind::kLogistic:
      return at::soft_margin_loss(f, y, at::Reduction::Sum) / n;
    case LossKind::kHuber:
      return at::huber_loss(f, y, at::Reduction::Sum, loss.huber_delta) / n;
    default:
      return at::clamp_min(1 - y * f, 0).sum() / n;
  }
}

torch::Tensor torch_reference(const Network& network,
                              const LossOptions& loss,
                              const Dataset& data,
                              const torch::Tensor& theta) {
  auto a = data.inputs;
  const auto& layers = network.layout.layers;
  for (size_t l = 0; l < layers.size(); ++l) {
    const auto& s = layers[l];
    const auto w =
        theta.narrow(0, s.weight, s.rows * s.columns).view({s.rows, s.columns});
    const auto z = F::linear(a, w, theta.narrow(0, s.bias, s.rows));
    if (l + 1 == layers.size()) {
      a = z;
    } else {
      const auto next = torch_activation(network.options.activation, z);
      a = network.skips(static_cast<int64_t>(l)) ? next + a : next;
    }
  }
  return torch_loss(loss, a, data, loss_targets(loss, data)) +
         0.5 * loss.weight_decay * (theta * theta).sum();
}

ModelOptions model_of(int64_t depth, Elementwise activation, bool skip = false) {
  return {.depth = depth,
          .width = 4,
          .activation = activation,
          .skip = skip,
          .init = Initializer::kNormal,
          .init_scale = activation == Elementwise::kSquare ? 0.4 : 0.6};
}

void expect_reference_and_differences(const ModelOptions& model,
                                      const LossOptions& loss,
                                      const Dataset& data) {
  const auto objective = objective_for(model, loss, data);
  const auto theta = initial_parameters(objective.network(), 5, 0, 3);
  const auto v = normal(theta.sizes().vec(), 7);
  const auto [value, gradient] = objective.value_and_gradient(theta);
  const auto hv = objective.hessian_times(theta, v);
  EXPECT_TRUE(at::allclose(objective.value(theta), value, 1e-14, 1e-15));
  for (int64_t b = 0; b < theta.size(0); ++b) {
    const auto leaf = theta[b].clone().requires_grad_(true);
    const auto expected = torch_reference(objective.network(), loss, data, leaf);
    EXPECT_NEAR(value[b].item<double>(),
                expected.item<double>(),
                1e-13 * (1 + std::abs(value[b].item<double>())));
    expected.backward();
    EXPECT_LT(largest(gradient[b] - leaf.grad()), 1e-12 * (1 + largest(gradient[b])));
  }
  // Central differences of the value along v, and of the gradient along v.
  const double h = 1e-5;
  const auto slope =
      (objective.value(theta + h * v) - objective.value(theta - h * v)) / (2 * h);
  EXPECT_LT(largest(slope - (gradient * v).sum(1)), 1e-7 * (1 + largest(slope)));
  const auto bend = (objective.value_and_gradient(theta + h * v).gradient -
                     objective.value_and_gradient(theta - h * v).gradient) /
                    (2 * h);
  EXPECT_LT(largest(bend - hv), 1e-6 * (1 + largest(hv)));
}

TEST(NetworkObjective, AgreesWithAModuleAndWithDifferencesForEveryActivationAndDepth) {
  const auto data = random_data(12, 3, 0, 2);
  for (const auto activation : kActivations) {
    for (int64_t depth = 0; depth <= 4; ++depth) {
      SCOPED_TRACE(fmt::format("activation {} depth {}", int(activation), depth));
      expect_reference_and_differences(
          model_of(depth, activation), {.weight_decay = 0.01}, data);
    }
  }
}

TEST(NetworkObjective, AgreesWithAModuleAndWithDifferencesForEveryLossAndDepth) {
  for (const auto kind : kLosses) {
    for (const int64_t classes : {2, 3}) {
      for (int64_t depth = 0; depth <= 4; ++depth) {
        SCOPED_TRACE(
            fmt::format("loss {} classes {} depth {}", int(kind), classes, depth));
        expect_reference_and_differences(model_of(depth, Elementwise::kTanh),
                                         {.kind = kind, .weight_decay = 0.1},
                                         random_data(13, 3, classes));
      }
    }
  }
}

TEST(NetworkObjective, AgreesWithAModuleWithSkipConnections) {
  expect_reference_and_differences(
      model_of(3, Elementwise::kTanh, /*skip=*/true), {}, random_data(9, 2, 0, 1));
}

TEST(NetworkObjective, GivesARowTheSameBitsInEveryBatch) {
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    for (const auto activation : kActivations) {
      for (const auto kind : {LossKind::kMse, LossKind::kCrossEntropy}) {
        SCOPED_TRACE(fmt::format("activation {} loss {}", int(activation), int(kind)));
        const auto objective =
            objective_for({.depth = 2, .width = 7, .activation = activation},
                          {.kind = kind, .weight_decay = 1e-3},
                          random_data(19, 3, 3),
                          {.dtype = dtype});
        const auto theta = initial_parameters(objective.network(), 3, 0, 75).to(dtype);
        const auto all = objective.value_and_gradient(theta);
        const auto hv = objective.hessian_times(theta, theta);
        for (const int64_t first : {0, 1, 37, 64, 70}) {
          for (const int64_t rows : {1, 2, 5}) {
            const auto part = theta.narrow(0, first, rows).clone();
            const auto some = objective.value_and_gradient(part);
            EXPECT_TRUE(same_bits(some.value, all.value.narrow(0, first, rows)));
            EXPECT_TRUE(same_bits(some.gradient, all.gradient.narrow(0, first, rows)));
            EXPECT_TRUE(same_bits(objective.hessian_times(part, part),
                                  hv.narrow(0, first, rows)));
            EXPECT_TRUE(same_bits(objective.value(part),
                                  objective.value(theta).narrow(0, first, rows)));
          }
        }
      }
    }
  }
}

TEST(NetworkObjective, OnEverySampleInOrderIsTheFullBatch) {
  const auto objective = objective_for({.depth = 2, .width = 5},
                                       {.kind = LossKind::kCrossEntropy},
                                       random_data(17, 4, 3));
  const auto theta = initial_parameters(objective.network(), 3, 0, 4);
  const auto index = at::arange(17, torch::kInt64).expand({4, 17}).contiguous();
  const auto full = objective.value_and_gradient(theta);
  const auto same = objective.value_and_gradient_on(theta, index);
  EXPECT_LT(largest(full.value - same.value), 1e-14);
  EXPECT_LT(largest(full.gradient - same.gradient), 1e-14);
}

TEST(NetworkObjective, GradientsOfMiniBatchesAverageToTheGradient) {
  const auto objective = objective_for(
      {.depth = 1, .width = 5}, {.weight_decay = 0.1}, random_data(12, 2, 0));
  const auto theta = initial_parameters(objective.network(), 3, 0, 2);
  auto mean = at::zeros_like(theta);
  for (int64_t k = 0; k < 3; ++k) {
    const auto index = at::arange(4 * k, 4 * k + 4, torch::kInt64).expand({2, 4});
    mean += objective.value_and_gradient_on(theta, index).gradient / 3;
  }
  EXPECT_LT(largest(mean - objective.value_and_gradient(theta).gradient), 1e-14);
}

TEST(NetworkObjective, SeesAPreActivationOnAKink) {
  Dataset data{.name = "two"};
  data.inputs = at::tensor({1.0, -2.0}, torch::kFloat64).view({2, 1});
  data.targets = at::tensor({1.0, 0.0}, torch::kFloat64).view({2, 1});
  const auto objective = objective_for({.depth = 1, .width = 1}, {}, data);
  const auto theta =
      at::tensor({1.0, 2.0, 1.0, 0.0, 1.0, 0.5, 1.0, 0.0}, torch::kFloat64)
          .view({2, 4});
  const auto z = objective.kink_arguments(theta);
  EXPECT_EQ(z[0][1].item<double>(), 0.0);  // 1·(−2) + 2
  EXPECT_EQ((z[1] == 0).sum().item<int64_t>(), 0);
  const auto blocks = objective.kink_blocks();
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0].size(), 2);
}

TEST(NetworkObjective, SeesAMarginOnTheKinkOfTheHingeLoss) {
  auto data = random_data(4, 1, 2);
  data.inputs.copy_(at::tensor({-1.0, 1.0, -2.0, 3.0}, torch::kFloat64).view({4, 1}));
  const auto objective = objective_for({.depth = 0}, {.kind = LossKind::kHinge}, data);
  const auto theta = at::tensor({1.0, 0.0, 0.9, 0.0}, torch::kFloat64).view({2, 2});
  const auto z = objective.kink_arguments(theta);
  EXPECT_EQ((z[0] == 0).sum().item<int64_t>(), 2);  // y f = 1 twice
  EXPECT_EQ((z[1] == 0).sum().item<int64_t>(), 0);
}

TEST(NetworkObjective, IsSmoothWithoutPiecewiseActivations) {
  const auto objective = objective_for(
      {.depth = 1, .activation = Elementwise::kTanh}, {}, random_data(5, 2, 0));
  const auto theta = initial_parameters(objective.network(), 1, 0, 1);
  EXPECT_TRUE(objective.kink_blocks().empty());
  EXPECT_EQ(objective.kink_arguments(theta).numel(), 0);
}

TEST(LossTargets, RefusesClassLossesForDataWithoutClasses) {
  EXPECT_THROW(loss_targets({.kind = LossKind::kHinge}, random_data(4, 2, 0)),
               InputError);
}

TEST(Accuracy, CountsTheLargestOutputOrTheRightSide) {
  const auto outputs =
      at::tensor({0.1, 0.9, 0.8, 0.2}, torch::kFloat64).view({1, 2, 2});  // [B, K, N]
  const auto targets = at::eye(2, torch::kFloat64);
  EXPECT_EQ(accuracy(outputs, targets).item<double>(), 0.0);
  EXPECT_EQ(accuracy(outputs.flip({1}), targets).item<double>(), 1.0);
  const auto sign = at::tensor({-1.0, 1.0, 1.0}, torch::kFloat64).view({1, 3});
  const auto one = at::tensor({-3.0, 2.0, -1.0}, torch::kFloat64).view({1, 1, 3});
  EXPECT_NEAR(accuracy(one, sign).item<double>(), 2.0 / 3, 1e-15);
}

}  // namespace
}  // namespace basin
