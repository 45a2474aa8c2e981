#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "report/plane_figure.h"

namespace basin {
namespace {

StoredSlice bowl() {
  StoredSlice s;
  s.frame.x = s.frame.y = at::linspace(-1, 1, 21, torch::kFloat64);
  s.values.loss = 1 + s.frame.x.pow(2) + s.frame.y.pow(2).unsqueeze(1);
  return s;
}

TEST(PlaneSentences, SayHowFarAPathLiesOffItsPlane) {
  auto s = bowl();
  s.frame.paths = {{.label = "training",
                    .x = {0, 0.1, 0.2},
                    .y = {0, 0, 0},
                    .away = {0.5, 1.4, 0.3},
                    .loss = {0.591, 0.234, 0.215},
                    .plane_loss = {0.601, 0.768, 0.682}}};
  const auto text = plane_sentences(s, {});
  EXPECT_NE(text.find("by 1.4 at most (point 1 of 0 to 2)"), std::string::npos) << text;
  EXPECT_NE(text.find("its own loss is 0.234, that of the plane under it 0.768"),
            std::string::npos);
  EXPECT_NE(text.find("0.3 off, its own loss 0.215, that of the plane 0.682"),
            std::string::npos);
  s.frame.paths[0].away = {0, 0, 0};
  EXPECT_NE(plane_sentences(s, {}).find("the training lies on the plane"),
            std::string::npos);
}

TEST(PlaneFigure, DrawsAPathInTheColourOfItsOwnLoss) {
  auto s = bowl();
  s.frame.paths = {{.label = "training", .x = {-0.5, 0.5}, .y = {0, 0}}};
  const auto plain = plane_figure(s, "p");
  s.frame.paths[0].away = {1, 1};
  s.frame.paths[0].plane_loss = {1, 1};
  // The greatest loss of the plane: the last colour of Viridis.
  s.frame.paths[0].loss = {3, 3};
  const auto high = plane_figure(s, "p");
  s.frame.paths[0].loss = {1, 1};
  const auto low = plane_figure(s, "p");
  EXPECT_EQ(plain.find("stroke=\"#fde725\""), std::string::npos);
  EXPECT_NE(high.find("stroke=\"#fde725\""), std::string::npos);
  EXPECT_NE(low.find("stroke=\"#440154\""), std::string::npos);
}

TEST(SurfaceFigure, ShowsItsMarks) {
  auto s = bowl();
  s.frame.marks = {{.label = "minimum 7"}, {.label = "θ = 0", .x = 0.5, .bare = true}};
  const auto svg = surface_figure(s, "p");
  EXPECT_NE(svg.find(">minimum 7<"), std::string::npos);
  EXPECT_NE(svg.find(">θ = 0<"), std::string::npos);
  s.frame.marks[0].x = 5;  // outside
  EXPECT_EQ(surface_figure(s, "p").find(">minimum 7<"), std::string::npos);
}

}  // namespace
}  // namespace basin
