#include "minima/identify.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "data/synthetic.h"
#include "minima/count.h"
#include "minima/newton.h"
#include "support/networks.h"
#include "support/problems.h"
#include "train/ensemble.h"

namespace basin {
namespace {

using testing::network_for;
using testing::objective_for;
using testing::random_data;

struct Run {
  std::vector<Endpoint> endpoints;
  std::vector<Minimum> minima;
};

Run run(const ModelOptions& model,
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
                                   {.learning_rate = 0.05, .steps = 300});
  Run out;
  out.endpoints = polish_and_judge(
      problem, trained.theta, 0, std::vector<bool>(static_cast<size_t>(seeds)), {});
  out.minima = identify(problem, out.endpoints, {});
  return out;
}

std::vector<double> losses(const Run& run) {
  std::vector<double> out;
  for (const auto& m : run.minima) out.push_back(m.endpoint.loss);
  return out;
}

// Numbers of methods.md, section 9.
Run xor_run(XorEncoding encoding, double decay) {
  const auto data = synthetic_data(
      {.source = DataSource::kXor, .samples = 4, .encoding = encoding}, 1);
  return run({.depth = 1,
              .width = 2,
              .activation = Elementwise::kTanh,
              .init = Initializer::kNormal},
             {.weight_decay = decay},
             data,
             200);
}

void expect_losses(const Run& run, const std::vector<double>& expected) {
  ASSERT_EQ(losses(run).size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(losses(run)[i], expected[i], 5e-9);
    EXPECT_EQ(run.minima[i].endpoint.verdict, Verdict::kStrictMinimum);
  }
}

TEST(Identify, FindsTheSixMinimaOfXorWithPlusMinusInputs) {
  const auto found = xor_run(XorEncoding::kPlusMinus, 1e-2);
  expect_losses(found,
                {.06043645, .06043645, .31027765, .31027765, .31027765, .31027765});
}

TEST(Identify, FindsTheThreeMinimaOfXorWithZeroOneInputs) {
  expect_losses(xor_run(XorEncoding::kZeroOne, 1e-2),
                {.05816933, .06124287, .12623762});
}

TEST(Identify, FindsTheTwoMinimaOfXorWithLittleDecay) {
  expect_losses(xor_run(XorEncoding::kZeroOne, 1e-3), {.00638678, .00663279});
}

TEST(Identify, FindsTheOneMinimumOfXorWithMuchDecay) {
  expect_losses(xor_run(XorEncoding::kZeroOne, 1e-1), {3.0 / 22});
}

TEST(Identify, FindsOneMinimumOfAOneLayerModel) {
  for (const auto kind :
       {LossKind::kMse, LossKind::kLogistic, LossKind::kCrossEntropy}) {
    const auto found = run({.depth = 0, .init = Initializer::kNormal},
                           {.kind = kind, .weight_decay = 1e-2},
                           random_data(40, 3, 2),
                           10);
    ASSERT_EQ(found.minima.size(), 1u);
    EXPECT_EQ(found.minima[0].seeds.size(), 10u);
    EXPECT_TRUE(is_certified(found.minima[0].endpoint));
  }
}

// Decay leaves a deep sigmoid network the constant function: its first layers are
// rounding, in which no units must be found equal or different.
TEST(Identify, TakesOneConstantNetworkForOneMinimum) {
  const auto data = synthetic_data({.source = DataSource::kSine, .samples = 30}, 1);
  const auto found = run({.depth = 5,
                          .width = 3,
                          .activation = Elementwise::kSigmoid,
                          .init = Initializer::kGlorotNormal},
                         {.weight_decay = 1e-2},
                         data,
                         60);
  ASSERT_EQ(found.minima.size(), 1u);
  EXPECT_EQ(found.minima[0].endpoint.verdict, Verdict::kStrictMinimum);
  EXPECT_GE(found.minima[0].seeds.size(), 50u);
}

TEST(Identify, ExplainsTheZeroModesOfALogitShift) {
  const auto found = run({.depth = 0, .init = Initializer::kNormal},
                         {.kind = LossKind::kCrossEntropy},
                         random_data(40, 2, 3),
                         4);
  ASSERT_EQ(found.minima.size(), 1u);
  EXPECT_EQ(found.minima[0].endpoint.verdict, Verdict::kMinimumModuloSymmetry);
  EXPECT_EQ(found.minima[0].endpoint.nullity, 3);
}

TEST(Identify, TakesDeepLinearEndpointsForOneMinimumUpToMixing) {
  const auto found = run({.depth = 1, .width = 3, .activation = Elementwise::kIdentity},
                         {},
                         random_data(30, 3, 0, 3),
                         6);
  ASSERT_EQ(found.minima.size(), 1u);
  EXPECT_EQ(found.minima[0].endpoint.verdict, Verdict::kMinimumModuloSymmetry)
      << found.minima[0].endpoint.reason;
  EXPECT_EQ(found.minima[0].endpoint.nullity, 9 + 3);  // mixing, bias shifts
}

TEST(Identify, KnowsALinearNetworkByItsLayersNotByItsSize) {
  // 3-1-2 has 8 parameters, and so has the one affine map that it is.
  const auto found = run({.depth = 1, .width = 1, .activation = Elementwise::kIdentity},
                         {},
                         random_data(30, 3, 0, 2),
                         6);
  EXPECT_EQ(found.minima.size(), 1u);
}

TEST(Identify, FollowsZeroModesToInfinityButNotAcrossAPlateau) {
  // Logistic regression without decay: the first weight separates its sample and wants
  // to grow for ever; the second has contradictory samples and a minimum at 0.
  Dataset data{.name = "half separable"};
  data.inputs =
      at::tensor({1.0, 0.0, 0.0, 1.0, 0.0, 1.0}, torch::kFloat64).view({3, 2});
  data.labels = at::tensor({1, 0, 1}, torch::kInt64);
  data.classes = {"a", "b"};
  encode_classes(data, false);
  const auto logistic = objective_for(
      {.depth = 0, .output_bias = false}, {.kind = LossKind::kLogistic}, data);
  const auto far = judge({.objective = logistic, .layout = logistic.network().layout},
                         testing::vector({25.0, 0.0}),
                         {});
  EXPECT_LE(far.gradient_norm, 1e-10);
  EXPECT_EQ(far.nullity, 1);  // one Newton step on, the curvature is another
  EXPECT_EQ(far.verdict, Verdict::kEscaping) << far.reason;
  // A dead ReLU unit lies on a plateau: nothing falls.
  const auto flat = objective_for(
      {.depth = 1, .width = 1, .output_bias = false}, {}, random_data(4, 1, 0));
  const auto dead = judge({.objective = flat, .layout = flat.network().layout},
                          testing::vector({0.1, -50.0, 1.0}),
                          {});
  EXPECT_EQ(dead.verdict, Verdict::kDegenerateMinimum) << dead.reason;
  EXPECT_EQ(dead.certificate, Certificate::kConstant) << dead.reason;
}

TEST(Identify, KnowsTheRotationsOfLinearLayersWithSkipConnections) {
  const auto found =
      run({.depth = 2, .width = 3, .activation = Elementwise::kIdentity, .skip = true},
          {.weight_decay = 1e-2},
          random_data(30, 3, 0, 3),
          6);
  ASSERT_EQ(found.minima.size(), 1u);
  EXPECT_EQ(found.minima[0].endpoint.verdict, Verdict::kMinimumModuloSymmetry);
  EXPECT_EQ(found.minima[0].endpoint.nullity, 3);
}

TEST(Identify, CallsSeparableDataWithoutDecayEscaping) {
  Dataset data{.name = "separable"};
  data.inputs = at::tensor({-2.0, -1.0, 1.0, 2.0}, torch::kFloat64).view({4, 1});
  data.labels = at::tensor({0, 0, 1, 1}, torch::kInt64);
  data.classes = {"a", "b"};
  encode_classes(data, false);
  const auto objective =
      objective_for({.depth = 0}, {.kind = LossKind::kLogistic}, data);
  const MinimaProblem problem{.objective = objective,
                              .layout = objective.network().layout};
  const auto end = polish_and_judge(problem,
                                    at::ones({1, 2}, torch::kFloat64),
                                    0,
                                    {false},
                                    {.polish_iterations = 20, .newton_limit = 0});
  EXPECT_EQ(end[0].verdict, Verdict::kEscaping) << end[0].reason;
  EXPECT_FALSE(end[0].reason.empty());
}

TEST(Identify, IsNotFooledByAGradientThatFadesOnTheWayToInfinity) {
  // Separable data, no decay: there is no minimum, yet ‖g‖ falls below any tolerance.
  Dataset data{.name = "separable"};
  data.inputs = at::tensor({-2.0, -1.0, 1.0, 2.0}, torch::kFloat64).view({4, 1});
  data.labels = at::tensor({0, 0, 1, 1}, torch::kInt64);
  data.classes = {"a", "b"};
  encode_classes(data, false);
  for (const auto kind : {LossKind::kLogistic, LossKind::kCrossEntropy}) {
    const auto found = run({.depth = 0}, {.kind = kind}, data, 4);
    EXPECT_TRUE(found.minima.empty() || !is_certified(found.minima[0].endpoint));
    for (const auto& end : found.endpoints) {
      EXPECT_LE(end.gradient_norm, 1e-9);
      EXPECT_EQ(end.verdict, Verdict::kEscaping) << end.reason;
    }
  }
}

TEST(Newton, LeavesASaddleAndFindsAWell) {
  const testing::DoubleWell well;
  const auto found = minimize_newton(well, testing::vector({0, 0}), {});
  EXPECT_EQ(found.escapes, 1);
  EXPECT_NEAR(std::abs(found.theta[0].item<double>()), 1.0, 1e-12);
  EXPECT_LT(found.gradient_norm, 1e-10);
}

TEST(Newton, SolvesAQuadraticInOneStep) {
  const auto a = at::diag(testing::vector({1, 10, 100}));
  const testing::Quadratic bowl(a, testing::vector({1, 1, 1}));
  const auto found = minimize_newton(bowl, testing::vector({5, 5, 5}), {});
  EXPECT_EQ(found.iterations, 1);
  EXPECT_LT(testing::largest(found.theta - testing::vector({1, .1, .01})), 1e-12);
}

TEST(Identify, KnowsAPointWhoseUnitsAreDuplicatesButForRounding) {
  // Two equal units, as decay splits one; found twice, once with an error of 5e-8.
  const auto data = random_data(12, 2, 0);
  const auto objective =
      objective_for({.depth = 1, .width = 2, .activation = Elementwise::kTanh},
                    {.weight_decay = 1e-2},
                    data);
  const MinimaProblem problem{
      .objective = objective, .layout = objective.network().layout, .decay = 1e-2};
  // w, w, b, b, v, v, c
  const auto exact = testing::vector({0.5, -0.3, 0.5, -0.3, 0.2, 0.2, 0.7, 0.7, 0.1});
  auto rough = exact.clone();
  rough[0] += 5e-8;
  rough[2] -= 5e-8;
  std::vector<Endpoint> ends;
  for (const auto& theta : {exact, rough}) {
    Endpoint e{.seed = static_cast<int64_t>(ends.size()),
               .verdict = Verdict::kStrictMinimum,
               .certificate = Certificate::kHessian,
               .theta = theta};
    e.loss = objective.value(exact.unsqueeze(0)).item<double>();
    ends.push_back(e);
  }
  EXPECT_EQ(identify(problem, ends, {}).size(), 1u);
}

TEST(Identify, NumbersEqualLossesByTheFirstSeedWhateverTheirRounding) {
  const auto objective =
      objective_for({.depth = 1, .width = 1, .activation = Elementwise::kTanh},
                    {},
                    random_data(5, 1, 0));
  const MinimaProblem problem{.objective = objective,
                              .layout = objective.network().layout};
  const auto start = initial_parameters(objective.network(), 1, 0, 3);
  for (const double rounding : {1e-15, -1e-15}) {
    std::vector<Endpoint> ends;
    for (int64_t seed = 0; seed < 3; ++seed) {
      ends.push_back({.seed = seed,
                      .verdict = Verdict::kStrictMinimum,
                      .certificate = Certificate::kHessian,
                      .theta = start[seed].clone(),
                      .loss = 0.5 + static_cast<double>(seed) * rounding,
                      .gradient_norm = 0});
    }
    const auto minima = identify(problem, ends, {});
    ASSERT_EQ(minima.size(), 3u);
    for (int64_t m = 0; m < 3; ++m)
      EXPECT_EQ(minima[static_cast<size_t>(m)].endpoint.seed, m);
  }
}

TEST(Judge, CertifiesNothingWhereSmoothnessIsUnknown) {
  const auto loss =
      objective_for({.depth = 0}, {.weight_decay = 0.1}, random_data(9, 1, 0));
  class Unknown final : public SampledObjective {
   public:
    explicit Unknown(const SampledObjective& loss) : loss_(loss) {}
    int64_t dimension() const override { return loss_.dimension(); }
    int64_t samples() const override { return loss_.samples(); }
    Smoothness smoothness() const override { return Smoothness::kUnknown; }
    torch::Tensor value(const torch::Tensor& t) const override {
      return loss_.value(t);
    }
    ValueAndGradient value_and_gradient(const torch::Tensor& t) const override {
      return loss_.value_and_gradient(t);
    }
    torch::Tensor hessian_times(const torch::Tensor& t,
                                const torch::Tensor& v) const override {
      return loss_.hessian_times(t, v);
    }
    ValueAndGradient value_and_gradient_on(const torch::Tensor& t,
                                           const torch::Tensor& i) const override {
      return loss_.value_and_gradient_on(t, i);
    }
    torch::Tensor outputs(const torch::Tensor& t) const override {
      return loss_.outputs(t);
    }
    torch::Tensor accuracy(const torch::Tensor& t) const override {
      return loss_.accuracy(t);
    }

   private:
    const SampledObjective& loss_;
  };
  const Unknown unknown(loss);
  const auto layout = loss.network().layout;
  const auto theta = minimize_newton(loss, at::zeros({2}, torch::kFloat64), {}).theta;
  EXPECT_TRUE(is_certified(judge({.objective = loss, .layout = layout}, theta, {})));
  const auto e = judge({.objective = unknown, .layout = layout}, theta, {});
  EXPECT_EQ(e.verdict, Verdict::kUndecided);
  EXPECT_FALSE(is_certified(e));
}

}  // namespace
}  // namespace basin
