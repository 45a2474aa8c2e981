#include "minima/count.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace basin {
namespace {

TEST(Count, EstimatesNothingUnseenWhenEveryClassWasHitTwice) {
  const auto count = count_classes({5, 3, 2});
  EXPECT_EQ(count.count, 3);
  EXPECT_EQ(count.at_least, 3.0);
  EXPECT_EQ(count.coverage, 1.0);
}

TEST(Count, FewSeedsProveLittleCoverage) {
  EXPECT_EQ(count_classes({2}).least_coverage, 0);
  EXPECT_LT(count_classes({384}).least_coverage, 0.99);
  EXPECT_GE(count_classes({385}).least_coverage, 0.99);
  EXPECT_LT(count_classes({384, 1}).least_coverage, 0.99);
  // Classes hit twice say that others were missed, though none was hit once.
  EXPECT_LT(count_classes({400, 2, 2, 2, 2}).least_coverage, 0.985);
}

TEST(Count, FollowsChaosFormula) {
  const auto count = count_classes({1, 1, 1, 2, 2, 7});  // f1 = 3, f2 = 2, n = 14
  EXPECT_DOUBLE_EQ(count.at_least, 6 + 3.0 * 2 / (2 * 3));
  EXPECT_DOUBLE_EQ(count.coverage, 1 - 3.0 / 14);
}

TEST(Count, SaysNothingOfOthersWhereNoneWasHitTwice) {
  for (const auto& hits : {std::vector<int64_t>{1}, std::vector<int64_t>(55, 1)}) {
    const auto count = count_classes(hits);
    EXPECT_TRUE(std::isnan(count.more.low));
    EXPECT_TRUE(std::isnan(count.more.high));
    EXPECT_EQ(count.at_least, static_cast<double>(hits.size()));
    EXPECT_EQ(count.coverage, 0);
    EXPECT_EQ(count.least_coverage, 0);
  }
  const auto none = count_classes({});
  EXPECT_TRUE(std::isnan(none.more.high));
  EXPECT_TRUE(std::isnan(none.least_coverage));
}

// 2^-5 > 0.025 > 2^-6: of none among f1 and b new ones.
TEST(Count, LeavesRoomForFiveMoreWhereNoneIsRare) {
  const auto count = count_classes({100, 50});
  EXPECT_EQ(count.more.low, 0);
  EXPECT_EQ(count.more.high, 5);
  EXPECT_EQ(count_classes({2}).more.high, 2);  // no more than there are seeds
}

// What the page says of them: at least 95 % of the intervals hold, whatever the law.
TEST(Count, IntervalsHoldAsOftenAsTheySay) {
  std::vector<std::vector<double>> laws;
  for (const int classes : {1, 6, 20, 100, 400}) {
    laws.emplace_back(classes, 1.0);
  }
  std::vector<double> geometric, zipf, rare{0.99}, half{1.0};
  for (int k = 0; k < 400; ++k) geometric.push_back(std::pow(0.9, k));
  for (int k = 1; k <= 400; ++k) zipf.push_back(std::pow(k, -1.5));
  for (int k = 0; k < 10; ++k) rare.push_back(0.001);
  for (int k = 0; k < 25; ++k) half.push_back(0.04);
  for (const auto& law : {geometric, zipf, rare, half}) laws.push_back(law);
  constexpr int kTrials = 400;
  std::mt19937_64 generator(5);
  for (size_t l = 0; l < laws.size(); ++l) {
    std::discrete_distribution<size_t> draw(laws[l].begin(), laws[l].end());
    const auto p = draw.probabilities();
    for (const int n : {30, 100, 300}) {
      int covered = 0, held = 0, said = 0;
      for (int trial = 0; trial < kTrials; ++trial) {
        std::vector<int64_t> first(p.size()), second(p.size());
        for (int i = 0; i < n; ++i) ++first[draw(generator)];
        for (int i = 0; i < n; ++i) ++second[draw(generator)];
        double found = 0;
        int64_t more = 0;
        std::vector<int64_t> hits;
        for (size_t k = 0; k < p.size(); ++k) {
          if (first[k] > 0) {
            found += p[k];
            hits.push_back(first[k]);
          } else {
            more += second[k] > 0;
          }
        }
        const auto count = count_classes(hits);
        covered += found >= count.least_coverage - 1e-12;
        if (std::isnan(count.more.high)) continue;
        ++said;
        held += more >= count.more.low && more <= count.more.high;
      }
      EXPECT_GE(covered, 0.95 * kTrials) << "law " << l << ", n = " << n;
      EXPECT_GE(held, 0.95 * said) << "law " << l << ", n = " << n;
    }
  }
}

TEST(Count, GivesWilsonsInterval) {
  // Wilson 1927; the value of R's binom::binom.wilson(7, 10).
  const auto interval = wilson_interval(7, 10);
  EXPECT_NEAR(interval.low, 0.3967781, 1e-6);
  EXPECT_NEAR(interval.high, 0.8922087, 1e-6);
  EXPECT_NEAR(wilson_interval(0, 10).low, 0.0, 1e-12);
}

}  // namespace
}  // namespace basin
