#include "curvature/lanczos.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "curvature/hessian.h"
#include "support/networks.h"
#include "support/problems.h"

namespace basin {
namespace {

using testing::vector;

torch::Tensor random_symmetric(int64_t size) {
  const auto a = testing::normal({size, size}, size);
  return a + a.t();
}

SymmetricOperator multiply_by(const torch::Tensor& a) {
  return [a](const torch::Tensor& v) { return a.mv(v); };
}

double largest_entry(const torch::Tensor& a) { return a.abs().max().item<double>(); }

TEST(Lanczos, RecoversTheWholeSpectrumWhenTheBasisIsComplete) {
  const auto a = random_symmetric(12);
  const auto pairs = ritz_pairs(lanczos(multiply_by(a), a[0]));
  const auto expected = at::linalg_eigvalsh(a);
  EXPECT_LT(largest_entry(pairs.values - expected), 1e-12 * largest_entry(expected));
}

TEST(Lanczos, KeepsItsBasisOrthonormalWhenTheSpectrumIsWide) {
  const auto a = at::diag(at::logspace(0, 12, 200, 10.0, torch::kFloat64));
  const auto q = lanczos(multiply_by(a), at::ones({200}, torch::kFloat64)).basis;
  EXPECT_EQ(q.size(0), LanczosOptions{}.max_steps);
  EXPECT_LT(largest_entry(q.mm(q.t()) - at::eye(q.size(0), torch::kFloat64)), 1e-13);
}

TEST(Lanczos, ReportsTheResidualItsPairsReallyHave) {
  const auto a = random_symmetric(60);
  const auto pairs = ritz_pairs(lanczos(multiply_by(a), a[0], {.max_steps = 20}));
  const auto y = pairs.vectors;
  const auto actual = (y.mm(a) - pairs.values.unsqueeze(1) * y).norm(2, /*dim=*/1);
  EXPECT_LT(largest_entry(actual - pairs.residuals), 1e-11);
}

TEST(Lanczos, StopsEarlyOnAnInvariantSpace) {
  const auto a = at::diag(vector({3, 3, 3, 7}));
  const auto t = lanczos(multiply_by(a), vector({1, 0, 0, 1}));
  EXPECT_EQ(t.diagonal.size(0), 2);
  EXPECT_EQ(t.residual, 0.0);
}

TEST(Lanczos, FindsTheDescentDirectionOfASaddle) {
  const testing::DoubleWell well;
  const auto saddle = vector({0, 0});
  const auto hessian = hessian_operator(well, saddle);
  const auto pairs = ritz_pairs(lanczos(hessian, vector({1, 1})));
  EXPECT_NEAR(pairs.values[0].item<double>(), -4.0, 1e-12);
  EXPECT_NEAR(pairs.vectors[0][0].abs().item<double>(), 1.0, 1e-12);
}

TEST(HessianSpectrum, AgreesBetweenDenseAndLanczos) {
  const auto objective =
      testing::objective_for({.depth = 1, .width = 6, .activation = Elementwise::kTanh},
                             {.weight_decay = 0.1},
                             testing::random_data(20, 3, 0));
  const auto theta = initial_parameters(objective.network(), 2, 0, 1)[0];
  const auto dense = hessian_spectrum(objective, theta, {.dense_limit = 100});
  const auto ritz =
      hessian_spectrum(objective, theta, {.dense_limit = 0, .lanczos_steps = 31});
  EXPECT_TRUE(dense.complete);
  EXPECT_FALSE(ritz.complete);
  EXPECT_NEAR(dense.min(), ritz.min(), 1e-10 * dense.max());
  EXPECT_NEAR(dense.max(), ritz.max(), 1e-10 * dense.max());
}

TEST(Lanczos, RefusesAStartVectorOfZeros) {
  const auto product = [](const torch::Tensor&) -> torch::Tensor {
    throw std::logic_error("no product may be taken");
  };
  EXPECT_THROW(lanczos(product, vector({0, 0, 0})), NumericError);
}

}  // namespace
}  // namespace basin
