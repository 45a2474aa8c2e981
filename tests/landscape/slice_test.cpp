#include "landscape/slice.h"

#include <gtest/gtest.h>

#include "landscape/direction.h"
#include "minima/symmetry.h"
#include "support/networks.h"

namespace basin {
namespace {

using testing::largest;
using testing::objective_for;
using testing::random_data;

NetworkObjective tanh_objective() {
  return objective_for({.depth = 1, .width = 4, .activation = Elementwise::kTanh},
                       {.weight_decay = 1e-2},
                       random_data(20, 2, 2));
}

std::vector<Minimum> points(const Network& network, int64_t count) {
  const auto theta = initial_parameters(network, 1, 0, count);
  std::vector<Minimum> out;
  for (int64_t i = 0; i < count; ++i) {
    Minimum m{.id = i};
    m.endpoint.theta = theta[i];
    out.push_back(m);
  }
  return out;
}

TEST(Direction, HasTheNormOfEachUnitWhenFilterNormalised) {
  const auto objective = tanh_objective();
  const auto& layout = objective.network().layout;
  const auto theta = initial_parameters(objective.network(), 1, 0, 1)[0];
  const auto d = filter_direction(layout, theta, 1, 0);
  const auto of_d = layer_views(layout, d), of_theta = layer_views(layout, theta);
  for (size_t l = 0; l < layout.layers.size(); ++l) {
    EXPECT_LT(largest(of_d.weight[l].norm(2, {1}) - of_theta.weight[l].norm(2, {1})),
              1e-14);
    EXPECT_EQ(largest(of_d.bias[l]), 0.0);
  }
  EXPECT_GT(largest(d - filter_direction(layout, theta, 1, 1)), 0.1);
}

TEST(Slice, ShowsTheLossOfItsOwnPoints) {
  const auto objective = tanh_objective();
  const auto& layout = objective.network().layout;
  const auto minima = points(objective.network(), 1);
  const auto frame =
      make_frame({.name = "s", .points = 5}, layout, minima, 1).frame.value();
  const auto one = evaluate_slice(objective, frame, 1);
  const auto two = evaluate_slice(objective, frame, 2);
  EXPECT_TRUE(testing::same_bits(one.loss, two.loss));
  ASSERT_EQ(one.loss.sizes().vec(), (std::vector<int64_t>{5, 5}));
  // Row j, column i is the point (x_i, y_j).
  const auto theta = frame.origin + frame.x[3] * frame.u + frame.y[1] * frame.v;
  EXPECT_EQ(one.loss[1][3].item<double>(),
            objective.value(theta.unsqueeze(0)).item<double>());
  EXPECT_EQ(one.accuracy[1][3].item<double>(),
            objective.accuracy(theta.unsqueeze(0)).item<double>());
  EXPECT_EQ(one.loss[2][2].item<double>(),
            objective.value(minima[0].endpoint.theta.unsqueeze(0)).item<double>());
}

TEST(Slice, PassesThroughItsMinima) {
  const auto objective = tanh_objective();
  const auto& layout = objective.network().layout;
  const auto minima = points(objective.network(), 3);
  const SliceOptions plane{
      .name = "p", .directions = DirectionKind::kMinima, .points = 7};
  const auto frame = make_frame(plane, layout, minima, 1).frame.value();
  EXPECT_NEAR(frame.u.dot(frame.v).item<double>(), 0, 1e-12);
  for (size_t k = 0; k < 3; ++k) {
    const auto& mark = frame.marks[k];
    const auto at = frame.origin + mark.x * frame.u + mark.y * frame.v;
    EXPECT_NEAR(objective.value(at.unsqueeze(0)).item<double>(),
                objective.value(minima[k].endpoint.theta.unsqueeze(0)).item<double>(),
                1e-12);
    EXPECT_GT(mark.x, frame.x[0].item<double>());
    EXPECT_LT(mark.y, frame.y[-1].item<double>());
  }
}

TEST(Slice, SaysWhyItCannotBeDrawn) {
  const auto objective = tanh_objective();
  const auto& layout = objective.network().layout;
  const auto one = points(objective.network(), 1);
  const SliceOptions line{.kind = SliceKind::kLine,
                          .directions = DirectionKind::kMinima};
  EXPECT_EQ(make_frame(line, layout, one, 1).problem, "needs 2 minima, there is 1");
  EXPECT_FALSE(make_frame({.center = "7"}, layout, one, 1).frame);
  EXPECT_FALSE(make_frame({}, layout, {}, 1).frame);
}

TEST(Slice, FollowsNamedParameters) {
  const auto objective = tanh_objective();
  const auto& layout = objective.network().layout;
  EXPECT_EQ(parameter_index(layout, "layer0.weight[1,0]"), 2);
  EXPECT_EQ(parameter_index(layout, "layer0.bias[0]"), 8);
  EXPECT_EQ(parameter_index(layout, "layer9.bias[0]"), -1);
  const SliceOptions line{.kind = SliceKind::kLine,
                          .directions = DirectionKind::kAxes,
                          .center = "zero",
                          .axes = {"layer0.bias[0]"},
                          .points = 3};
  const auto frame = make_frame(line, layout, {}, 1).frame.value();
  EXPECT_EQ(frame.u[8].item<double>(), 1.0);
  EXPECT_EQ(frame.u.sum().item<double>(), 1.0);
}

}  // namespace
}  // namespace basin
