// Each kind of claim, forged: the fault has its name.

#include "verify/certificate.h"

#include <gtest/gtest.h>

#include "convexity/structural.h"
#include "data/load.h"
#include "minima/judge.h"
#include "support/networks.h"
#include "support/problems.h"
#include "verify/moves_check.h"
#include "verify/reference_functions.h"

namespace basin {
namespace {

using testing::normal;
using testing::objective_for;
using testing::random_data;
using testing::vector;
using torch::Tensor;

/// A network with its endpoints, and what verify sees of it.
struct Case {
  ModelOptions model;
  LossOptions loss;
  Dataset data;
  NetworkObjective objective = objective_for(model, loss, data);
  ReferenceNetwork reference{
      objective.network(), loss, data.inputs, loss_targets(loss, data)};

  MinimaProblem problem() const {
    return {.objective = objective,
            .layout = objective.network().layout,
            .decay = loss.weight_decay,
            .lower_bound =
                least_loss(loss, model.output_activation, loss_targets(loss, data)),
            .convex = prove_convex(model, loss).convex};
  }
  std::vector<Endpoint> ends(int64_t seeds) const {
    const auto start = initial_parameters(objective.network(), 3, 0, seeds);
    return polish_and_judge(
        problem(), start, 0, std::vector<bool>(static_cast<size_t>(seeds)), {});
  }
  CertificateContext context() const {
    return {.reference = reference,
            .layout = objective.network().layout,
            .blocks = objective.kink_blocks(),
            .decay = loss.weight_decay,
            .convex = prove_convex(model, loss).convex};
  }
  std::string fault(const Endpoint& e) const {
    std::string out;
    for (const auto& f : faults_of(context(), e)) out += f + "; ";
    return out;
  }
};

bool names(const std::string& fault, const std::string& word) {
  return fault.find(word) != std::string::npos;
}

Dataset xor_data() {
  Dataset data{.name = "xor"};
  data.inputs =
      at::tensor({-1., -1., -1., 1., 1., -1., 1., 1.}, torch::kFloat64).view({4, 2});
  data.targets = at::tensor({-1., 1., 1., -1.}, torch::kFloat64).view({4, 1});
  return data;
}

const ModelOptions kTanh{.depth = 1, .width = 2, .activation = Elementwise::kTanh};

TEST(ForgedClaims, OfAStrictMinimumAreNamed) {
  const Case c{kTanh, {.weight_decay = 1e-2}, xor_data()};
  const auto e = c.ends(1)[0];
  ASSERT_EQ(e.verdict, Verdict::kStrictMinimum) << e.reason;
  EXPECT_EQ(c.fault(e), "");
  auto loss = e;
  loss.loss += 1e-9;
  EXPECT_TRUE(names(c.fault(loss), "loss 0."));
  auto place = e;
  place.theta = e.theta + 1e-6;
  EXPECT_TRUE(names(c.fault(place), "gradient"));
  auto eigenvalue = e;
  eigenvalue.min_eigenvalue *= 1.001;
  EXPECT_TRUE(names(c.fault(eigenvalue), "least eigenvalue"));
  auto largest = e;
  largest.max_eigenvalue *= 1.001;
  EXPECT_TRUE(names(c.fault(largest), "largest eigenvalue"));
  auto norm = e;
  norm.norm += 1e-3;
  EXPECT_TRUE(names(c.fault(norm), "norm"));
  auto modes = e;
  modes.nullity = modes.explained = 1;
  EXPECT_TRUE(names(c.fault(modes), "zero modes"));
  auto modulo = modes;
  modulo.verdict = Verdict::kMinimumModuloSymmetry;
  EXPECT_TRUE(names(c.fault(modulo), "along a zero mode") ||
              names(c.fault(modulo), "no zero mode"));
  auto bound = e;
  bound.certificate = Certificate::kLowerBound;
  EXPECT_TRUE(names(c.fault(bound), "its least value"));
  auto constant = e;
  constant.certificate = Certificate::kConstant;
  constant.radius = 1;
  EXPECT_TRUE(names(c.fault(constant), "the loss is another"));
  auto bare = e;
  bare.certificate = Certificate::kNone;
  EXPECT_TRUE(names(c.fault(bare), "without certificate"));
  auto saddle = e;
  saddle.verdict = Verdict::kSaddle;
  saddle.certificate = Certificate::kNone;
  saddle.witness = at::full_like(e.theta, 1e-3);
  saddle.witness_fall = 1e-5;
  EXPECT_TRUE(names(c.fault(saddle), "the witness lowers"));
  auto escaping = e;
  escaping.verdict = Verdict::kEscaping;
  escaping.certificate = Certificate::kNone;
  EXPECT_TRUE(names(c.fault(escaping), "does not fall when the weights grow"));
}

TEST(ForgedClaims, ZeroModesOfASaddleDoNotPass) {
  // θ = 0 of XOR without decay: a saddle of fourth order, called a minimum.
  const Case c{kTanh, {}, xor_data()};
  Endpoint e{.verdict = Verdict::kMinimumModuloSymmetry,
             .certificate = Certificate::kHessian,
             .theta = at::zeros({9}, torch::kFloat64),
             .loss = 0.5,
             .min_eigenvalue = 0,
             .residual = 0,
             .newton_step = 0,
             .nullity = 8,
             .explained = 8,
             .radius = INFINITY};
  EXPECT_TRUE(names(c.fault(e), "along a zero mode")) << c.fault(e);
  // ... and as a strict one.
  e.verdict = Verdict::kStrictMinimum;
  e.nullity = e.explained = 0;
  EXPECT_TRUE(names(c.fault(e), "the next eigenvalue")) << c.fault(e);
}

// Deep and narrow: many samples share a kink, units are at zero. verify finds all of it
// by code of its own.
TEST(ForgedClaims, OfDeepKinkMinimaAreNamed) {
  const Case c{{.depth = 3, .width = 2},
               {.kind = LossKind::kLogistic, .weight_decay = 1e-2},
               random_data(24, 2, 2)};
  int64_t grouped = 0, zeroed = 0;
  for (const auto& e : c.ends(16)) {
    const bool pruned = e.verdict == Verdict::kPrunedMinimum;
    if (e.certificate != Certificate::kActiveSet && !pruned) continue;
    EXPECT_EQ(c.fault(e), "") << e.reason;
    if (pruned) continue;
    grouped += e.kinks > 8;
    zeroed += e.zeroed > 0;
    if (e.zeroed == 0) continue;
    auto other = e;
    other.verdict = e.verdict == Verdict::kKinkMinimum ? Verdict::kModuloSplitting
                                                       : Verdict::kKinkMinimum;
    EXPECT_TRUE(names(c.fault(other), "units are at zero")) << c.fault(other);
  }
  EXPECT_GT(grouped, 0);
  EXPECT_GT(zeroed, 0);
}

// L(b) = ½ |b| + ½ |b − 1| + 0.05 b²: at 0 the kink's slope is at its end, to the right
// the loss rises by decay alone.
TEST(ForgedClaims, OfASlopeAtItsEndAreNamed) {
  const Dataset data{.name = "two",
                     .inputs = at::zeros({2, 1}, torch::kFloat64),
                     .targets = at::tensor({0., 1.}, torch::kFloat64).view({2, 1})};
  const Case c{{.depth = 0}, {.kind = LossKind::kAbsolute, .weight_decay = 0.1}, data};
  const auto e = judge(c.problem(), at::zeros({2}, torch::kFloat64), {});
  EXPECT_EQ(e.verdict, Verdict::kKinkMinimum) << e.reason;
  EXPECT_TRUE(names(e.reason, "not needed")) << e.reason;
  EXPECT_NEAR(e.min_eigenvalue, 0.1, 1e-12);
  EXPECT_EQ(c.fault(e), "");
  // Beyond its end: y = −0.2, 1 and 1 pull b to the right of 0.
  auto far = c.data;
  far.inputs = at::zeros({3, 1}, torch::kFloat64);
  far.targets = at::tensor({0., 1., 1.}, torch::kFloat64).view({3, 1});
  const Case beyond{{.depth = 0}, c.loss, far};
  const auto other = judge(beyond.problem(), at::zeros({2}, torch::kFloat64), {});
  EXPECT_EQ(other.certificate, Certificate::kNone) << other.reason;
  auto forged = e;
  forged.loss = 2.0 / 3;
  EXPECT_TRUE(names(beyond.fault(forged), "a kink does not hold"))
      << beyond.fault(forged);
}

TEST(ForgedClaims, OfAKinkMinimumAreNamed) {
  const Case c{{.depth = 1, .width = 3}, {.weight_decay = 1e-2}, random_data(12, 2, 0)};
  Endpoint kink;
  for (const auto& e : c.ends(12)) {
    if (e.verdict == Verdict::kKinkMinimum && e.kinks > 0) kink = e;
  }
  ASSERT_EQ(kink.verdict, Verdict::kKinkMinimum);
  EXPECT_EQ(c.fault(kink), "");
  auto fewer = kink;
  --fewer.kinks;
  EXPECT_TRUE(names(c.fault(fewer), "kinks, not"));
  auto margin = kink;
  margin.kink_margin += 1e-3;
  EXPECT_TRUE(names(c.fault(margin), "slope share"));
  auto word = kink;
  word.certificate = Certificate::kHessian;
  EXPECT_TRUE(names(c.fault(word), "certified as a minimum by hessian"));
  auto bent = kink;
  bent.min_eigenvalue += 1e-3 * bent.max_eigenvalue;
  EXPECT_TRUE(names(c.fault(bent), "eigenvalues along the kinks")) << c.fault(bent);
  auto force = kink;
  force.kink_force *= 2;
  EXPECT_TRUE(names(c.fault(force), "least force"));
  auto index = kink;
  index.index = 1;
  EXPECT_TRUE(names(c.fault(index), "negative eigenvalues"));
  auto zeroed = kink;
  ++zeroed.zeroed;
  EXPECT_TRUE(names(c.fault(zeroed), "units at zero"));
  auto smooth = kink;
  smooth.verdict = Verdict::kStrictMinimum;
  smooth.certificate = Certificate::kHessian;
  smooth.nullity = smooth.explained = 0;
  EXPECT_TRUE(names(c.fault(smooth), "it lies on a kink"));
}

// A bit of an exponent: numbers that no decomposition takes are a fault, too.
TEST(ForgedClaims, OfWeightsBeyondAllBoundsAreNamed) {
  const Case kinked{
      {.depth = 1, .width = 3}, {.weight_decay = 1e-2}, random_data(12, 2, 0)};
  const Case smooth{kTanh, {.weight_decay = 1e-2}, xor_data()};
  for (const auto* c : {&kinked, &smooth}) {
    for (const auto& e : c->ends(4)) {
      if (!is_certified(e)) continue;
      for (int64_t p = 0; p < e.theta.numel(); ++p) {
        for (const double factor : {0x1p512, 0x1p-512, 0x1p900, Endpoint::kNan}) {
          auto far = e;
          far.theta = e.theta.clone();
          far.theta[p] *= factor;
          if (far.theta[p].item<double>() == e.theta[p].item<double>()) continue;
          std::string fault;
          ASSERT_NO_THROW(fault = c->fault(far)) << p << " by " << factor;
          EXPECT_NE(fault, "") << p << " by " << factor;
        }
      }
    }
  }
}

TEST(ForgedClaims, OfAConvexMinimumAreNamed) {
  // Medians: every b in [2, 3] is a minimum of Σ |b − y| for y = 1, 2, 3, 10.
  Dataset data{.name = "medians", .inputs = at::zeros({4, 1}, torch::kFloat64)};
  data.targets = testing::vector({1, 2, 3, 10}).view({4, 1});
  const Case c{{.depth = 0}, {.kind = LossKind::kAbsolute}, data};
  const auto at = [&](double b) {
    return judge(c.problem(), testing::vector({0.7, b}), {});
  };
  for (const double b : {2.0, 2.3, 2.5, 3.0}) {
    const auto e = at(b);
    EXPECT_EQ(e.certificate, Certificate::kConvex) << b << ": " << e.reason;
    EXPECT_EQ(c.fault(e), "") << b;
  }
  for (const double b : {1.0, 1.9, 3.1, 10.0}) {
    auto e = at(b);
    EXPECT_FALSE(is_certified(e)) << b << ": " << e.reason;
    e.verdict = Verdict::kDegenerateMinimum;
    e.certificate = Certificate::kConvex;
    const bool inside = b == 1.9 || b == 3.1;
    EXPECT_TRUE(names(c.fault(e), inside ? "gradient" : "needs a slope"))
        << b << ": " << c.fault(e);
    EXPECT_TRUE(names(c.fault(e), "less")) << b << ": " << c.fault(e);
  }
  // No rule shows that a network of two layers is convex.
  const Case deep{kTanh, {.weight_decay = 1e-2}, xor_data()};
  auto e = deep.ends(1)[0];
  e.certificate = Certificate::kConvex;
  EXPECT_TRUE(names(deep.fault(e), "no composition rule"));
}

TEST(ForgedClaims, RightOnesPassForEveryKindOfCertificate) {
  const Case relu{{.depth = 1,
                   .width = 1,
                   .activation = Elementwise::kRelu,
                   .output_activation = Elementwise::kRelu},
                  {},
                  random_data(1, 1, 0)};
  // Strictly inactive: constant.
  auto theta = testing::vector({0.1, -50.0, 1.0, -2.0});
  const auto flat = judge(relu.problem(), theta, {});
  EXPECT_EQ(flat.certificate, Certificate::kConstant) << flat.reason;
  EXPECT_EQ(relu.fault(flat), "");
  // Scaling explains the zero modes of two layers without activation.
  const Case linear{{.depth = 1, .width = 2, .activation = Elementwise::kIdentity},
                    {},
                    random_data(20, 2, 0, 2)};
  for (const auto& e : linear.ends(3)) {
    EXPECT_EQ(e.verdict, Verdict::kMinimumModuloSymmetry) << e.reason;
    EXPECT_EQ(linear.fault(e), "");
  }
}

TEST(LowerBounds, AreFoundByTwoRoutes) {
  const auto y = at::tensor({-1., 1., 0.3, -0.4}, torch::kFloat64).view({4, 1});
  for (const auto kind : {LossKind::kMse, LossKind::kHuber, LossKind::kAbsolute}) {
    for (const auto phi : {Elementwise::kIdentity,
                           Elementwise::kRelu,
                           Elementwise::kAbs,
                           Elementwise::kSquare,
                           Elementwise::kTanh,
                           Elementwise::kSigmoid,
                           Elementwise::kSin,
                           Elementwise::kSoftplus,
                           Elementwise::kElu,
                           Elementwise::kGelu,
                           Elementwise::kSilu}) {
      const LossOptions loss{.kind = kind};
      double slow = 0;
      for (int64_t i = 0; i < 4; ++i)
        slow +=
            static_cast<double>(least_sample_loss(loss, phi, y[i][0].item<double>())) /
            4;
      const double fast = least_loss(loss, phi, y);
      EXPECT_EQ(std::isfinite(fast), std::isfinite(slow)) << static_cast<int>(phi);
      if (!std::isfinite(fast)) continue;
      EXPECT_NEAR(fast, slow, 1e-9) << static_cast<int>(phi);
    }
  }
  // A relu cannot answer less than 0.
  EXPECT_DOUBLE_EQ(
      least_loss({}, Elementwise::kRelu, at::full({1, 1}, -1.0, torch::kFloat64)), 0.5);
  // Zero is only a limit for the logistic loss.
  EXPECT_EQ(least_loss({.kind = LossKind::kLogistic},
                       Elementwise::kIdentity,
                       at::ones({1, 1}, torch::kFloat64)),
            -INFINITY);
}

// Moves find nothing below a minimum on kinks, and something beside it.
// Of the second layer one unit is at zero; it is silent on 28 samples, on which a unit
// of the third lies on one kink with forces of both signs. The unit at zero, if it
// grows, sets them apart.
TEST(SharedKinks, OfALayerThatUnitsAtZeroKeepSilentAreFollowed) {
  const auto split = load_data({.source = DataSource::kMoons,
                                .samples = 60,
                                .noise = 0.25,
                                .standardize = Standardize::kInputs},
                               1);
  ModelOptions model{.depth = 4};
  model.widths = {3, 2, 3, 3};
  const Case c{model, {.kind = LossKind::kLogistic, .weight_decay = 1e-2}, split.train};
  const auto start = vector(
      {-0.266335, -1.35764, 0.00319434, -0.176481, 1.03222,  -0.228429, -0.163522,
       0.014827,  -0.06346, 0,          0,         0,        1.39315,   0.177131,
       1.05909,   0,        -0.35234,   0,         1.66457,  0,         -0.668779,
       0,         0,        0,          0.710337,  0,        0.980608,  -0.265233,
       0,         1.09126,  -0.295162,  0,         -0.78635, 0.891277,  0,
       0.155207,  0.17272,  0.809957,   1.02763,   1.14359,  -1.43832,  -0.358421});
  const auto e = polish_and_judge(c.problem(), start.unsqueeze(0), 0, {false}, {})[0];
  ASSERT_EQ(e.verdict, Verdict::kModuloSplitting) << e.reason;
  EXPECT_TRUE(names(e.reason, "set samples apart")) << e.reason;
  EXPECT_EQ(c.fault(e), "");
  // Labels exchanged on the silent samples change nothing in the pruned network: the
  // loss, its gradient and its Hessian are the same. In the order of an input
  // they let the unit grow.
  const auto probe = c.objective.layer_probes(e.theta, {})[1];
  const auto silent = (probe.pre.select(1, 1) < -1e-9).nonzero().squeeze(1);
  const auto sorted = std::get<0>(split.train.labels.index_select(0, silent).sort());
  const auto order = split.train.inputs.index_select(0, silent).select(1, 0).argsort();
  auto data = split.train;
  data.labels = data.labels.index_copy(0, silent.index_select(0, order), sorted);
  const Case other{c.model, c.loss, data};
  const auto fault = other.fault(e);
  EXPECT_TRUE(names(fault, "sets samples apart lowers the loss")) << fault;
  EXPECT_FALSE(names(fault, "gradient")) << fault;
  EXPECT_FALSE(names(fault, "eigenvalue")) << fault;
}

TEST(Moves, FallFromNoMinimum) {
  const Case c{{.depth = 2, .width = 3},
               {.weight_decay = 1e-2},
               {.name = "line",
                .inputs = at::linspace(-1, 1, 9, at::kDouble).unsqueeze(1),
                .targets = at::linspace(-1, 1, 9, at::kDouble).square().unsqueeze(1)}};
  int certified = 0;
  for (const auto& e : c.ends(6)) {
    if (e.certificate == Certificate::kNone || e.kinks == 0) continue;
    ++certified;
    const auto none = moves_of(c.context(), c.objective, e, 600);
    EXPECT_EQ(none.moves, 600);
    EXPECT_EQ(none.fall, 0) << none.length;
    auto beside = e;
    beside.theta = e.theta + 1e-5 * normal({e.theta.size(0)}, 8);
    const auto some = moves_of(c.context(), c.objective, beside, 600);
    EXPECT_GT(some.fall, 0);
    EXPECT_GE(some.length, kShortestMove);
    EXPECT_LE(some.length, kLongestMove);
  }
  EXPECT_GT(certified, 0);
}

}  // namespace
}  // namespace basin
