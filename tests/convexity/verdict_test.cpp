#include "convexity/verdict.h"

#include <gtest/gtest.h>

#include "data/load.h"
#include "support/networks.h"
#include "support/problems.h"

namespace basin {
namespace {

using testing::objective_for;
using testing::random_data;

constexpr LossKind kLosses[] = {LossKind::kMse,
                                LossKind::kCrossEntropy,
                                LossKind::kLogistic,
                                LossKind::kHuber,
                                LossKind::kHinge,
                                LossKind::kAbsolute,
                                LossKind::kSigmoidCrossEntropy};

bool needs_labels(LossKind kind) {
  return kind == LossKind::kCrossEntropy || kind == LossKind::kLogistic ||
         kind == LossKind::kHinge || kind == LossKind::kSigmoidCrossEntropy;
}

TEST(Convexity, OneLayerIsConvexByRulesAndNoChordSaysOtherwise) {
  for (const auto kind : kLosses) {
    for (const double decay : {0.0, 0.1}) {
      const ModelOptions model{.depth = 0, .init = Initializer::kNormal};
      const LossOptions loss{.kind = kind, .weight_decay = decay};
      const auto proof = prove_convex(model, loss);
      EXPECT_TRUE(proof.convex);
      EXPECT_EQ(proof.strictly, decay > 0);
      EXPECT_EQ(proof.steps.back().curvature, Shape::kConvex);
      const auto objective =
          objective_for(model, loss, random_data(15, 3, needs_labels(kind) ? 3 : 0, 2));
      const auto starts = 3 * testing::normal({2001, objective.dimension()}, 5);
      EXPECT_EQ(violating_chords(objective, starts), 0) << static_cast<int>(kind);
    }
  }
}

TEST(Convexity, NoRuleReachesTwoLayersOrASigmoidNeuron) {
  for (const auto kind : kLosses) {
    const LossOptions loss{.kind = kind};
    EXPECT_FALSE(prove_convex({.depth = 1}, loss).convex);
    EXPECT_FALSE(
        prove_convex({.depth = 1, .activation = Elementwise::kIdentity}, loss).convex);
    EXPECT_FALSE(
        prove_convex({.depth = 0, .output_activation = Elementwise::kSigmoid}, loss)
            .convex);
    EXPECT_TRUE(prove_convex_in_outputs(loss).convex);
  }
}

// L = (x² − 1)² + y² bends down where |x| < 1/√3.
TEST(Convexity, SharesOfHessiansCountThePointsWhereItBendsDown) {
  const auto starts =
      at::tensor({-1.0, 0.0, 0.0, 2.0, 0.57, -1.0, 0.58, 0.0}, torch::kFloat64)
          .view({4, 2});
  EXPECT_EQ(negative_hessians(testing::DoubleWell(), starts), 0.5);
  EXPECT_TRUE(
      std::isnan(negative_hessians(testing::DoubleWell(), starts.narrow(0, 0, 0))));
}

// A last layer over frozen features is one layer again; a second trainable one is not.
TEST(Convexity, ALastLayerOverFrozenFeaturesIsConvex) {
  const auto data = load_data(
      {.source = DataSource::kMoons, .samples = 40, .noise = 0.2, .features = 8}, 1);
  for (const auto kind : kLosses) {
    const LossOptions loss{.kind = kind, .weight_decay = 1e-2};
    const auto proof = prove_convex({.depth = 0}, loss, true);
    EXPECT_TRUE(proof.convex && proof.strictly);
    EXPECT_EQ(proof.steps.front().curvature, Shape::kConstant);
    EXPECT_FALSE(prove_convex({.depth = 1}, loss, true).convex);
    EXPECT_FALSE(
        prove_convex({.depth = 0, .output_activation = Elementwise::kTanh}, loss, true)
            .convex);
  }
  const LossOptions loss{.kind = LossKind::kMse, .weight_decay = 1e-2};
  const auto objective = objective_for({.depth = 0}, loss, data.train);
  const auto starts = 3 * testing::normal({2001, objective.dimension()}, 5);
  EXPECT_EQ(violating_chords(objective, starts), 0);
}

// Every activation and loss with one hidden layer is non-convex, by a witness from the
// symmetries alone.
TEST(Convexity, SymmetriesGiveWitnesses) {
  for (const auto activation : {Elementwise::kIdentity,
                                Elementwise::kRelu,
                                Elementwise::kTanh,
                                Elementwise::kSigmoid,
                                Elementwise::kGelu,
                                Elementwise::kSin,
                                Elementwise::kSquare,
                                Elementwise::kAbs}) {
    for (const auto kind : {LossKind::kMse, LossKind::kLogistic}) {
      const LossOptions loss{.kind = kind};
      const auto data = random_data(15, 2, needs_labels(kind) ? 2 : 0);
      const auto objective =
          objective_for({.depth = 1, .width = 3, .activation = activation}, loss, data);
      const auto& layout = objective.network().layout;
      std::vector<KnownPoint> points;
      for (uint64_t k = 0; k < 4; ++k)
        points.push_back({"a point", testing::normal({layout.dimension}, k)});
      const auto found = find_witness(objective, layout, points, {});
      ASSERT_TRUE(found.a.defined());
      EXPECT_TRUE(found.violates()) << static_cast<int>(activation);
      auto again = found;
      again.left = again.right = 0;
      measure(objective, again);
      EXPECT_EQ(again.excess(), found.excess());
      // Ends of one orbit have one loss.
      if (found.how.find("copy") != std::string::npos) {
        const auto ends = objective.value(at::stack({found.a, found.b}));
        EXPECT_NEAR(ends[0].item<double>(), ends[1].item<double>(), 1e-9);
      }
    }
  }
}

// f = w₁ w₀ x, one linear unit: (w₀, w₁) and (−w₀, −w₁) are minima, 0 between them not.
TEST(Convexity, OneLinearUnitHasAWitnessOfItsOwn) {
  auto data = random_data(15, 1, 0);
  data.targets = 2 * data.inputs;
  const auto objective = objective_for(
      {.depth = 1, .width = 1, .activation = Elementwise::kIdentity}, {}, data);
  const auto theta = at::tensor({1.0, 0.0, 2.0, 0.0}, torch::kFloat64);
  const auto found =
      find_witness(objective, objective.network().layout, {{"a minimum", theta}}, {});
  EXPECT_TRUE(found.violates());
  EXPECT_GT(found.left, 0.01);
  EXPECT_NEAR(found.right, 0, 1e-12);
}

TEST(Convexity, AConvexLossHasNoWitness) {
  const auto objective =
      objective_for({.depth = 0}, {.kind = LossKind::kLogistic}, random_data(15, 3, 2));
  std::vector<KnownPoint> points;
  for (uint64_t k = 0; k < 12; ++k)
    points.push_back({"a point", testing::normal({objective.dimension()}, k)});
  const auto found = find_witness(objective, objective.network().layout, points, {});
  ASSERT_TRUE(found.a.defined());  // the nearest
  EXPECT_FALSE(found.violates());
  EXPECT_LT(found.excess(), 0);
}

}  // namespace
}  // namespace basin
