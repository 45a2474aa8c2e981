#include "model/gaussian_population.h"

#include <gtest/gtest.h>

#include "minima/judge.h"
#include "support/networks.h"

namespace basin {
namespace {

using testing::largest;

GaussianPopulation population(int64_t units, int64_t inputs) {
  return {make_population_network({.depth = 1, .width = units}, inputs),
          testing::normal({16, inputs}, 1)};
}

TEST(GaussianPopulation, IsTheMeanOverManySamples) {
  const auto objective = population(3, 2);
  const auto theta = testing::normal({1, 6}, 2);
  const auto x = testing::normal({400'000, 2}, 3);
  const auto student = at::mm(x, theta.view({3, 2}).t()).clamp_min(0).sum(1);
  const auto square = (student - x.clamp_min(0).sum(1)).square() / 2;
  const double mean = square.mean().item<double>();
  const double deviation = square.std().item<double>() / std::sqrt(400'000.0);
  EXPECT_NEAR(objective.value(theta).item<double>(), mean, 5 * deviation);
}

TEST(GaussianPopulation, IsZeroAtTheTeacher) {
  const auto objective = population(4, 4);
  const auto identity = at::eye(4, torch::kFloat64).reshape({1, 16});
  const auto at_teacher = objective.value_and_gradient(identity);
  EXPECT_NEAR(at_teacher.value.item<double>(), 0, 1e-14);
  EXPECT_LT(largest(at_teacher.gradient), 1e-14);
}

TEST(GaussianPopulation, HasTheDerivativesOfItsValue) {
  const auto objective = population(4, 3);
  const auto theta = testing::normal({2, 12}, 4);
  const auto v = testing::normal({2, 12}, 5);
  const double h = 1e-5;
  const auto up = objective.value_and_gradient(theta + h * v);
  const auto down = objective.value_and_gradient(theta - h * v);
  const auto slope = (objective.value_and_gradient(theta).gradient * v).sum(1);
  EXPECT_LT(largest((up.value - down.value) / (2 * h) - slope), 1e-8);
  const auto bent = objective.hessian_times(theta, v);
  EXPECT_LT(largest((up.gradient - down.gradient) / (2 * h) - bent), 1e-7);
}

TEST(GaussianPopulation, GivesTheSameBitsWhateverTheBatch) {
  const auto objective = population(5, 4);
  const auto theta = testing::normal({6, 20}, 6);
  const auto v = testing::normal({6, 20}, 7);
  const auto all = objective.value_and_gradient(theta);
  const auto one = objective.value_and_gradient(theta.narrow(0, 3, 1));
  EXPECT_TRUE(testing::same_bits(all.value.narrow(0, 3, 1), one.value));
  EXPECT_TRUE(testing::same_bits(all.gradient.narrow(0, 3, 1), one.gradient));
  EXPECT_TRUE(testing::same_bits(
      objective.hessian_times(theta, v).narrow(0, 3, 1),
      objective.hessian_times(theta.narrow(0, 3, 1), v.narrow(0, 3, 1).contiguous())));
}

// A student to spare of length 1e-13 in any direction: the loss is 0 on a whole line, a
// student split in two, though the Hessian right there is positive.
TEST(GaussianPopulation, CertifiesNoStrictMinimumNextToAStudentOfNoLength) {
  const auto objective = population(5, 4);
  auto spare = testing::normal({1, 4}, 9);
  spare = 1e-13 * spare / spare.norm();
  const auto theta = at::cat({at::eye(4, torch::kFloat64), spare}).reshape({20});
  EXPECT_NEAR(objective.smooth_radius(theta), 1e-13, 1e-25);
  const auto layout = make_population_network({.depth = 1, .width = 5}, 4).layout;
  const auto curvature = at::linalg_eigvalsh(objective.hessian(theta.unsqueeze(0))[0]);
  EXPECT_GT(curvature[0].item<double>(), 1e-6);  // a Hessian alone is fooled
  const auto e =
      judge({.objective = objective, .layout = layout, .lower_bound = 0}, theta, {});
  EXPECT_EQ(e.verdict, Verdict::kDegenerateMinimum) << e.reason;
  EXPECT_EQ(e.certificate, Certificate::kLowerBound);
  const auto split =
      at::cat({at::eye(4, torch::kFloat64), at::zeros({1, 4}, torch::kFloat64)});
  for (const double t : {0.1, 0.5}) {
    auto moved = split.clone();
    moved[4] = t * split[1];
    moved[1] = (1 - t) * split[1];
    EXPECT_NEAR(objective.value(moved.reshape({1, 20})).item<double>(), 0, 1e-14);
  }
}

}  // namespace
}  // namespace basin
