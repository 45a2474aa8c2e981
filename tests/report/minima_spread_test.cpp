#include "report/minima_spread.h"

#include <gtest/gtest.h>

namespace basin {
namespace {

RunReport report_with(int64_t minima) {
  RunReport out;
  for (int64_t i = 0; i < minima; ++i) {
    Minimum m;
    m.id = i;
    m.endpoint.loss = 0.25 * static_cast<double>(i);
    m.endpoint.min_eigenvalue = 1;
    m.endpoint.certificate = Certificate::kHessian;
    out.minima.push_back(m);
  }
  return out;
}

TEST(MinimaSpread, SaysNothingOfAFew) {
  EXPECT_TRUE(minima_spread(report_with(kManyMinima)).empty());
  EXPECT_EQ(spread_text(report_with(0)), "");
}

TEST(MinimaSpread, KnowsLeastMedianAndGreatest) {
  const auto rows = minima_spread(report_with(12));
  ASSERT_EQ(rows.size(), 2u);  // accuracy is not known, kinks are none
  EXPECT_EQ(rows[0].what, "loss");
  EXPECT_EQ(rows[0].least, "0");
  EXPECT_EQ(rows[0].median, "1.375");
  EXPECT_EQ(rows[0].greatest, "2.75");
  EXPECT_EQ(minima_spread(report_with(13))[0].median, "1.5");
}

TEST(MinimaSpread, LeavesOutWhatIsNotCertified) {
  auto report = report_with(12);
  report.minima.back().endpoint.certificate = Certificate::kNone;
  EXPECT_EQ(minima_spread(report)[0].greatest, "2.5");
}

TEST(MinimaSpread, AddsKinksWhereEveryMinimumHasSome) {
  auto report = report_with(11);
  for (auto& m : report.minima) {
    m.endpoint.kinks = 3 + m.id;
    m.endpoint.kink_margin = 0.1;
    m.endpoint.radius = 1e-3;
  }
  const auto rows = minima_spread(report);
  ASSERT_EQ(rows.size(), 5u);
  EXPECT_EQ(rows[2].median, "8");
  report.minima[4].endpoint.kinks = 0;
  EXPECT_EQ(minima_spread(report).size(), 2u);
}

}  // namespace
}  // namespace basin
