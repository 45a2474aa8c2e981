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
