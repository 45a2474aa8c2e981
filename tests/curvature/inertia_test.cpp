#include "curvature/inertia.h"

#include <gtest/gtest.h>

#include "curvature/symmetric_eigen.h"
#include "support/networks.h"
#include "support/problems.h"

namespace basin {
namespace {

using testing::largest;
using testing::normal;
using torch::Tensor;

Tensor none(int64_t size) { return at::zeros({0, size}, torch::kFloat64); }

// XᵀX / N of five columns, whose lengths differ by ten orders of magnitude.
Tensor unscaled() {
  auto x = normal({60, 5}, 3);
  const double size[] = {200, 3e6, 5e-4, 0.5, 1};
  for (int64_t c = 0; c < 5; ++c) x.select(1, c).mul_(size[c]);
  return at::mm(x.t(), x) / 60;
}

TEST(Inertia, DoesNotDependOnTheUnitsOfTheParameters) {
  const auto a = unscaled();
  const auto found = inertia_of(a, 1e-15 * a.abs(), none(5));
  EXPECT_EQ(found.positive, 5);
  EXPECT_EQ(found.zero, 0);
  // The columns are nearly orthogonal: the eigenvalues are nearly their squared
  // lengths.
  const auto values = positive_eigenvalues(a, found);
  EXPECT_NEAR(values[0].item<double>() / 2.5e-7, 1, 0.5);
  EXPECT_NEAR(values[4].item<double>() / 9e12, 1, 0.5);
  EXPECT_NEAR(symmetric_eigenvalues(a)[4].item<double>() / 9e12, 1, 0.5);
  EXPECT_GT(symmetric_eigenvalues(a)[0].item<double>(), -1e-3);
}

TEST(Inertia, CallsZeroOnlyWhatIsWithinItsBound) {
  const auto turn = std::get<0>(at::linalg_qr(normal({4, 4}, 1)));
  for (const double small : {1e-9, -1e-9}) {
    const auto a = at::mm(turn * testing::vector({small, 0.1, 1, 2}), turn.t());
    const auto sharp = inertia_of(a, 1e-16 * at::ones_like(a), none(4));
    EXPECT_EQ(sharp.zero, 0);
    EXPECT_EQ(sharp.negative, small < 0 ? 1 : 0);
    const auto vague = inertia_of(a, 1e-8 * at::ones_like(a), none(4));
    EXPECT_EQ(vague.zero, 1);
    EXPECT_EQ(vague.negative, 0);
  }
}

TEST(Inertia, LeavesKnownNullDirectionsOut) {
  const auto turn = std::get<0>(at::linalg_qr(normal({4, 4}, 2)));
  const auto a = at::mm(turn * testing::vector({0, 0, 1, 2}), turn.t());
  const auto known = turn.t().narrow(0, 0, 1) * 3;
  const auto found = inertia_of(a, 1e-14 * at::ones_like(a), known);
  EXPECT_EQ(found.values.size(0), 3);
  EXPECT_EQ(found.zero, 1);
  EXPECT_EQ(found.positive, 2);
}

TEST(Inertia, SolvesInTheDirectionsThatAreNotZero) {
  const auto turn = std::get<0>(at::linalg_qr(normal({4, 4}, 2)));
  const auto a = at::mm(turn * testing::vector({0, 0.5, 1, 2}), turn.t());
  const auto found = inertia_of(a, 1e-14 * at::ones_like(a), none(4));
  const auto b = at::mv(a, normal({4}, 5));
  EXPECT_LT(largest(at::mv(a, solve(found, b)) - b), 1e-12);
}

TEST(Inertia, ErrorSeesWhatMovingThePointChanges) {
  // L = x⁴ / 12: the Hessian x² moves by 2 x δ.
  class Quartic final : public Objective {
   public:
    int64_t dimension() const override { return 1; }
    Smoothness smoothness() const override { return Smoothness::kSmooth; }
    Tensor value(const Tensor& t) const override { return t.pow(4).sum(1) / 12; }
    ValueAndGradient value_and_gradient(const Tensor& t) const override {
      return {value(t), t.pow(3) / 3};
    }
    Tensor hessian_times(const Tensor& t, const Tensor& v) const override {
      return t.square() * v;
    }
  } quartic;
  const auto x = testing::vector({1e-3});
  const auto h = at::full({1, 1}, 1e-6, torch::kFloat64);
  const auto e = hessian_error(quartic, x, h, testing::vector({1e-5}));
  EXPECT_GE(e.item<double>(), 2e-8);
  EXPECT_LE(e.item<double>(), 2e-7);
}

}  // namespace
}  // namespace basin
