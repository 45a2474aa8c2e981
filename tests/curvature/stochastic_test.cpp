#include "curvature/stochastic.h"

#include <gtest/gtest.h>

#include "curvature/hessian.h"
#include "curvature/symmetric_eigen.h"
#include "landscape/curvature.h"
#include "support/networks.h"

namespace basin {
namespace {

using testing::largest;
using testing::network_for;
using testing::normal;
using testing::random_data;

SymmetricOperator as_operator(const torch::Tensor& a) {
  return [a](const torch::Tensor& v) { return a.mv(v); };
}

torch::Tensor random_symmetric(int64_t n) {
  const auto a = normal({n, n}, 3);
  return a + a.t();
}

TEST(Trace, LiesWithinThreeStandardErrorsNearlyAlways) {
  const auto a = random_symmetric(60);
  const double exact = a.diagonal().sum().item<double>();
  int inside = 0;
  for (uint64_t run = 0; run < 100; ++run) {
    const auto t = hutchinson_trace(as_operator(a), 60, 40, 7, 1000 * run);
    inside += std::abs(t.value - exact) <= 3 * t.standard_error;
  }
  EXPECT_GE(inside, 95);
}

TEST(Trace, IsExactForADiagonalMatrix) {
  const auto d = normal({30}, 1);
  const auto t = hutchinson_trace(as_operator(at::diag(d)), 30, 5, 1);
  EXPECT_NEAR(t.value, d.sum().item<double>(), 1e-12);
  EXPECT_NEAR(t.standard_error, 0, 1e-7);
}

TEST(SpectralDensity, HasTheMomentsOfItsProbes) {
  const auto a = random_symmetric(50);
  // The moments zᵀ Aᵏ z of each probe are exact for k < 2 · steps.
  const auto density = spectral_density(as_operator(a), 50, 7, 4, 3);
  EXPECT_NEAR(density.weights.sum().item<double>(), 1, 1e-12);
  auto power = at::eye(50, torch::kFloat64);
  for (int k = 1; k < 8; ++k) {
    power = power.mm(a);
    const double expected = hutchinson_trace(as_operator(power), 50, 7, 3).value / 50;
    const double found = (density.weights * density.nodes.pow(k)).sum().item<double>();
    const double scale =
        (density.weights * density.nodes.abs().pow(k)).sum().item<double>();
    EXPECT_NEAR(found, expected, 1e-11 * scale) << k;
  }
}

TEST(SpectralDensity, SharesOutTheEigenvaluesOfANetworkOfTwoThousandParameters) {
  const LossOptions loss{.kind = LossKind::kCrossEntropy, .weight_decay = 1e-2};
  const auto data = random_data(60, 10, 4);
  const auto network = network_for(
      {.depth = 2, .width = 36, .activation = Elementwise::kTanh}, loss, data);
  ASSERT_GT(network.layout.dimension, 1500);
  ASSERT_LT(network.layout.dimension, 2001);
  const NetworkObjective objective(network, loss, data);
  const auto theta = initial_parameters(network, 1, 0, 1)[0];
  const auto values = symmetric_eigenvalues(dense_hessian(objective, theta));
  const auto apply = hessian_operator(objective, theta);
  const auto found =
      measure_point(objective,
                    network.layout,
                    theta,
                    {},
                    {.dense_limit = 0, .lanczos_steps = 150, .directions = 0},
                    1);
  ASSERT_EQ(found.largest.size(), 5u);
  for (int64_t k = 0; k < 5; ++k) {
    const auto& top = found.largest[static_cast<size_t>(k)];
    const auto& low = found.least[static_cast<size_t>(k)];
    EXPECT_NEAR(top.value, values[-1 - k].item<double>(), 1e-7 + top.residual) << k;
    EXPECT_NEAR(low.value, values[k].item<double>(), 1e-7 + low.residual) << k;
    EXPECT_LT(top.residual, 1e-4);
  }
  // Smoothed over a fiftieth of the range, the densities agree.
  const double range = (values[-1] - values[0]).item<double>();
  const SpectralDensity exact{values, at::full_like(values, 1.0 / values.size(0))};
  const auto density = spectral_density(apply, theta.size(0), 10, 80, 5);
  const auto points = at::linspace(
      values[0].item<double>(), values[-1].item<double>(), 200, torch::kFloat64);
  const auto expected = smoothed(exact, points, 0.02 * range);
  EXPECT_LT(largest(smoothed(density, points, 0.02 * range) - expected),
            0.02 * largest(expected));
  EXPECT_NEAR(found.sampled_trace.value,
              values.sum().item<double>(),
              4 * found.sampled_trace.standard_error);
}

}  // namespace
}  // namespace basin
