#include "report/text.h"

#include <gtest/gtest.h>

#include <cmath>

#include "report/axis.h"
#include "report/chart.h"

namespace basin {
namespace {

TEST(Text, ShowsNumbersWithSensibleDigits) {
  EXPECT_EQ(show(0.0), "0");
  EXPECT_EQ(show(0.060436451234, 8), "0.060436451");
  EXPECT_EQ(show(1.2e-7), "1.2e-7");
  EXPECT_EQ(show(-3.0e12, 3), "-3e12");
  EXPECT_EQ(show(std::nan("")), "–");
  EXPECT_EQ(show(int64_t{1797}), "1,797");
  EXPECT_EQ(show(int64_t{-1234567}), "-1,234,567");
  EXPECT_EQ(plural(1, "seed"), "1 seed");
  EXPECT_EQ(plural(2, "minimum"), "2 minima");
}

TEST(Text, LeavesNoMarkupAlive) {
  EXPECT_EQ(escape_html("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  EXPECT_EQ(escape_html(std::string("a\x01") + "b"), "a?b");
}

TEST(Axis, PutsItsTicksInside) {
  for (const bool log : {false, true}) {
    for (const double scale : {1e-9, 1.0, 1e9}) {
      auto axis = fit_axis({1 * scale, 3 * scale, 950 * scale}, log);
      axis.from = 0;
      axis.to = 100;
      const auto marks = ticks(axis);
      EXPECT_GE(marks.size(), 2u);
      EXPECT_LE(marks.size(), 12u);
      for (const auto& tick : marks) {
        EXPECT_GE(axis.pixel(tick.value), -1e-6);
        EXPECT_LE(axis.pixel(tick.value), 100 + 1e-6);
      }
    }
  }
}

TEST(Axis, CountsInWholeNumbers) {
  auto axis = fit_axis({1, 2, 3}, false);
  axis.to = 100;
  const auto marks = ticks(axis);
  ASSERT_EQ(marks.size(), 3u);
  for (const auto& tick : marks) EXPECT_EQ(tick.value, std::round(tick.value));
  EXPECT_GT(ticks(fit_axis({1, 2, 3.5}, false)).size(), 3u);
}

TEST(Axis, StandsAlsoForOneValueOrNone) {
  EXPECT_LT(fit_axis({}, false).low, fit_axis({}, false).high);
  EXPECT_LT(fit_axis({5}, false).low, fit_axis({5}, false).high);
  EXPECT_LT(fit_axis({0}, true).low, fit_axis({0}, true).high);
}

TEST(Chart, LeavesOutWhatCannotBeDrawn) {
  const auto svg = line_chart({{.x = {0, 1, 2}, .y = {1, std::nan(""), -1}}},
                              {.title = "<t>", .log_y = true});
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("<t>"), std::string::npos);
  EXPECT_EQ(histogram({std::nan("")}, 5, {}).find("nan"), std::string::npos);
}

}  // namespace
}  // namespace basin
