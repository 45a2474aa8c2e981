#include "report/measures.h"

#include <gtest/gtest.h>

#include "report/sweep_page.h"
#include "support/problems.h"

namespace basin {
namespace {

TEST(NegativePart, CountsRegionsJoinedAlongRowsAndColumns) {
  const auto least = at::tensor({-1.0,
                                 1.0,
                                 -1.0,
                                 1.0,  //
                                 -1.0,
                                 1.0,
                                 1.0,
                                 -1.0,  //
                                 1.0,
                                 1.0,
                                 -1.0,
                                 -1.0,  //
                                 1.0,
                                 1.0,
                                 1.0,
                                 -1.0},
                                torch::kFloat64)
                         .view({4, 4});
  const auto part = negative_part(least, at::ones({4, 4}, torch::kFloat64));
  EXPECT_EQ(part.share, 7.0 / 16);
  EXPECT_EQ(part.regions, 3);  // a corner does not join
}

TEST(NegativePart, LeavesRoundingOut) {
  auto least = at::full({3, 3}, -1e-15, torch::kFloat64);
  const auto largest = at::ones({3, 3}, torch::kFloat64);
  EXPECT_EQ(negative_part(least, largest).regions, 0);
  least[1][1] = -1e-9;
  const auto part = negative_part(least, largest);
  EXPECT_EQ(part.regions, 1);
  EXPECT_DOUBLE_EQ(part.share, 1.0 / 9);
}

TEST(Measures, OfAnEmptyRunAreNoNumber) {
  const auto empty = measures_of(RunReport{});
  EXPECT_TRUE(std::all_of(empty.begin(), empty.end(), [](const Measure& m) {
    return std::isnan(m.value) || m.value == 0;
  }));
}

double measure(const RunReport& report, const std::string& name) {
  for (const auto& m : measures_of(report)) {
    if (m.name == name) return m.value;
  }
  return -1;
}

// Three pairs of minima of loss 0: the lines as stored, the best of the lines, the
// path.
TEST(Measures, OfBarriersAreMediansOverPairs) {
  RunReport report;
  for (int64_t i = 0; i < 3; ++i) {
    Node node;
    node.id = i;
    node.endpoint.loss = 0.5;
    report.graph.nodes.push_back(node);
  }
  const auto line = [](const char* method, double pass) {
    AlignmentCandidate c;
    c.method = method;
    c.line.loss.pass = pass;
    return c;
  };
  const std::vector<std::pair<int64_t, int64_t>> pairs{{0, 1}, {0, 2}, {1, 2}};
  for (size_t k = 0; k < 3; ++k) {
    const double size = static_cast<double>(k + 1);
    Attempt t;
    t.a = pairs[k].first;
    t.b = pairs[k].second;
    t.lines = {line("stored, weights", 2 * size), line("stored, none", 5 * size)};
    t.bound = 0.5 + size;
    report.graph.attempts.push_back(t);
    t.lines = {};  // a further variant of the same pair
    t.bound = 100;
    t.aligned = false;
    report.graph.attempts.push_back(t);
  }
  EXPECT_EQ(measure(report, "pairs"), 3);
  EXPECT_EQ(measure(report, "barrier_raw"), 10);
  EXPECT_EQ(measure(report, "barrier_aligned"), 4);
  EXPECT_EQ(measure(report, "barrier_path"), 2);
}

PointCurvature point_of(const std::string& name, double norm, double radius) {
  PointCurvature p;
  p.point = name;
  p.gauge = "stored";
  p.norm = norm;
  p.complete = true;
  p.largest = {{radius, 0}};
  p.radii.random = {{radius, RadiusEnd::kFound},
                    {100 * radius, RadiusEnd::kAtLeast},
                    {0.01 * radius, RadiusEnd::kAtMost},
                    {NAN, RadiusEnd::kUndefined}};
  p.radii.top = {{0.5 * radius, RadiusEnd::kFound}, {1e9, RadiusEnd::kFound}};
  return p;
}

// Five certified minima of norm 2 and a saddle between them.
TEST(Measures, OfCurvatureAreMediansAndQuartilesOverMinima) {
  RunReport report;
  report.points.push_back(point_of("seed 3 (saddle)", 2, 1e6));
  for (const double r : {10, 2, 4, 8, 6})
    report.points.push_back(
        point_of("minimum " + std::to_string(static_cast<int>(r)), 2, r));
  EXPECT_EQ(measure(report, "curvature_points"), 5);
  EXPECT_EQ(measure(report, "lambda_max"), 6);
  EXPECT_EQ(measure(report, "quadratic_radius"), 3);
  EXPECT_EQ(measure(report, "quadratic_radius_low"), 2);
  EXPECT_EQ(measure(report, "quadratic_radius_high"), 4);
  EXPECT_EQ(measure(report, "quadratic_radius_top"), 1.5);
  EXPECT_EQ(measure(report, "quadratic_bounds"), 0.75);
  EXPECT_TRUE(std::isnan(measure(report, "convex_radius")));
}

TEST(Measures, OfCurvatureAreInTheBalancedGaugeWhereThereIsOne) {
  RunReport report;
  report.points = {point_of("minimum 0", 2, 10), point_of("minimum 0", 1, 3)};
  report.points[1].gauge = "balanced";
  EXPECT_EQ(measure(report, "curvature_points"), 1);
  EXPECT_EQ(measure(report, "quadratic_radius"), 3);
}

TEST(Measures, PutTheProvedRadiusBesideTheQuadraticOne) {
  RunReport report;
  report.minima.resize(2);
  report.minima[1].id = 1;
  for (auto& m : report.minima) {
    m.endpoint.verdict = Verdict::kStrictMinimum;
    m.endpoint.certificate = Certificate::kHessian;
  }
  report.points = {point_of("minimum 0", 2, 10), point_of("minimum 1", 4, 10)};
  report.boxes[1].radius = 0.5;
  EXPECT_EQ(measure(report, "convex_radius"), 0.125);
}

TEST(Measures, StandInOneOrderWhateverEachRunAskedFor) {
  std::vector<SweepRow> rows(2);
  rows[0].measures = {{"a", "A", 1}, {"c", "C", 3}};
  rows[1].measures = {{"b", "B", 5}, {"a", "A", 4}};
  align_measures(rows);
  const auto names = [](const SweepRow& row) {
    std::string out;
    for (const auto& m : row.measures) out += m.name;
    return out;
  };
  EXPECT_EQ(names(rows[0]), "acb");
  EXPECT_EQ(names(rows[1]), "acb");
  EXPECT_EQ(rows[0].measures[1].value, 3);
  EXPECT_TRUE(std::isnan(rows[0].measures[2].value));
  EXPECT_EQ(rows[1].measures[0].value, 4);
  EXPECT_TRUE(std::isnan(rows[1].measures[1].value));
}

}  // namespace
}  // namespace basin
