#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "minima/data_symmetry.h"
#include "minima/identify.h"
#include "minima/matching.h"
#include "minima/permuted_matrix.h"
#include "minima/relu_function.h"
#include "minima/symmetry.h"
#include "support/architectures.h"
#include "support/moves.h"
#include "support/networks.h"
#include "support/problems.h"

namespace basin {
namespace {

using testing::kArchitectures;
using testing::largest;
using testing::network_of;
using testing::scrambled;
using torch::Tensor;

TEST(Equality, RecoversFortyOfFortyPlantedSymmetries) {
  const auto data = testing::random_data(12, 2, 0);
  for (size_t k = 0; k < kArchitectures.size(); ++k) {
    const auto objective = network_of(kArchitectures[k], data);
    const auto& layout = objective.network().layout;
    int recovered = 0;
    for (uint64_t i = 0; i < 40; ++i) {
      auto theta =
          initial_parameters(objective.network(), 1, static_cast<int64_t>(i), 1)[0];
      theta += 0.1 * testing::normal({theta.size(0)}, i);  // biases too
      const auto other = scrambled(objective.network(), theta, i);
      const auto f = objective.outputs(theta.unsqueeze(0));
      EXPECT_LT(largest(f - objective.outputs(other.unsqueeze(0))),
                1e-12 * (1 + largest(f)));
      const auto a = canonical_form(layout, theta), b = canonical_form(layout, other);
      const auto match = match_units(a.layout, a.theta, b.theta, 1e-10);
      recovered += match.same && match.proved;
      EXPECT_LT(largest(objective.outputs(match.moved.unsqueeze(0)) -
                        objective.outputs(b.theta.unsqueeze(0))),
                1e-12 * (1 + largest(f)));
    }
    EXPECT_EQ(recovered, 40) << "architecture " << k;
  }
}

TEST(Equality, TellsNearMissesApartAndProvesIt) {
  const auto data = testing::random_data(12, 2, 0);
  for (size_t k = 0; k < kArchitectures.size(); ++k) {
    const auto objective = network_of(kArchitectures[k], data);
    const auto& layout = objective.network().layout;
    for (uint64_t i = 0; i < 10; ++i) {
      auto theta =
          initial_parameters(objective.network(), 1, static_cast<int64_t>(i), 1)[0];
      theta += 0.1 * testing::normal({theta.size(0)}, i);
      auto changed = theta.clone();
      const auto weight = static_cast<int64_t>(i) % layout.layers[0].size();
      changed[weight] *= 1 + 1e-6;
      const auto a = canonical_form(layout, theta);
      const auto b = canonical_form(layout, scrambled(objective.network(), changed, i));
      const double change = std::abs(theta[weight].item<double>()) * 1e-6;
      const auto match = match_units(a.layout, a.theta, b.theta, change * 1e-3);
      EXPECT_FALSE(match.same);
      EXPECT_TRUE(match.proved);
      EXPECT_GT(match.margin, 0);
    }
  }
}

TEST(Equality, DoesNotProveWhatTwoEqualUnitsLeaveOpen) {
  // Two units with the same row and different columns: two matchings fit as well.
  const auto network =
      make_network({.depth = 1, .width = 2, .activation = Elementwise::kGelu}, 1, 1);
  const auto a = testing::vector({1, 1, 0, 0, 2, -2, 0});
  EXPECT_FALSE(match_units(network.layout, a, a, 1e-9).unique);
}

TEST(Canonical, MergesUnitsThatAreOne) {
  const auto data = testing::random_data(9, 2, 0);
  const auto objective = testing::objective_for({.depth = 1, .width = 3}, {}, data);
  const auto& layout = objective.network().layout;
  auto theta = testing::normal({layout.dimension}, 3);
  const auto at = layer_views(layout, theta);
  at.weight[0][2].copy_(at.weight[0][0] * 3);
  at.bias[0][2].copy_(at.bias[0][0] * 3);
  at.weight[0][1].zero_();  // answers its bias
  at.bias[0][1].fill_(0.7);
  const auto form = canonical_form(layout, theta);
  EXPECT_LT(largest(objective.outputs(theta.unsqueeze(0)) -
                    objective.outputs(form.theta.unsqueeze(0))),
            1e-12);
  const auto reduced = layer_views(layout, form.theta);
  EXPECT_EQ(largest(reduced.weight[0][1]), 0);
  EXPECT_EQ(largest(reduced.weight[0][2]), 0);
}

TEST(ReluFunction, KnowsEqualFunctionsThatNoPermutationJoins) {
  // relu(z) − relu(−z) = z: two units with opposite rows make a line, and the same line
  // can be made by another pair of units altogether.
  const auto objective = testing::objective_for(
      {.depth = 1, .width = 3}, {}, testing::random_data(9, 1, 0));
  const auto& layout = objective.network().layout;
  const auto blocks = objective.kink_blocks();
  // Kink at x = 1; then x and −x, or 2x − 3 and its opposite with the rest in the bias.
  const auto a = testing::vector({1, 1, -1, -1, 0, 0, 2, 1, -1, 0});
  const auto b = testing::vector({1, 2, -2, -1, -3, 3, 2, 0.5, -0.5, 1.5});
  const auto probe = objective.outputs(at::stack({a, b}));
  ASSERT_LT(largest(probe[0] - probe[1]), 1e-12);
  EXPECT_GT(
      match_units(
          layout, canonical_form(layout, a).theta, canonical_form(layout, b).theta)
          .distance,
      0.1);
  const auto fa = relu_function(layout, blocks, a),
             fb = relu_function(layout, blocks, b);
  ASSERT_TRUE(fa && fb);
  EXPECT_EQ(fa->planes.size(0), 1);
  EXPECT_TRUE(same_everywhere(*fa, *fb, 1e-9));
  auto c = b.clone();
  c[9] += 1e-6;
  EXPECT_FALSE(same_everywhere(*fa, *relu_function(layout, blocks, c), 1e-8));
}

TEST(ReluFunction, ComputesWhatTheNetworkComputes) {
  const auto data = testing::random_data(15, 2, 0, 2);
  for (const auto phi :
       {Elementwise::kRelu, Elementwise::kLeakyRelu, Elementwise::kAbs}) {
    const auto objective =
        testing::objective_for({.depth = 1, .width = 4, .activation = phi}, {}, data);
    const auto theta = testing::normal({objective.dimension()}, 5);
    const auto form =
        relu_function(objective.network().layout, objective.kink_blocks(), theta);
    ASSERT_TRUE(form);
    const auto x = at::cat({data.inputs, at::ones({15, 1}, torch::kFloat64)}, 1);
    const auto f = at::mm(at::mm(x, form->planes.t()).abs(), form->amplitude) +
                   at::mm(x, form->affine.t());
    EXPECT_LT(largest(f - objective.outputs(theta.unsqueeze(0))[0]), 1e-12);
  }
}

TEST(DataSymmetry, LeavesTheLossUnchangedAndClosesToTheGroupOfTheSquare) {
  Dataset data{.name = "xor"};
  data.inputs = testing::vector({-1, -1, -1, 1, 1, -1, 1, 1}).view({4, 2});
  data.targets = testing::vector({-1, 1, 1, -1}).view({4, 1});
  const auto objective =
      testing::objective_for({.depth = 1, .width = 3, .activation = Elementwise::kTanh},
                             {.weight_decay = 0.1},
                             data);
  const DataSymmetry swap{{{1, 0}, {1, 1}}, {{0}, {1}}};
  const DataSymmetry flip{{{0, 1}, {-1, 1}}, {{0}, {-1}}};
  const auto group = closure({swap, flip}, 100);
  EXPECT_EQ(group.size(), 8u);
  EXPECT_TRUE(closure({swap, flip}, 7).empty());
  const auto theta = testing::normal({objective.dimension()}, 1);
  for (const auto& g : group) {
    const auto moved = transformed(objective.network().layout, g, theta);
    EXPECT_NEAR(objective.value(moved.unsqueeze(0)).item<double>(),
                objective.value(theta.unsqueeze(0)).item<double>(),
                1e-14);
  }
}

TEST(PermutedMatrix, FindsPermutationsOfRowsAndColumns) {
  RandomStream random(3, Stream::kProbe, 0);
  for (uint64_t i = 0; i < 20; ++i) {
    auto a = testing::normal({7, 6}, i);
    if (i % 2 == 0) a = a.sign() + 0.001;  // many equal entries
    const auto rows = at::tensor(random.permutation(7), torch::kInt64);
    const auto columns = at::tensor(random.permutation(6), torch::kInt64);
    auto b = a.index_select(0, rows).index_select(1, columns).contiguous();
    EXPECT_EQ(match_permuted(a, b, 1e-9), PermutedAnswer::kSame);
    b[2][3] += 1e-3;
    EXPECT_EQ(match_permuted(a, b, 1e-9), PermutedAnswer::kDifferent);
  }
}

}  // namespace
}  // namespace basin
