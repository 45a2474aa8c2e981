#include "report/count_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace basin {
namespace {

TEST(CountText, NeverRoundsALowerEndUp) {
  EXPECT_EQ(least_text(0), "0");
  EXPECT_EQ(least_text(0.9809), "0.98");
  EXPECT_EQ(least_text(0.9969), "0.996");
  EXPECT_EQ(least_text(0.99980793), "0.9998");
  EXPECT_EQ(least_text(0.5), "0.5");
  EXPECT_EQ(least_text(NAN), "–");
}

TEST(CountText, SaysWhatMoreSeedsWouldFind) {
  EXPECT_EQ(more_text(count_classes({100, 50})), "0 to 5");
  EXPECT_EQ(more_text(count_classes({1, 1, 1})), "–");
  EXPECT_NE(unseen_text(count_classes({1, 1, 1})).find("none was reached twice"),
            std::string::npos);
  EXPECT_EQ(stopping_text({}), "");
  EXPECT_NE(stopping_text({.coverage = 0.99}).find("0.99"), std::string::npos);
}

}  // namespace
}  // namespace basin
