// Composite Newton on two parameters, where answers are known.

#include "minima/composite_newton.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "minima/fall_on_kinks.h"
#include "support/networks.h"
#include "support/problems.h"

namespace basin {
namespace {

using testing::largest;
using testing::vector;
using torch::Tensor;

struct Shape {
  double bend = 0;    // of the kink: z = x − bend y²
  double across = 0;  // ½ across x²
  double pull = 0;    // pull x
  double square = 1;  // ½ square (y − level)²
  double level = 0;
  double fourth = 0;   // ¼ fourth y⁴
  int64_t copies = 1;  // of the kink: together |z|
};

/// L(x, y) = |z| + pull x + ½ across x² + ½ square (y − level)² + ¼ fourth y⁴, and a
/// sample with z = 100 that L does not feel: |z| is seen beside it.
class BentCrease final : public FrozenObjective {
 public:
  explicit BentCrease(const Shape& shape, Tensor frozen = {})
      : shape_(shape), frozen_(frozen) {}
  int64_t dimension() const override { return 2; }
  Smoothness smoothness() const override { return Smoothness::kKinked; }
  Tensor value(const Tensor& theta) const override {
    const auto x = theta.select(1, 0), y = theta.select(1, 1);
    const auto z = argument(theta);
    const auto kink = frozen_.defined() ? felt() * z : z.abs();
    return kink + shape_.pull * x + shape_.across * x.square() / 2 +
           shape_.square * (y - shape_.level).square() / 2 +
           shape_.fourth * y.pow(4) / 4;
  }
  ValueAndGradient value_and_gradient(const Tensor& theta) const override {
    const auto x = theta.select(1, 0), y = theta.select(1, 1);
    const auto s = slope(theta);
    return {value(theta),
            at::stack({s + shape_.pull + shape_.across * x,
                       -2 * shape_.bend * s * y + shape_.square * (y - shape_.level) +
                           shape_.fourth * y.pow(3)},
                      1)};
  }
  Tensor hessian_times(const Tensor& theta, const Tensor& v) const override {
    const auto y = theta.select(1, 1);
    const auto bent =
        shape_.square + 3 * shape_.fourth * y.square() - 2 * shape_.bend * slope(theta);
    return at::stack({shape_.across * v.select(1, 0), bent * v.select(1, 1)}, 1);
  }
  std::vector<KinkBlock> kink_blocks() const override {
    return {
        {.name = "z", .units = 1, .samples = shape_.copies + 1, .low = -1, .high = 1}};
  }
  Tensor kink_arguments(const Tensor& theta) const override {
    const auto z = argument(theta).unsqueeze(1).expand({theta.size(0), shape_.copies});
    return at::cat({z, at::full({theta.size(0), 1}, 100.0, torch::kFloat64)}, 1);
  }
  std::unique_ptr<FrozenObjective> frozen(const Tensor& slopes) const override {
    return std::make_unique<BentCrease>(shape_, slopes);
  }
  Tensor arguments(const Tensor& theta) const override { return kink_arguments(theta); }
  Tensor argument_gradients(const Tensor& theta, const Tensor& sites) const override {
    const double y = theta[1].item<double>();
    return vector({1, -2 * shape_.bend * y}).expand({sites.size(0), 2});
  }
  Tensor sensitivities(const Tensor&) const override {
    auto out = at::full(
        {shape_.copies + 1}, 1.0 / static_cast<double>(shape_.copies), torch::kFloat64);
    out[shape_.copies] = 0;
    return out;
  }

 private:
  Tensor argument(const Tensor& theta) const {
    return theta.select(1, 0) - shape_.bend * theta.select(1, 1).square();
  }
  Tensor slope(const Tensor& theta) const {
    const auto z = argument(theta);
    return frozen_.defined() ? felt().expand_as(z) : z.sign();
  }
  Tensor felt() const { return frozen_.narrow(0, 0, shape_.copies).mean(); }
  Shape shape_;
  Tensor frozen_;
};

CompositeResult search(const Shape& shape, const Tensor& from) {
  return minimize_composite(
      BentCrease(shape), {.theta = from}, at::arange(2, torch::kInt64), {});
}

// The minimum is (0, 1) if |pull| < 1, where the slope of the kink is −pull.
TEST(CompositeNewton, StopsOnAKinkThatHolds) {
  const Shape shape{.pull = 0.25, .level = 1};
  const auto found = search(shape, vector({3, 5}));
  EXPECT_TRUE(found.converged) << found.problem;
  EXPECT_LT(largest(found.point.theta - vector({0, 1})), 1e-12);
  ASSERT_EQ(found.point.active.size(), 1u);
  EXPECT_NEAR(found.point.slopes[0].item<double>(), -0.25, 1e-12);
  EXPECT_NEAR(
      slope_shares(BentCrease(shape), found.point)[0].item<double>(), 0.375, 1e-12);
}

TEST(CompositeNewton, LeavesAKinkThatDoesNotHold) {
  // At slope −1.5 the loss falls for ever towards x > 0: it may not be called a
  // minimum.
  const auto found = minimize_composite(BentCrease({.pull = -1.5, .level = 1}),
                                        {.theta = vector({0, 5})},
                                        at::arange(2, torch::kInt64),
                                        {.max_iterations = 20});
  EXPECT_FALSE(found.converged);
  EXPECT_GT(found.point.theta[0].item<double>(), 1e-3);
}

// H bends down across the kink, which holds all the same. Damping that makes H positive
// would shorten steps along the kink to a tenth.
TEST(CompositeNewton, IsNotSlowWhereTheLossBendsDownAcrossAKink) {
  const auto found = search({.across = -10}, vector({0.01, 1}));
  EXPECT_TRUE(found.converged) << found.problem;
  EXPECT_LT(largest(found.point.theta), 1e-12);
  EXPECT_LT(found.iterations, 15);
}

TEST(CompositeNewton, SharesASlopeEvenlyAmongKinksThatAreAlike) {
  const auto found = search({.pull = 0.3, .copies = 5}, vector({0.4, 2}));
  EXPECT_TRUE(found.converged) << found.problem;
  ASSERT_EQ(found.point.active.size(), 5u);
  EXPECT_LT(largest(found.point.slopes.narrow(0, 0, 5) + 0.3), 1e-6);
}

// Along the parabola x = y² the loss is ¼ y⁴ − ½ y², greatest at 0, where every
// straight step rises: |z| = t² above −½ t².
TEST(CompositeNewton, LeavesAMaximumAlongABentKink) {
  const Shape shape{.bend = 1, .square = -1, .fourth = 1};
  const BentCrease objective(shape);
  const KinkPoint top{.theta = vector({0, 0}), .slopes = vector({0, 1}), .active = {0}};
  const auto down = fall_where_bent(objective,
                                    top,
                                    at::arange(2, torch::kInt64),
                                    vector({1, 0}).unsqueeze(0),
                                    at::diag(vector({0, -1})),
                                    0);
  EXPECT_NEAR(down.fall, 0.25, 1e-12);
  EXPECT_NEAR(down.step.abs().min().item<double>(), 1, 1e-12);

  const auto found = search(shape, vector({1e-14, 1e-7}));
  EXPECT_TRUE(found.converged) << found.problem;
  EXPECT_LT(largest(found.point.theta.abs() - 1), 1e-10);
}

TEST(CompositeNewton, EndsWhenItIsInterrupted) {
  int asked = 0;
  const auto found =
      minimize_composite(BentCrease({.square = 1e-9, .fourth = 1}),
                         {.theta = vector({0, 1e3})},
                         at::arange(2, torch::kInt64),
                         {.interrupt = [&](const Tensor&) { return ++asked == 1; }});
  EXPECT_EQ(asked, 1);
  EXPECT_FALSE(found.converged);
  EXPECT_LT(found.iterations, 20);
}

}  // namespace
}  // namespace basin
