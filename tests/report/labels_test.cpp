#include "report/labels.h"

#include <gtest/gtest.h>

#include "report/axis.h"
#include "report/chart.h"

namespace basin {
namespace {

constexpr Rectangle kRegion{0, 0, 400, 400};

TEST(Labels, OfNearPlacesDoNotOverlap) {
  std::vector<Anchor> anchors;
  for (int k = 0; k < 12; ++k)
    anchors.push_back({200.0 + 3 * (k % 4), 200.0 + 2 * (k / 4), "minimum 1"});
  const auto placed = place_labels(anchors, kRegion);
  for (size_t a = 0; a < anchors.size(); ++a) {
    ASSERT_TRUE(placed[a]) << a;
    EXPECT_TRUE(kRegion.holds(placed[a]->box));
    for (size_t b = 0; b < a; ++b)
      EXPECT_FALSE(placed[a]->box.meets(placed[b]->box)) << a << " and " << b;
    for (const auto& p : anchors)
      EXPECT_FALSE(placed[a]->box.meets({p.x - 4, p.y - 4, p.x + 4, p.y + 4})) << a;
  }
  EXPECT_FALSE(placed[0]->leader);
  EXPECT_TRUE(placed[11]->leader);
}

TEST(Labels, StayInsideAtTheEdge) {
  for (const double x : {1.0, 399.0}) {
    for (const double y : {1.0, 399.0}) {
      const auto placed = place_labels({{x, y, "a long name"}}, kRegion).front();
      ASSERT_TRUE(placed);
      EXPECT_TRUE(kRegion.holds(placed->box));
    }
  }
}

TEST(Labels, AreLeftOutAndCountedWithoutRoom) {
  const std::vector<Anchor> anchors(30, {20, 20, "minimum"});
  const auto layer = draw_labels(anchors, {0, 0, 100, 60});
  EXPECT_GT(layer.left_out, 20);
  EXPECT_LT(layer.left_out, 30);
  EXPECT_NE(layer.svg.find(" without room for their name"), std::string::npos);
}

TEST(Titles, ShrinkBeforeTheyAreCut) {
  EXPECT_EQ(title_text("short", 0, 0, 500).find("font-size"), std::string::npos);
  const std::string middle(60, 'a'), endless(400, 'a');
  EXPECT_NE(title_text(middle, 0, 0, 500).find(middle), std::string::npos);
  EXPECT_NE(title_text(middle, 0, 0, 500).find("font-size"), std::string::npos);
  const auto cut = title_text(endless, 0, 0, 500);
  EXPECT_NE(cut.find("…<title>" + endless), std::string::npos);
}

TEST(Ticks, DifferWhereValuesAreClose) {
  for (const double span : {1e-2, 1e-4, 1e-6}) {
    const auto all =
        ticks({.low = 0.14454481, .high = 0.14454481 + span, .from = 0, .to = 1});
    ASSERT_GE(all.size(), 2u) << span;
    for (size_t k = 1; k < all.size(); ++k) EXPECT_NE(all[k].text, all[k - 1].text);
  }
}

TEST(Charts, SlantNamesThatHaveNoRoomSideBySide) {
  const auto chart = [](const std::vector<std::string>& names) {
    Series s;
    for (size_t k = 0; k < names.size(); ++k) {
      s.x.push_back(static_cast<double>(k));
      s.y.push_back(1);
    }
    return line_chart({s}, {.x_names = names});
  };
  EXPECT_EQ(chart({"sgd", "momentum", "adam"}).find("rotate(-60)"), std::string::npos);
  const auto slanted = chart(std::vector<std::string>(12, "width 4, depth 2"));
  EXPECT_NE(slanted.find("rotate(-60)"), std::string::npos);
  EXPECT_EQ(slanted.find("viewBox=\"0 0 640 380\""), std::string::npos);
}

}  // namespace
}  // namespace basin
