#include "minima/same_sites.h"

#include <gtest/gtest.h>

#include "minima/judge.h"
#include "minima/kink_system.h"
#include "support/networks.h"
#include "support/problems.h"

namespace basin {
namespace {

using testing::objective_for;
using testing::random_data;
using testing::vector;
using torch::Tensor;

// Two layers of 2, 3 samples: z of layer 0, unit by unit, then of layer 1.
Tensor same_of(const ModelOptions& model,
               const Tensor& z,
               const std::vector<UnitId>& zeroed) {
  const auto objective = objective_for(model, {}, random_data(3, 2, 0));
  return same_sites(objective.network().layout, objective.kink_blocks(), z, zeroed);
}

const ModelOptions kTwo{.depth = 2, .width = 2};

TEST(SameSites, AreThoseOfSamplesThatTheLayerBelowIsSilentOn) {
  // Samples 1 and 2 are silent; on sample 0 unit 1 is not.
  const auto z = vector({-1, -2, -3, 4, -5, -6, 0, 0, 0, 1, 0, 0});
  EXPECT_TRUE(
      same_of(kTwo, z, {})
          .equal(at::tensor({0, 1, 2, 3, 4, 5, 6, 7, 7, 9, 10, 10}, torch::kInt64)));
}

TEST(SameSites, AUnitHeldAtZeroIsSilentAndAKinkIsNot) {
  const auto z = vector({-1, -2, -3, 0, 0, 0, 0, 0, 0, 1, 0, 0});
  const auto alone = at::arange(12, torch::kInt64);
  EXPECT_TRUE(same_of(kTwo, z, {}).equal(alone));
  EXPECT_TRUE(
      same_of(kTwo, z, {{0, 1}})
          .equal(at::tensor({0, 1, 2, 3, 4, 5, 6, 6, 6, 9, 9, 9}, torch::kInt64)));
}

TEST(SameSites, NoneWhereALayerSpeaksBelowItsKinkOrIsAddedUp) {
  const auto z = vector({-1, -2, -3, -4, -5, -6, 0, 0, 0, 1, 0, 0});
  const auto alone = at::arange(12, torch::kInt64);
  auto leaky = kTwo;
  leaky.activation = Elementwise::kLeakyRelu;
  EXPECT_TRUE(same_of(leaky, z, {}).equal(alone));
  auto skip = kTwo;
  skip.skip = true;
  EXPECT_TRUE(same_of(skip, z, {}).equal(alone));
}

TEST(SameSites, AddUpAndSpreadOut) {
  const auto same = at::tensor({0, 1, 1, 3}, torch::kInt64);
  EXPECT_TRUE(added_up(vector({1, 2, 4, 8}), same).equal(vector({1, 6, 0, 8})));
  EXPECT_TRUE(spread_out(vector({1, 2, 4, 8}), same).equal(vector({1, 2, 2, 8})));
  EXPECT_EQ(first_of_each({3, 2, 1}, same), (std::vector<int64_t>{1, 3}));
}

// f = v relu(w x) + b, the samples on which the only unit of layer 0 is silent share
// the kink b1 = 0 of layer 1. Forces of single samples have both signs; their sum
// holds.
//
//   L = ½ mean (relu(relu(x) + b1) − y)², weights 1 fixed by being no free parameters
TEST(SameSites, AGroupHoldsWhereSingleSamplesDoNot) {
  // Silent samples with targets −3, 1: residuals 3 and −1, sum 2 > 0; the live sample
  // pulls b1 up by 0.5: slope 0.25.
  const Dataset data{.name = "group",
                     .inputs = vector({-1, -2, 1}).view({3, 1}),
                     .targets = vector({-3, 1, 1.5}).view({3, 1})};
  const auto objective = objective_for({.depth = 2, .width = 1}, {}, data);
  const auto theta = vector({1, 0, 1, 0, 1, 0});  // w, b of each layer
  const auto z = objective.kink_arguments(theta.unsqueeze(0)).squeeze(0);
  const auto same =
      same_sites(objective.network().layout, objective.kink_blocks(), z, {});
  KinkPoint point{
      .theta = theta, .slopes = vector({0, 0, 1, 0.5, 0.5, 1}), .active = {3}};
  const auto free = at::tensor({3}, torch::kInt64);  // b1
  const auto system = kink_system(objective, free, same, point);
  EXPECT_NEAR(system.gradient.item<double>(), 0, 1e-15);
  EXPECT_NEAR(system.sensitivity.item<double>(), 2.0 / 3, 1e-15);
  EXPECT_NEAR(point.slopes[3].item<double>(), 0.25, 1e-15);
  EXPECT_EQ(point.slopes[3].item<double>(), point.slopes[4].item<double>());
  // b1 = 0 is a minimum along b1.
  for (const double step : {-1e-3, 1e-3}) {
    auto moved = theta.clone();
    moved[3] += step;
    EXPECT_GT(objective.value(moved.unsqueeze(0)).item<double>(),
              objective.value(theta.unsqueeze(0)).item<double>());
  }
}

}  // namespace
}  // namespace basin
