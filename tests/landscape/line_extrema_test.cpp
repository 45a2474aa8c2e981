#include "landscape/line_extrema.h"

#include <gtest/gtest.h>

#include "landscape/slice.h"
#include "model/fused_objective.h"
#include "support/networks.h"

namespace basin {
namespace {

using testing::network_for;
using testing::normal;
using testing::random_data;

struct Case {
  ModelOptions model;
  LossOptions loss;
  int64_t samples;
};

LineSegment random_line(const Network& network, uint64_t index) {
  const auto two = initial_parameters(network, index, 0, 2);
  return {.origin = two[0].contiguous(),
          .direction = normal({network.layout.dimension}, 100 + index),
          .low = -1.5,
          .high = 1.5};
}

// The slope of L along the line.
double slope_at(const SampledObjective& objective, const LineSegment& line, double t) {
  const auto theta = (line.origin + t * line.direction).unsqueeze(0);
  return objective.value_and_gradient(theta)
      .gradient[0]
      .dot(line.direction)
      .item<double>();
}

struct Found {
  double t;
  ExtremumKind kind;
};

// Turns of L on `count` points; where exactly, by bisection on the slope.
std::vector<Found> brute_force(const SampledObjective& objective,
                               const LineSegment& line,
                               int64_t count) {
  const auto zero = at::zeros_like(line.direction);
  const auto plane = objective.on_plane(line.origin, line.direction, zero);
  const auto t = at::linspace(line.low, line.high, count, torch::kFloat64);
  const auto loss = plane->at(t, at::zeros_like(t)).loss;
  const auto* l = loss.data_ptr<double>();
  const auto* x = t.data_ptr<double>();
  std::vector<Found> out;
  int64_t last = -1;  // the last step that was not flat
  for (int64_t i = 0; i + 1 < count; ++i) {
    const double rise = l[i + 1] - l[i];
    if (std::abs(rise) <= 1e-14 * std::abs(l[i])) continue;
    if (last >= 0 && (rise > 0) != (l[last + 1] > l[last])) {
      double a = x[last], b = x[i + 1];
      const bool falls = rise > 0;
      while (b - a > 1e-13) {
        const double m = 0.5 * (a + b);
        ((slope_at(objective, line, m) > 0) == falls ? b : a) = m;
      }
      out.push_back(
          {0.5 * (a + b), falls ? ExtremumKind::kMinimum : ExtremumKind::kMaximum});
    }
    last = i;
  }
  return out;
}

Case random_case(int64_t i) {
  const Elementwise phis[] = {
      Elementwise::kRelu, Elementwise::kLeakyRelu, Elementwise::kAbs};
  const LossKind losses[] = {
      LossKind::kMse, LossKind::kHuber, LossKind::kAbsolute, LossKind::kMse};
  return {.model = {.depth = 1 + i % 4,
                    .width = 2 + i % 5,
                    .activation = phis[i % 3],
                    .skip = i % 5 == 0},
          .loss = {.kind = losses[i % 4], .weight_decay = i % 2 == 0 ? 0.0 : 1e-2},
          .samples = 3 + i % 9};
}

TEST(LineExtrema, AreThoseOfAMillionPointsOnFiftyReluNetworks) {
  int64_t all = 0, kinks = 0;
  for (int64_t i = 0; i < 50; ++i) {
    const auto c = random_case(i);
    const auto data = random_data(c.samples, 2, 0);
    const auto network = network_for(c.model, c.loss, data);
    const FusedObjective<double> objective(network, c.loss, data);
    const auto line = random_line(network, static_cast<uint64_t>(i));
    const auto exact = find_extrema(objective, line, 0, 1);
    ASSERT_EQ(exact.method, ExtremaMethod::kExact) << exact.problem;
    const auto brute = brute_force(objective, line, 1'000'000);
    ASSERT_EQ(exact.points.size(), brute.size()) << "network " << i;
    for (size_t k = 0; k < brute.size(); ++k) {
      const auto& e = exact.points[k];
      EXPECT_EQ(e.kind, brute[k].kind) << "network " << i;
      EXPECT_GT(brute[k].t, e.t - 1e-9) << "network " << i;
      EXPECT_LT(brute[k].t, e.end + 1e-9) << "network " << i;
      kinks += e.kink;
    }
    all += static_cast<int64_t>(brute.size());
  }
  EXPECT_GT(all, 100);
  EXPECT_GT(kinks, 20);
}

TEST(LineExtrema, PiecesHaveTheValueOfTheLoss) {
  for (const auto kind :
       {LossKind::kMse, LossKind::kHuber, LossKind::kHinge, LossKind::kAbsolute}) {
    const LossOptions loss{.kind = kind, .weight_decay = 1e-2, .huber_delta = 0.5};
    const auto data = random_data(20, 3, kind == LossKind::kHinge ? 2 : 0);
    const auto network =
        network_for({.depth = 3, .width = 5, .skip = true}, loss, data);
    const NetworkObjective objective(network, loss, data);
    const auto line = random_line(network, 7);
    const auto pieces = objective.on_line(line, 2).pieces.value();
    for (int i = 0; i <= 300; ++i) {
      const double t = -1.5 + 0.01 * i;
      const auto theta = (line.origin + t * line.direction).unsqueeze(0);
      const double expected = objective.value(theta).item<double>();
      EXPECT_NEAR(pieces.value(t), expected, 1e-12 * expected) << "t " << t;
    }
  }
}

TEST(LineExtrema, TakeAFlatStretchForOneMinimum) {
  // ((1 - relu(t))² + ...) of one dead-or-alive unit: |t| - 1 cut off at 0 is flat.
  const PiecewisePolynomial trough{.breaks = {-2, -1, 1, 2},
                                   .pieces = {{0.5, -0.5}, {0.0}, {0.5, 0.5}}};
  const auto found = extrema_of(trough);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].t, -1);
  EXPECT_EQ(found[0].end, 1);
  EXPECT_TRUE(found[0].kink);
}

TEST(LineExtrema, AreBracketedWhereTheLossIsSmooth) {
  const LossOptions loss{.weight_decay = 1e-2};
  const auto data = random_data(12, 2, 0);
  const auto network = network_for(
      {.depth = 2, .width = 4, .activation = Elementwise::kTanh}, loss, data);
  const FusedObjective<double> objective(network, loss, data);
  const auto line = random_line(network, 3);
  const auto found = find_extrema(objective, line, 501, 2);
  EXPECT_EQ(found.method, ExtremaMethod::kBracketed);
  const auto brute = brute_force(objective, line, 100'000);
  ASSERT_EQ(found.points.size(), brute.size());
  ASSERT_GT(brute.size(), 0u);
  for (size_t k = 0; k < brute.size(); ++k)
    EXPECT_NEAR(found.points[k].t, brute[k].t, 1e-9);
  EXPECT_NE(found.sentence().find("bracketed"), std::string::npos);
}

}  // namespace
}  // namespace basin
