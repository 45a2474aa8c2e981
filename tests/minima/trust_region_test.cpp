#include "minima/trust_region.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "curvature/hessian.h"
#include "minima/newton.h"
#include "support/networks.h"
#include "support/problems.h"

namespace basin {
namespace {

using testing::largest;
using testing::normal;
using testing::vector;
using torch::Tensor;

// The step, and the conditions that make it the global minimiser of the model over the
// ball (Moré and Sorensen 1983, theorem 2.1): (H + μ) p = −g, H + μ positive
// semidefinite, μ >= 0, and μ (Δ − ‖p‖) = 0.
void expect_optimal(const Tensor& h, const Tensor& g, double radius) {
  const auto [values, vectors] = at::linalg_eigh(h);
  const auto quiet = at::zeros_like(values).to(torch::kBool);
  const auto trust = exact_trust_step(values, vectors, g, quiet, radius);
  const auto& p = trust.step;
  const double length = p.norm().item<double>();
  EXPECT_LE(length, radius * (1 + 1e-9));
  const auto rest = h.mv(p) + g;
  const double mu = -rest.dot(p).item<double>() / p.dot(p).item<double>();
  EXPECT_LT((rest + mu * p).norm().item<double>(),
            1e-7 * (1 + g.norm().item<double>()));
  EXPECT_GE(mu, -1e-9);
  EXPECT_GE(values[0].item<double>() + mu, -1e-7);
  if (mu > 1e-9) {
    EXPECT_NEAR(length, radius, 1e-7 * radius);
  }
  const double model = (g.dot(p) + 0.5 * p.dot(h.mv(p))).item<double>();
  EXPECT_NEAR(trust.predicted, -model, 1e-9 * (1 + std::abs(model)));
}

TEST(TrustRegion, SolvesRandomModelsExactly) {
  for (uint64_t i = 0; i < 30; ++i) {
    auto h = normal({6, 6}, 100 + i);
    h = h + h.t();
    if (i % 3 == 0) h = h.mm(h);  // positive definite
    const auto g = normal({6}, 200 + i);
    for (const double radius : {1e-3, 0.3, 10.0}) expect_optimal(h, g, radius);
  }
}

TEST(TrustRegion, SolvesTheHardCase) {
  // g has no part along the least eigenvector: the step must get one all the same.
  const auto h = at::diag(vector({-2, 1, 3}));
  for (const double radius : {0.5, 2.0, 7.0})
    expect_optimal(h, vector({0, 1, 1}), radius);
  const auto [values, vectors] = at::linalg_eigh(h);
  const auto step = exact_trust_step(
      values, vectors, vector({0, 1, 1}), at::zeros({3}, torch::kBool), 7.0);
  EXPECT_TRUE(step.hard_case);
  EXPECT_GT(std::abs(step.step[0].item<double>()), 1.0);
}

TEST(TrustRegion, ConjugateGradientsAgreeWhereTheModelIsConvexAndWide) {
  auto h = normal({8, 8}, 1);
  h = h.mm(h.t()) + at::eye(8, torch::kFloat64);
  const auto g = normal({8}, 2);
  const auto step =
      steihaug_trust_step([&](const Tensor& v) { return h.mv(v); }, g, 1e6, 1e-13, 100);
  EXPECT_LT(largest(h.mv(step.step) + g), 1e-10);
  EXPECT_FALSE(step.on_boundary);
}

TEST(TrustRegion, ConjugateGradientsFollowNegativeCurvatureToTheBoundary) {
  const auto h = at::diag(vector({-1, 2}));
  const auto step = steihaug_trust_step(
      [&](const Tensor& v) { return h.mv(v); }, vector({1, 1}), 3.0, 1e-10, 50);
  EXPECT_TRUE(step.on_boundary);
  EXPECT_NEAR(step.step.norm().item<double>(), 3.0, 1e-9);
  EXPECT_GT(step.predicted, 0);
}

TEST(Newton, ConvergesOnRosenbrock) {
  const auto found = minimize_newton(testing::Rosenbrock(), vector({-1.2, 1}), {});
  EXPECT_LT(largest(found.theta - vector({1, 1})), 1e-10);
  EXPECT_LT(found.iterations, 40);
}

TEST(Newton, ConvergesWithoutAHessian) {
  const auto found = minimize_newton(testing::Rosenbrock(),
                                     vector({-1.2, 1}),
                                     {.gradient_tolerance = 1e-9, .exact_limit = 0});
  EXPECT_LT(largest(found.theta - vector({1, 1})), 1e-7);
}

TEST(Newton, ReachesTheNoiseFloorOfANetwork) {
  const auto objective = testing::objective_for({.depth = 1,
                                                 .width = 3,
                                                 .activation = Elementwise::kTanh,
                                                 .init = Initializer::kNormal},
                                                {.weight_decay = 1e-3},
                                                testing::random_data(60, 2, 0));
  const auto start = initial_parameters(objective.network(), 1, 0, 6);
  for (int64_t i = 0; i < 6; ++i) {
    const auto found = minimize_newton(objective, start[i], {});
    EXPECT_LE(found.gradient_norm,
              std::max(1e-12, gradient_floor(objective, found.theta)));
    EXPECT_GT(hessian_spectrum(objective, found.theta, {}).min(), 0);
  }
}

TEST(Newton, DoesNotStopAtASmallGradientFarAway) {
  // L = 1e-13 (x − 1)²: ‖g‖ is below the tolerance everywhere near.
  const testing::Quadratic bowl(at::diag(vector({2e-13})), vector({2e-13}));
  EXPECT_NEAR(
      minimize_newton(bowl, vector({3}), {}).theta[0].item<double>(), 1.0, 1e-6);
}

}  // namespace
}  // namespace basin
