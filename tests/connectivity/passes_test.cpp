// Bands, saddles and trees on surfaces whose passes are known.

#include <gtest/gtest.h>

#include "connectivity/curve.h"
#include "connectivity/merge_tree.h"
#include "minima/newton.h"
#include "support/surfaces.h"

namespace basin {
namespace {

using namespace testing;

double loss_at(const Surface& surface, const torch::Tensor& theta) {
  return surface.value(theta.unsqueeze(0)).item<double>();
}

MinimaProblem problem_of(const Surface& surface) {
  return {
      .objective = surface,
      .layout = {.layers = {{.name = "xy", .rows = 1, .columns = 2}}, .dimension = 2}};
}

Node node_at(const MinimaProblem& problem, int64_t id, const torch::Tensor& start) {
  const auto found = minimize_newton(problem.objective, start, {});
  Node out{.id = id,
           .endpoint = judge(problem, found.theta, {}),
           .hits = 1,
           .origin = "seeds"};
  EXPECT_EQ(out.endpoint.verdict, Verdict::kStrictMinimum);
  return out;
}

Graph joined(const MinimaProblem& problem,
             const std::vector<Node>& nodes,
             const ConnectivityOptions& options) {
  Graph graph{.nodes = nodes};
  for (auto next = next_pairs(graph, options, 4); !next.empty();
       next = next_pairs(graph, options, 4)) {
    for (const auto& pair : next) {
      auto found = join(problem,
                        align_pair(problem, nullptr, graph, pair, options, 1),
                        pair,
                        options,
                        {});
      absorb(problem, graph, found, options, {});
    }
  }
  return graph;
}

// The band between the deepest two minima of the Müller-Brown surface.
Band mueller_brown_band(int64_t images, bool climb) {
  const MuellerBrown surface;
  const auto problem = problem_of(surface);
  const auto a = node_at(problem, 0, point(-0.55, 1.44)).endpoint.theta;
  const auto b = node_at(problem, 1, point(0.62, 0.03)).endpoint.theta;
  return relax_band(surface,
                    straight_images(a, b, images),
                    {.iterations = 20'000, .force_tolerance = 1e-6, .climb = climb});
}

double polyline_top(const Band& band) {
  const MuellerBrown surface;
  double out = -1e300;
  for (int64_t i = 0; i + 1 < band.images.size(0); ++i)
    out = std::max(out, highest_on(surface, band.images[i], band.images[i + 1]).loss);
  return out;
}

TEST(Passes, ABandWithoutClimbingMissesThePassAsMethodsSay) {
  // methods.md, section 9: -39.71 with 7 images, -40.605 with 21; the pass is -40.6648.
  const auto few = mueller_brown_band(7, false), many = mueller_brown_band(21, false);
  EXPECT_EQ(few.status, BandStatus::kRelaxed);
  EXPECT_EQ(many.status, BandStatus::kRelaxed);
  EXPECT_NEAR(polyline_top(few), -39.71, 0.005);
  EXPECT_NEAR(polyline_top(many), -40.605, 0.001);
  EXPECT_LT(few.loss[static_cast<size_t>(few.top())], -40.6648);
}

TEST(Passes, AClimbingImageReachesThePass) {
  const auto band = mueller_brown_band(9, true);
  EXPECT_EQ(band.status, BandStatus::kRelaxed);
  EXPECT_NEAR(band.loss[static_cast<size_t>(band.top())], -40.6648, 1e-4);
}

TEST(Passes, MuellerBrownHasThreeMinimaAndTwoSaddles) {
  const MuellerBrown surface;
  const auto problem = problem_of(surface);
  const auto graph = joined(
      problem,
      {node_at(problem, 0, point(-0.55, 1.44)), node_at(problem, 1, point(0.62, 0.03))},
      {.force_tolerance = 1e-2});
  // The third minimum, at (-0.05, 0.467), was found on the way.
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(graph.nodes[2].origin, "path");
  EXPECT_NEAR(graph.nodes[0].endpoint.loss, -146.69951721, 1e-8);
  EXPECT_NEAR(graph.nodes[1].endpoint.loss, -108.16672412, 1e-8);
  EXPECT_NEAR(graph.nodes[2].endpoint.loss, -80.76781813, 1e-8);
  const auto tree = merge_tree(graph);
  ASSERT_TRUE(tree.complete());
  EXPECT_TRUE(tree.joins[0].proved && tree.joins[1].proved);
  EXPECT_NEAR(tree.joins[0].loss, -72.24894011, 1e-8);
  EXPECT_NEAR(tree.joins[1].loss, -40.66484351, 1e-8);
}

TEST(Passes, FourWellsAreJoinedOverTheirExactPasses) {
  const FourWells surface;
  const auto problem = problem_of(surface);
  const auto x = FourWells::places(FourWells::kTiltX);
  const auto y = FourWells::places(FourWells::kTiltY / 2);
  std::vector<Node> nodes;
  for (const double sx : {-1.0, 1.0}) {
    for (const double sy : {-1.0, 1.0}) {
      nodes.push_back(
          node_at(problem, static_cast<int64_t>(nodes.size()), point(sx, sy)));
    }
  }
  for (size_t k = 0; k < 4; ++k) {
    const auto exact = point(x[k / 2 * 2], y[k % 2 * 2]);
    EXPECT_LT((nodes[k].endpoint.theta - exact).abs().max().item<double>(), 1e-8);
  }
  const auto graph = joined(problem, nodes, {});
  EXPECT_EQ(graph.nodes.size(), 4u);
  const auto tree = merge_tree(graph);
  ASSERT_TRUE(tree.complete());
  // In x from (−, −) and from (−, +), then in y on the lower side.
  std::vector<double> exact{loss_at(surface, point(x[1], y[0])),
                            loss_at(surface, point(x[1], y[2])),
                            loss_at(surface, point(x[0], y[1]))};
  std::sort(exact.begin(), exact.end());
  for (size_t k = 0; k < 3; ++k) {
    EXPECT_TRUE(tree.joins[k].proved);
    EXPECT_NEAR(tree.joins[k].loss, exact[k], 1e-8);
  }
  EXPECT_EQ(components(graph, 0.0), (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(components(graph, 10.0), (std::vector<int64_t>{0, 0, 0, 0}));
  // Basins from (−, −), deepest of all, to (+, +): in x they are .80 and .81 deep, in y
  // more than 1.4.
  EXPECT_EQ(components(graph, 1.0), (std::vector<int64_t>{0, 1, 0, 1}));
}

TEST(Passes, TheSaddleOfADoubleWellIsFoundFromItsWellSide) {
  const TwoWells surface;
  const auto found = find_saddle(surface, point(0.5, 0.3), point(1, 0), {});
  ASSERT_TRUE(found.converged);
  EXPECT_LT(found.theta.abs().max().item<double>(), 1e-12);
  const auto crossing = cross(problem_of(surface), found.theta, {});
  ASSERT_TRUE(crossing.proved) << crossing.problem;
  EXPECT_NEAR(crossing.left.theta[0].item<double>(), -1, 1e-8);
  EXPECT_NEAR(crossing.right.theta[0].item<double>(), 1, 1e-8);
}

TEST(Passes, TheFlowIsThatOfTheDifferentialEquation) {
  // x' = -4 x (x² - 1), y' = -2 y: y / y0 = e^{-2t}; from (2, 1) both come in together.
  const TwoWells surface;
  const auto end = follow_gradient(surface, point(2, 1), {.error = 1e-3, .near = 1e-2});
  ASSERT_TRUE(end.arrived);
  EXPECT_TRUE(end.monotone);
  const double x = end.theta[0].item<double>(), y = end.theta[1].item<double>();
  // 1 - 1/x² = 3/4 e^{-8t} along the way.
  const double t = -0.5 * std::log(y);
  EXPECT_NEAR(x, 1 / std::sqrt(1 - 0.75 * std::exp(-8 * t)), 1e-3);
}

TEST(Passes, CurvesBendRoundTheHill) {
  // Both ways round the top of the Müller-Brown ridge are lower than straight over it.
  const MuellerBrown surface;
  const auto problem = problem_of(surface);
  const auto a = node_at(problem, 0, point(-0.55, 1.44)).endpoint.theta;
  const auto b = node_at(problem, 1, point(0.62, 0.03)).endpoint.theta;
  const double straight = highest_on(surface, a, b).loss;
  for (const auto kind : {CurveKind::kBezier, CurveKind::kChain}) {
    const auto curve = optimise_curve(surface, a, b, {.kind = kind, .bends = 5});
    EXPECT_LT(curve.top, straight - 1);
    EXPECT_GE(curve.top, -40.66484351 - 1e-8);  // no path is lower than the pass
    EXPECT_TRUE(curve.control[0].equal(a) && curve.control[-1].equal(b));
    // The quadrature is right: against 20,001 points of the trapezoidal rule.
    const auto t = at::linspace(0, 1, 20'001, torch::kFloat64);
    const auto loss = surface.value(points_of(curve, t));
    const double mean =
        ((loss.sum() - 0.5 * (loss[0] + loss[-1])) / 20'000).item<double>();
    EXPECT_NEAR(curve.mean, mean, kind == CurveKind::kBezier ? 1e-3 : 0.5);
    EXPECT_GE(curve.top, loss.max().item<double>() - 1e-6);
  }
}

TEST(Passes, AMinimumIsNoSaddle) {
  const TwoWells surface;
  const auto crossing = cross(problem_of(surface), point(1, 0), {});
  EXPECT_FALSE(crossing.proved);
  EXPECT_NE(crossing.problem.find("not a saddle"), std::string::npos);
}

}  // namespace
}  // namespace basin
