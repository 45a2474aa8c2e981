#include "minima/matching.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/random.h"
#include "minima/assignment.h"
#include "minima/null_sources.h"
#include "minima/symmetry.h"
#include "support/moves.h"
#include "support/networks.h"

namespace basin {
namespace {

using testing::largest;
using testing::scrambled;

TEST(Matching, RecoversPlantedSymmetriesAndLeavesTheFunctionUnchanged) {
  const auto data = testing::random_data(20, 2, 0);
  for (const auto activation : {Elementwise::kRelu,
                                Elementwise::kTanh,
                                Elementwise::kGelu,
                                Elementwise::kSquare,
                                Elementwise::kSin}) {
    for (const bool skip : {false, true}) {
      if (skip && activation == Elementwise::kSquare) continue;
      const auto objective = testing::objective_for({.depth = 3,
                                                     .width = 10,
                                                     .activation = activation,
                                                     .skip = skip,
                                                     .init = Initializer::kNormal,
                                                     .init_scale = 0.5},
                                                    {},
                                                    data);
      const auto& network = objective.network();
      for (uint64_t i = 0; i < 5; ++i) {
        SCOPED_TRACE(
            fmt::format("activation {} skip {} case {}", int(activation), skip, i));
        const auto theta =
            initial_parameters(network, 1, static_cast<int64_t>(i), 1)[0];
        const auto other = scrambled(network, theta, i);
        const auto f = objective.outputs(theta.unsqueeze(0));
        EXPECT_LT(largest(f - objective.outputs(other.unsqueeze(0))),
                  1e-9 * (1 + largest(f)));
        const auto a = canonical_form(network.layout, theta);
        const auto b = canonical_form(network.layout, other);
        EXPECT_LT(largest(f - objective.outputs(a.theta.unsqueeze(0))),
                  1e-9 * (1 + largest(f)));
        const auto match = match_units(a.layout, a.theta, b.theta);
        EXPECT_LT(match.distance, 1e-9 * (1 + largest(a.theta)));
        EXPECT_TRUE(match.unique);
        EXPECT_LT(largest(f - objective.outputs(match.moved.unsqueeze(0))),
                  1e-9 * (1 + largest(f)));
      }
    }
  }
}

TEST(Matching, KeepsDifferentNetworksApart) {
  const auto network = make_network({.depth = 2, .width = 6}, 2, 1);
  const auto theta = initial_parameters(network, 1, 0, 2);
  const auto a = canonical_form(network.layout, theta[0]);
  const auto b = canonical_form(network.layout, theta[1]);
  EXPECT_GT(match_units(a.layout, a.theta, b.theta).distance, 0.1);
}

TEST(Matching, CountsTheCopiesOfAPoint) {
  const auto tanh =
      make_network({.depth = 1, .width = 3, .activation = Elementwise::kTanh}, 2, 1);
  const auto theta = initial_parameters(tanh, 1, 0, 1)[0];
  EXPECT_NEAR(log10_orbit_size(tanh.layout, theta), std::log10(6 * 8), 1e-12);
  // Two equal units: exchanging them makes no copy.
  const auto at = layer_views(tanh.layout, theta);
  at.weight[0][1].copy_(at.weight[0][0]);
  at.bias[0][1].copy_(at.bias[0][0]);
  at.weight[1].select(1, 1).copy_(at.weight[1].select(1, 0));
  EXPECT_NEAR(log10_orbit_size(tanh.layout, theta), std::log10(3 * 8), 1e-12);
  EXPECT_NEAR(log10_orbit_size(tanh.layout, at::zeros_like(theta)), 0.0, 1e-12);
}

TEST(Symmetry, GeneratorsAreZeroModesOfTheFunction) {
  const auto data = testing::random_data(15, 2, 3);
  for (const auto activation : {Elementwise::kRelu, Elementwise::kIdentity}) {
    const auto objective =
        testing::objective_for({.depth = 2, .width = 3, .activation = activation},
                               {.kind = LossKind::kCrossEntropy},
                               data);
    const auto theta = initial_parameters(objective.network(), 2, 0, 1)[0];
    std::vector<torch::Tensor> tangents;
    for (const auto& source :
         symmetry_sources(objective.network().layout, theta, false)) {
      tangents.push_back(source.tangents);
    }
    const auto g = at::cat(tangents);
    const auto gradient = objective.value_and_gradient(theta.unsqueeze(0)).gradient[0];
    EXPECT_LT(largest(g.mv(gradient)), 1e-12);
    const int64_t units = activation == Elementwise::kRelu ? 6 : 18 + 6;
    EXPECT_EQ(g.size(0), units + 4);
  }
}

TEST(Assignment, IsNoWorseThanEveryPermutation) {
  RandomStream random(3, Stream::kProbe, 0);
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<double> cost(25);
    for (auto& c : cost) c = random.uniform();
    const auto total = [&](const std::vector<int64_t>& p) {
      double sum = 0;
      for (size_t i = 0; i < 5; ++i) sum += cost[i * 5 + static_cast<size_t>(p[i])];
      return sum;
    };
    std::vector<int64_t> p{0, 1, 2, 3, 4};
    double best = 1e9;
    do {
      best = std::min(best, total(p));
    } while (std::next_permutation(p.begin(), p.end()));
    EXPECT_NEAR(total(solve_assignment(cost, 5)), best, 1e-12);
  }
}

TEST(Assignment, IsAPermutationWhateverTheCosts) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  for (const double odd : {nan, infinite, -infinite, 1e308}) {
    for (int64_t holes = 1; holes <= 9; ++holes) {
      std::vector<double> cost(9, 1.0);
      std::fill_n(cost.begin(), holes, odd);
      auto assigned = solve_assignment(cost, 3);
      std::sort(assigned.begin(), assigned.end());
      EXPECT_EQ(assigned, (std::vector<int64_t>{0, 1, 2})) << odd << " " << holes;
    }
  }
  // What can be told apart still is.
  EXPECT_EQ(solve_assignment({nan, 1, 2, nan}, 2), (std::vector<int64_t>{1, 0}));
}

}  // namespace
}  // namespace basin
