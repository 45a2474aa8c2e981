#include "model/dense_hessian.h"

#include <gtest/gtest.h>

#include "support/networks.h"

namespace basin {
namespace {

using testing::largest;
using testing::normal;
using testing::objective_for;
using testing::random_data;

const std::vector<Elementwise> kActivations{Elementwise::kIdentity,
                                            Elementwise::kRelu,
                                            Elementwise::kTanh,
                                            Elementwise::kGelu,
                                            Elementwise::kSquare,
                                            Elementwise::kAbs};
const std::vector<LossKind> kLosses{LossKind::kMse,
                                    LossKind::kCrossEntropy,
                                    LossKind::kLogistic,
                                    LossKind::kHuber,
                                    LossKind::kHinge,
                                    LossKind::kAbsolute,
                                    LossKind::kSigmoidCrossEntropy};

// The closed form against P products by two backward passes.
void expect_products(const Objective& objective, const torch::Tensor& theta) {
  const auto closed = objective.hessian(theta);
  const auto products = objective.Objective::hessian(theta);
  EXPECT_LE(largest(closed - products), 1e-13 * largest(products) + 1e-300);
  EXPECT_TRUE(closed.equal(closed.transpose(1, 2)));
}

TEST(DenseHessian, AgreesWithProductsForEveryActivationLossAndDepth) {
  int turn = 0;
  for (const auto activation : kActivations) {
    for (const auto kind : kLosses) {
      for (int64_t depth = 0; depth <= 3; ++depth) {
        ++turn;
        SCOPED_TRACE(::testing::Message()
                     << "activation " << static_cast<int>(activation) << " loss "
                     << static_cast<int>(kind) << " depth " << depth);
        const auto data = random_data(11, 3, 2 + turn % 2);
        const auto objective = objective_for(
            {.depth = depth,
             .width = 4,
             .widths = depth == 2 ? std::vector<int64_t>{5, 2} : std::vector<int64_t>{},
             .activation = activation,
             .output_activation =
                 turn % 5 == 0 ? Elementwise::kSigmoid : Elementwise::kIdentity,
             .bias = turn % 3 != 0,
             .skip = depth == 3},
            {.kind = kind, .weight_decay = 0.03, .decay_biases = turn % 2 == 0},
            data);
        const auto theta = 0.5 * normal({2, objective.dimension()});
        expect_products(objective, theta);
      }
    }
  }
}

TEST(DenseHessian, AgreesWithProductsOnFrozenKinks) {
  for (const auto kind : {LossKind::kMse, LossKind::kHinge, LossKind::kAbsolute}) {
    const auto data = random_data(9, 2, 2);
    const auto objective = objective_for(
        {.depth = 2, .width = 4}, {.kind = kind, .weight_decay = 0.1}, data);
    const auto theta = normal({1, objective.dimension()});
    const auto sites = objective.kink_arguments(theta).size(1);
    const auto frozen = objective.frozen(normal({sites}, 5).abs());
    expect_products(*frozen, theta);
  }
}

TEST(DenseHessian, TakesManySamplesInBlocks) {
  const auto data = random_data(9000, 20, 3);
  const auto objective =
      objective_for({.depth = 1, .width = 3}, {.kind = LossKind::kCrossEntropy}, data);
  expect_products(objective, normal({1, objective.dimension()}));
}

TEST(DenseHessian, TakesManyInputsPairByPair) {
  const auto data = random_data(60, 40, 3);
  for (const int64_t width : {3, 24}) {
    const auto objective =
        objective_for({.depth = 2, .width = width, .activation = Elementwise::kTanh},
                      {.kind = LossKind::kCrossEntropy},
                      data);
    expect_products(objective, 0.3 * normal({1, objective.dimension()}));
  }
}

}  // namespace
}  // namespace basin
