// The loss made again in extended precision, and its second derivatives.

#include "verify/reference.h"

#include <gtest/gtest.h>

#include "support/networks.h"
#include "verify/points.h"

namespace basin {
namespace {

using testing::largest;
using testing::normal;
using testing::objective_for;
using testing::random_data;

// By one difference a unit, against one a parameter, and against autograd.
void expect_one_hessian(const ModelOptions& model,
                        const LossOptions& loss,
                        const Dataset& data,
                        bool frozen) {
  const auto objective = objective_for(model, loss, data);
  const ReferenceNetwork reference(
      objective.network(), loss, data.inputs, loss_targets(loss, data));
  const auto theta = 0.5 * normal({1, objective.dimension()});
  std::vector<double> slopes;
  torch::Tensor exact;
  if (frozen) {
    const auto s = normal({objective.kink_arguments(theta).size(1)}, 5).abs();
    slopes = {s.data_ptr<double>(), s.data_ptr<double>() + s.numel()};
    exact = objective.frozen(s)->Objective::hessian(theta)[0];
  } else {
    exact = objective.Objective::hessian(theta)[0];
  }
  const auto at = reals(theta[0]);
  const auto ours = reference.hessian(at, slopes, 1e-6L);
  const auto each = reference.Reference::hessian(at, slopes, 1e-6L);
  const double size = largest(exact) + 1e-300;
  EXPECT_LE(largest(ours - exact), 1e-9 * size);
  EXPECT_LE(largest(each - exact), 1e-9 * size);
  EXPECT_TRUE(ours.equal(ours.t()));
}

TEST(ReferenceHessian, IsThatOfAutogradForEveryActivationLossAndDepth) {
  int turn = 0;
  for (const auto activation : {Elementwise::kIdentity,
                                Elementwise::kTanh,
                                Elementwise::kSigmoid,
                                Elementwise::kSilu,
                                Elementwise::kSquare,
                                Elementwise::kSin}) {
    for (const auto kind : {LossKind::kMse,
                            LossKind::kCrossEntropy,
                            LossKind::kLogistic,
                            LossKind::kSigmoidCrossEntropy}) {
      for (int64_t depth = 0; depth <= 3; ++depth) {
        ++turn;
        SCOPED_TRACE(::testing::Message()
                     << "activation " << static_cast<int>(activation) << " loss "
                     << static_cast<int>(kind) << " depth " << depth);
        expect_one_hessian(
            {.depth = depth,
             .width = turn % 4 == 0 ? 1 : 3,
             .activation = activation,
             .output_activation =
                 turn % 5 == 0 ? Elementwise::kTanh : Elementwise::kIdentity,
             .bias = turn % 3 != 0,
             .skip = depth == 3},
            {.kind = kind, .weight_decay = 0.03, .decay_biases = turn % 2 == 0},
            random_data(9, 1 + turn % 3, 1 + turn % 2),
            /*frozen=*/false);
      }
    }
  }
}

TEST(ReferenceHessian, IsThatOfAutogradOnFrozenKinks) {
  for (const auto kind : {LossKind::kMse, LossKind::kHinge, LossKind::kAbsolute}) {
    expect_one_hessian({.depth = 3, .width = 4},
                       {.kind = kind, .weight_decay = 0.1},
                       random_data(300, 2, 2),
                       /*frozen=*/true);
  }
}

}  // namespace
}  // namespace basin
