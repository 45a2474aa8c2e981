#include "model/batched_product.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "support/networks.h"

namespace basin {
namespace {

using testing::largest;
using testing::normal;
using testing::objective_for;
using testing::random_data;
using testing::same_bits;

struct Sizes {
  int64_t m, k, n;
};
// Below and above the size at which the BLAS takes over from the loop.
const std::vector<Sizes> kSizes{
    {1, 1, 1}, {3, 2, 5}, {20, 30, 40}, {1, 64, 100}, {7, 300, 1}};

TEST(BatchedAffine, IsTheProductThatLibTorchComputes) {
  for (const auto& [m, k, n] : kSizes) {
    const auto w = normal({3, m, k}, 1), bias = normal({3, m}, 3);
    const auto x = normal({k, n}, 2).unsqueeze(0).expand({3, k, n});
    const auto expected = at::baddbmm(bias.unsqueeze(2), w, x);
    EXPECT_LT(largest(batched_affine(w, x, bias) - expected),
              1e-13 * static_cast<double>(k));
    EXPECT_LT(largest(batched_affine(w, x, {}) - at::bmm(w, x)),
              1e-13 * static_cast<double>(k));
    // Views: a slice of a longer θ, and a transpose.
    const auto theta = normal({3, m * k + 5}, 4);
    const auto view = theta.narrow(1, 2, m * k).view({3, m, k});
    const auto turned = normal({3, n, k}, 5).transpose(1, 2);
    EXPECT_LT(largest(batched_affine(view, turned, {}) - at::bmm(view, turned)),
              1e-13 * static_cast<double>(k));
  }
}

// Σ (grad of Σ sin(Z)) · v, differentiated: a second derivative through every form.
std::vector<torch::Tensor> second_derivatives(
    const std::function<torch::Tensor(
        const torch::Tensor&, const torch::Tensor&, const torch::Tensor&)>& product,
    const Sizes& s) {
  const std::vector<torch::Tensor> inputs{normal({2, s.m, s.k}, 1).requires_grad_(true),
                                          normal({2, s.k, s.n}, 2).requires_grad_(true),
                                          normal({2, s.m}, 3).requires_grad_(true)};
  const auto value = product(inputs[0], inputs[1], inputs[2]).sin().sum();
  const auto first = torch::autograd::grad({value}, inputs, {}, true, true);
  auto along = at::zeros({}, torch::kFloat64);
  for (size_t i = 0; i < first.size(); ++i) {
    along = along + (first[i] * normal(first[i].sizes().vec(), 10 + i)).sum();
  }
  return torch::autograd::grad({along}, inputs);
}

TEST(BatchedAffine, HasTheSecondDerivativesThatLibTorchComputes) {
  for (const auto& sizes : kSizes) {
    const auto ours = second_derivatives(batched_affine, sizes);
    const auto theirs = second_derivatives(
        [](const auto& w, const auto& x, const auto& b) {
          return at::baddbmm(b.unsqueeze(2), w, x);
        },
        sizes);
    for (size_t i = 0; i < ours.size(); ++i) {
      EXPECT_LT(largest(ours[i] - theirs[i]), 1e-11 * (1 + largest(theirs[i]))) << i;
    }
  }
}

TEST(BatchedAffine, GivesARowTheSameBitsInEveryBatchWhereTheBlasWorks) {
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    const auto objective =
        objective_for({.depth = 2, .width = 24, .activation = Elementwise::kTanh},
                      {.kind = LossKind::kCrossEntropy},
                      random_data(67, 9, 5),
                      {.dtype = dtype});
    const auto theta = initial_parameters(objective.network(), 3, 0, 33).to(dtype);
    const auto all = objective.value_and_gradient(theta);
    const auto hv = objective.hessian_times(theta, theta);
    for (const int64_t first : {0, 5, 32}) {
      const auto part = theta.narrow(0, first, 1).clone();
      const auto some = objective.value_and_gradient(part);
      EXPECT_TRUE(same_bits(some.value, all.value.narrow(0, first, 1)));
      EXPECT_TRUE(same_bits(some.gradient, all.gradient.narrow(0, first, 1)));
      EXPECT_TRUE(
          same_bits(objective.hessian_times(part, part), hv.narrow(0, first, 1)));
    }
  }
}

}  // namespace
}  // namespace basin
