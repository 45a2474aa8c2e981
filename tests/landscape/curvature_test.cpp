#include "landscape/curvature.h"

#include <gtest/gtest.h>

#include "minima/balance.h"
#include "support/networks.h"

namespace basin {
namespace {

using testing::largest;
using testing::network_for;
using testing::normal;
using testing::objective_for;
using testing::random_data;

/// L = offset + ½ Σ h_i θ_i² + c Σ θ_i³: its quadratic model is known.
class Cubic final : public SampledObjective {
 public:
  Cubic(torch::Tensor h, double c, double offset = 1)
      : h_(std::move(h)), c_(c), offset_(offset) {}
  int64_t dimension() const override { return h_.size(0); }
  Smoothness smoothness() const override { return Smoothness::kSmooth; }
  int64_t samples() const override { return 1; }
  torch::Tensor value(const torch::Tensor& t) const override {
    return offset_ + (0.5 * h_ * t * t + c_ * t * t * t).sum(1);
  }
  ValueAndGradient value_and_gradient(const torch::Tensor& t) const override {
    return {value(t), h_ * t + 3 * c_ * t * t};
  }
  torch::Tensor hessian_times(const torch::Tensor& t,
                              const torch::Tensor& v) const override {
    return (h_ + 6 * c_ * t) * v;
  }
  ValueAndGradient value_and_gradient_on(const torch::Tensor& t,
                                         const torch::Tensor&) const override {
    return value_and_gradient(t);
  }
  torch::Tensor outputs(const torch::Tensor& t) const override {
    return t.unsqueeze(1);
  }
  torch::Tensor accuracy(const torch::Tensor& t) const override {
    return at::zeros({t.size(0)});
  }

 private:
  torch::Tensor h_;
  double c_, offset_;
};

// At zero the misfit is c |t|³ and the rise ½ h t²: they meet at error · h / (2 c).
TEST(QuadraticModel, HoldsAsFarAsTheThirdOrderAllows) {
  const Cubic cubic(at::tensor({2.0, 2.0}, torch::kFloat64), 0.5);
  const auto along = at::tensor({3.0, 0.0}, torch::kFloat64).unsqueeze(0);
  for (const double error : {0.01, 0.1, 0.5}) {
    const auto found =
        quadratic_radii(cubic, at::zeros({2}, torch::kFloat64), along, error).at(0);
    EXPECT_EQ(found.end, RadiusEnd::kFound);
    EXPECT_NEAR(found.radius, error * 2.0 / (2 * 0.5), 1e-6 * error);
  }
}

// At θ₀ > 0 the slope is not zero and the bend is h + 6 c θ₀.
TEST(QuadraticModel, LeavesTheSlopeOutOfItsRise) {
  const double h = 2, c = 0.5, at = 3;
  const Cubic cubic(at::tensor({h}, torch::kFloat64), c);
  const auto found = quadratic_radii(cubic,
                                     at::full({1}, at, torch::kFloat64),
                                     at::ones({1, 1}, torch::kFloat64),
                                     0.1)
                         .at(0);
  EXPECT_EQ(found.end, RadiusEnd::kFound);
  EXPECT_NEAR(found.radius, 0.1 * (h + 6 * c * at) / (2 * c), 1e-6);
}

TEST(QuadraticModel, DoesNotSeeAConstantAddedToTheLoss) {
  const auto h = at::tensor({2.0, 1.0}, torch::kFloat64);
  const auto along = normal({4, 2}, 3);
  const auto at_zero = at::zeros({2}, torch::kFloat64);
  const auto plain = quadratic_radii(Cubic(h, 0.5), at_zero, along, 0.1);
  for (const double offset : {-1.0, 1e3, 1e6}) {
    const auto moved = quadratic_radii(Cubic(h, 0.5, offset), at_zero, along, 0.1);
    for (size_t k = 0; k < plain.size(); ++k)
      EXPECT_NEAR(moved[k].radius, plain[k].radius, 1e-4 * plain[k].radius) << offset;
  }
}

TEST(QuadraticModel, ScalesWithTheLossAndWithTheParameters) {
  const auto along = at::ones({1, 1}, torch::kFloat64);
  const auto radius = [&](double h, double c) {
    return quadratic_radii(Cubic(at::full({1}, h, torch::kFloat64), c),
                           at::zeros({1}, torch::kFloat64),
                           along,
                           0.1)
        .at(0)
        .radius;
  };
  EXPECT_NEAR(radius(2e-5, 0.5e-5), radius(2, 0.5), 1e-6);
  EXPECT_NEAR(radius(2.0 / 16, 0.5 / 64), 4 * radius(2, 0.5), 1e-6);
}

TEST(QuadraticModel, HoldsEverywhereForAParabola) {
  const Cubic parabola(at::tensor({2.0, 1.0}, torch::kFloat64), 0);
  const auto theta = at::ones({2}, torch::kFloat64);
  for (const auto& found :
       quadratic_radii(parabola, theta, at::eye(2, torch::kFloat64), 0.1)) {
    EXPECT_EQ(found.end, RadiusEnd::kAtLeast);
    EXPECT_NEAR(found.radius, 10 * std::sqrt(2.0), 1e-12);
  }
}

TEST(QuadraticModel, IsUndefinedWithoutCurvature) {
  const Cubic flat(at::tensor({2.0, 0.0}, torch::kFloat64), 0.5);
  const auto found = quadratic_radii(
      flat, at::zeros({2}, torch::kFloat64), at::eye(2, torch::kFloat64), 0.1);
  EXPECT_EQ(found[0].end, RadiusEnd::kFound);
  EXPECT_EQ(found[1].end, RadiusEnd::kUndefined);
  EXPECT_TRUE(std::isnan(found[1].radius));
}

// The radius, 1e-9, lies where the rise is below the rounding of the loss.
TEST(QuadraticModel, SaysThatARadiusIsBelowWhatRoundingShows) {
  const Cubic steep(at::full({1}, 2.0, torch::kFloat64), 1e8);
  const auto found = quadratic_radii(steep,
                                     at::zeros({1}, torch::kFloat64),
                                     at::ones({1, 1}, torch::kFloat64),
                                     0.1)
                         .at(0);
  EXPECT_EQ(found.end, RadiusEnd::kAtMost);
  EXPECT_GE(found.radius, 1e-9);
}

TEST(GaussNewton, IsTheJacobiansPartOfTheHessian) {
  for (const auto kind : {LossKind::kMse,
                          LossKind::kCrossEntropy,
                          LossKind::kLogistic,
                          LossKind::kHuber,
                          LossKind::kSigmoidCrossEntropy}) {
    const bool classes = kind == LossKind::kCrossEntropy || kind == LossKind::kLogistic;
    const LossOptions loss{.kind = kind, .weight_decay = 1e-2};
    auto data = random_data(9, 3, classes ? 3 : 0, 2);
    if (kind == LossKind::kSigmoidCrossEntropy) data.targets = data.targets.sigmoid();
    const auto objective = objective_for(
        {.depth = 2, .width = 4, .activation = Elementwise::kTanh, .skip = true},
        loss,
        data);
    const auto theta = initial_parameters(objective.network(), 1, 0, 1)[0];
    const auto p = objective.dimension();
    // J by central differences of the outputs, B by differences of the loss of them.
    const double step = 1e-5;
    const auto eye = at::eye(p, torch::kFloat64) * step;
    const auto jacobian =
        ((objective.outputs(theta + eye) - objective.outputs(theta - eye)) / (2 * step))
            .reshape({p, -1});
    const auto f = objective.outputs(theta.unsqueeze(0)).reshape({-1});
    const auto k = objective.outputs(theta.unsqueeze(0)).size(2);
    const auto y = loss_targets(loss, data).t().contiguous();
    const auto loss_of = [&](const torch::Tensor& flat) {
      return mean_loss(loss, flat.view({-1, 9, k}).transpose(1, 2), y);
    };
    const double h = 1e-4;
    const auto n = f.size(0);
    const auto moves = at::eye(n, torch::kFloat64) * h;
    auto bend = at::empty({n, n}, torch::kFloat64);
    for (int64_t i = 0; i < n; ++i)
      bend[i] = (loss_of(f + moves[i] + moves) - loss_of(f + moves[i] - moves) -
                 loss_of(f - moves[i] + moves) + loss_of(f - moves[i] - moves)) /
                (4 * h * h);
    const auto expected = jacobian.mm(bend).mm(jacobian.t());
    const auto found = objective.gauss_newton(theta);
    EXPECT_LT(largest(found - expected), 1e-5 * largest(expected))
        << static_cast<int>(kind);
    const auto v = normal({p}, 4);
    EXPECT_LT(largest(objective.gauss_newton_times(theta, v) - found.mv(v)),
              1e-12 * largest(found.mv(v)));
  }
}

TEST(GaussNewton, AndResidualAddUpToTheHessian) {
  const LossOptions loss{.weight_decay = 1e-2};
  const auto data = random_data(9, 3, 0, 2);
  const auto objective = objective_for(
      {.depth = 3, .width = 4, .activation = Elementwise::kSigmoid}, loss, data);
  const auto network = objective.network();
  const auto theta = initial_parameters(network, 1, 0, 1)[0];
  // The residual part is the Hessian of Σ r · f(θ), r held still: that of the loss with
  // targets y' = f − r·N + ... taken by differences of its own gradient.
  const auto f = objective.outputs(theta.unsqueeze(0))[0];
  auto moved = data;
  const double big = 1e6;
  // ½|f(θ) − y|² with y = f0 − big · r0: its Hessian is G + big · R.
  moved.targets = f - big * (f - data.targets);
  const NetworkObjective other(network, {}, moved);
  const auto g = objective.gauss_newton(theta);
  const auto residual = (other.hessian(theta.unsqueeze(0))[0] - g) / big;
  const auto whole = objective.hessian(theta.unsqueeze(0))[0];
  EXPECT_LT(largest(g + residual + at::diag(objective.decay()) - whole),
            1e-10 * largest(whole));
}

TEST(Balance, LeavesTheFunctionAndShrinksTheNorm) {
  const LossOptions loss{};
  const auto data = random_data(20, 3, 0);
  for (const bool skip : {false, true}) {
    const auto objective =
        objective_for({.depth = 3, .width = 5, .skip = skip}, loss, data);
    const auto& layout = objective.network().layout;
    ASSERT_TRUE(can_balance(layout));
    const auto theta = initial_parameters(objective.network(), 3, 0, 1)[0] * 1.3 + 0.05;
    const auto even = balanced(layout, theta);
    const auto f = objective.outputs(at::stack({theta, even}));
    EXPECT_LT(largest(f[0] - f[1]), 1e-10 * largest(f[0]));
    EXPECT_LT(even.norm().item<double>(), theta.norm().item<double>());
    EXPECT_LT(largest(balanced(layout, even) - even), 1e-9);
  }
  EXPECT_FALSE(can_balance(
      network_for({.depth = 1, .activation = Elementwise::kTanh}, loss, data).layout));
}

TEST(Sharpness, IsThatOfAKnownParabolaAndNeverNegative) {
  // max over |d_i| <= ε: ½ Σ h ε² (1 + 0)² at zero, where |θ_i| + 1 = 1.
  const Cubic parabola(at::tensor({2.0, 4.0}, torch::kFloat64), 0);
  ParameterLayout layout{
      .layers = {{.name = "layer0", .rows = 1, .columns = 2, .weight = 0}},
      .groups = {},
      .dimension = 2};
  const auto zero = sharpness(
      parabola, layout, at::zeros({2}, torch::kFloat64), {.box_radius = 0.01});
  EXPECT_NEAR(zero.box, 100 * 0.5 * 6 * 1e-4 / 2, 1e-9);
  EXPECT_EQ(zero.filter, 0);
  // One filter of norm r = √2: the largest rise of 1 + θ0² + 2 θ1² within 0.05 r.
  const auto ones = sharpness(parabola,
                              layout,
                              at::ones({2}, torch::kFloat64),
                              {.filter_radius = 0.05, .steps = 200});
  double most = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double a = i * 6.283185307179586e-5, r = 0.05 * std::sqrt(2.0);
    const double x = 1 + r * std::cos(a), y = 1 + r * std::sin(a);
    most = std::max(most, x * x + 2 * y * y - 3);
  }
  EXPECT_NEAR(ones.filter, 100 * most / 5, 1e-3);
  EXPECT_LE(ones.filter, 100 * most / 5 + 1e-6);
}

TEST(PointCurvature, AgreesWithTheDenseHessianAndItsBatchesAverage) {
  const LossOptions loss{.weight_decay = 1e-2};
  const auto data = random_data(12, 2, 0);
  const auto network = network_for(
      {.depth = 1, .width = 4, .activation = Elementwise::kTanh}, loss, data);
  const NetworkObjective objective(network, loss, data);
  const auto theta = initial_parameters(network, 1, 0, 1)[0];
  std::vector<std::unique_ptr<SampledObjective>> batches;
  batches.push_back(std::make_unique<NetworkObjective>(
      network, loss, select_samples(data, at::arange(0, 6, torch::kInt64))));
  batches.push_back(std::make_unique<NetworkObjective>(
      network, loss, select_samples(data, at::arange(6, 12, torch::kInt64))));
  const auto found = measure_point(objective, network.layout, theta, batches, {}, 1);
  const auto h = objective.hessian(theta.unsqueeze(0))[0];
  EXPECT_TRUE(found.complete);
  EXPECT_NEAR(found.trace, h.diagonal().sum().item<double>(), 1e-12);
  EXPECT_NEAR(found.largest[0].value, at::linalg_eigvalsh(h)[-1].item<double>(), 1e-12);
  double traces = 0;
  for (const auto& l : found.layers) traces += l.trace;
  EXPECT_NEAR(traces, found.trace, 1e-12);
  ASSERT_EQ(found.batches.size(), 2u);
  EXPECT_NEAR(0.5 * (found.batches[0].loss + found.batches[1].loss), found.loss, 1e-12);
  // The halves' Hessians average to H, so their changes are equal.
  EXPECT_NEAR(found.batches[0].hessian_change, found.batches[1].hessian_change, 1e-12);
  EXPECT_GT(found.batches[0].hessian_change, 0.01);
  EXPECT_EQ(found.radii.random.size(), 20u);
}

}  // namespace
}  // namespace basin
