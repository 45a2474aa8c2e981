#include "landscape/slice.h"

#include <gtest/gtest.h>

#include "landscape/direction.h"
#include "landscape/overlay.h"
#include "minima/symmetry.h"
#include "store/npy.h"
#include "support/networks.h"

namespace basin {
namespace {

using testing::largest;
using testing::network_for;
using testing::objective_for;
using testing::random_data;

NetworkObjective tanh_objective() {
  return objective_for({.depth = 1, .width = 4, .activation = Elementwise::kTanh},
                       {.weight_decay = 1e-2},
                       random_data(20, 2, 2));
}

FrameOrProblem frame_of(const SliceOptions& options,
                        const NetworkObjective& objective,
                        const std::vector<Minimum>& minima,
                        const torch::Tensor& trajectory = {}) {
  return make_frame(options,
                    {.objective = objective,
                     .layout = objective.network().layout,
                     .minima = minima,
                     .saddles = {},
                     .seed = 1,
                     .trajectory = [&](int64_t) { return trajectory; }});
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
  const auto minima = points(objective.network(), 1);
  const auto frame =
      frame_of({.name = "s", .points = 5}, objective, minima).frame.value();
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
  const auto minima = points(objective.network(), 3);
  const SliceOptions plane{.name = "p", .directions = {"minima"}, .points = 7};
  const auto frame = frame_of(plane, objective, minima).frame.value();
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
  const auto one = points(objective.network(), 1);
  const SliceOptions line{.kind = SliceKind::kLine, .directions = {"minima"}};
  EXPECT_EQ(frame_of(line, objective, one).problem, "needs 2 minima, there is 1");
  EXPECT_FALSE(frame_of({.center = "7"}, objective, one).frame);
  EXPECT_FALSE(frame_of({}, objective, {}).frame);
}

TEST(Slice, FollowsNamedParameters) {
  const auto objective = tanh_objective();
  const auto& layout = objective.network().layout;
  EXPECT_EQ(parameter_index(layout, "layer0.weight[1,0]"), 2);
  EXPECT_EQ(parameter_index(layout, "layer0.bias[0]"), 8);
  EXPECT_EQ(parameter_index(layout, "layer9.bias[0]"), -1);
  const SliceOptions line{.kind = SliceKind::kLine,
                          .directions = {"axes"},
                          .center = "zero",
                          .axes = {"layer0.bias[0]"},
                          .points = 3};
  const auto frame = frame_of(line, objective, {}).frame.value();
  EXPECT_EQ(frame.u[8].item<double>(), 1.0);
  EXPECT_EQ(frame.u.sum().item<double>(), 1.0);
}

TEST(Slice, TellsTheLossOfAPathFromThatOfThePlaneUnderIt) {
  const auto objective = tanh_objective();
  const auto minima = points(objective.network(), 1);
  const auto frame =
      frame_of({.name = "p", .points = 3}, objective, minima).frame.value();
  // A direction across the plane.
  auto across = at::ones_like(frame.u);
  const auto u = frame.u / frame.u.norm();
  auto v = frame.v - u * u.dot(frame.v);
  v = v / v.norm();
  across = across - u * u.dot(across) - v * v.dot(across);
  across = across / across.norm();
  const auto on_plane = frame.origin + 0.3 * frame.u - 0.2 * frame.v;
  const auto off_plane = on_plane + 0.7 * across;
  auto lost = at::full_like(on_plane, NAN);
  const auto path = projected_path(
      objective, frame, at::stack({on_plane, off_plane, lost}), "training");
  ASSERT_EQ(path.x.size(), 2u);
  const double plane_loss = objective.value(on_plane.unsqueeze(0)).item<double>();
  for (size_t k = 0; k < 2; ++k) {
    EXPECT_NEAR(path.x[k], 0.3, 1e-12);
    EXPECT_NEAR(path.y[k], -0.2, 1e-12);
    EXPECT_NEAR(path.plane_loss[k], plane_loss, 1e-12);
  }
  EXPECT_NEAR(path.away[0], 0, 1e-12);
  EXPECT_NEAR(path.away[1], 0.7, 1e-12);
  EXPECT_NEAR(path.loss[0], plane_loss, 1e-12);
  EXPECT_EQ(path.loss[1], objective.value(off_plane.unsqueeze(0)).item<double>());
  EXPECT_GT(std::abs(path.loss[1] - path.plane_loss[1]), 1e-3);
}

TEST(Slice, GivesProjectedMarksBothLosses) {
  const auto objective = tanh_objective();
  const auto minima = points(objective.network(), 2);
  const auto frame =
      frame_of({.name = "p", .points = 3, .overlay = {"minima"}}, objective, minima)
          .frame.value();
  ASSERT_EQ(frame.marks.size(), 2u);
  for (size_t k = 0; k < 2; ++k) {
    const auto& m = frame.marks[k];
    const auto below = frame.origin + m.x * frame.u + m.y * frame.v;
    EXPECT_NEAR(
        m.slice_loss, objective.value(below.unsqueeze(0)).item<double>(), 1e-12);
    EXPECT_NEAR(m.loss,
                objective.value(minima[k].endpoint.theta.unsqueeze(0)).item<double>(),
                1e-12);
  }
  EXPECT_GT(std::abs(frame.marks[1].loss - frame.marks[1].slice_loss), 1e-6);
}

TEST(Slice, NamesZeroAMinimumOnlyWhereItIsOne) {
  const auto objective = tanh_objective();
  auto minima = points(objective.network(), 2);
  const SliceOptions plane{
      .name = "p", .directions = {"unit"}, .center = "zero", .points = 3};
  const auto bare = frame_of(plane, objective, minima).frame.value().marks.at(0);
  EXPECT_EQ(bare.label, "θ = 0");
  EXPECT_TRUE(bare.bare);
  minima[1].endpoint.theta = at::zeros_like(minima[1].endpoint.theta);
  const auto found = frame_of(plane, objective, minima).frame.value().marks.at(0);
  EXPECT_EQ(found.label, label_of(minima[1]));
  EXPECT_FALSE(found.bare);
}

TEST(Direction, AgreesWithNumPy) {
  // tests/data/make_filter_direction.py made the numbers: θ, the Gaussian direction
  // before normalisation, and what filter normalisation makes of it.
  const auto layout =
      network_for({.depth = 2, .width = 3}, {}, random_data(4, 2, 0)).layout;
  const auto rows = read_npy(
      std::filesystem::path(BASIN_ROOT) / "tests/data/filter_direction.npy", 1 << 20);
  ASSERT_EQ(rows.size(1), layout.dimension);
  const auto theta = rows[0], expected = rows[2], with_bias = rows[3];
  EXPECT_LT(largest(random_direction(layout.dimension, 1, 0, 1.0) - rows[1]), 1e-15);
  EXPECT_LT(largest(filter_direction(layout, theta, 1, 0) - expected), 1e-14);
  EXPECT_LT(
      largest(filter_direction(layout, theta, 1, 0, Biases::kAsWeights) - with_bias),
      1e-14);
}

TEST(Direction, HasTheNormOfEachLayer) {
  const auto objective = tanh_objective();
  const auto& layout = objective.network().layout;
  const auto theta = initial_parameters(objective.network(), 1, 0, 1)[0] + 0.1;
  const auto d = layer_direction(layout, theta, 1, 0);
  const auto of_d = layer_views(layout, d), of_theta = layer_views(layout, theta);
  for (size_t l = 0; l < layout.layers.size(); ++l) {
    EXPECT_NEAR(of_d.weight[l].norm().item<double>(),
                of_theta.weight[l].norm().item<double>(),
                1e-12);
    EXPECT_NEAR(of_d.bias[l].norm().item<double>(),
                of_theta.bias[l].norm().item<double>(),
                1e-12);
  }
}

TEST(Direction, FindsThePlaneOfATrajectory) {
  // Points of an ellipse in a known plane, with half-axes 3 and 1.
  const auto u = testing::normal({40}, 1), raw = testing::normal({40}, 2);
  const auto e = u / u.norm();
  const auto rest = raw - e * raw.dot(e);
  const auto f = rest / rest.norm();
  const auto t =
      at::linspace(0, 6.283185307179586, 101, torch::kFloat64).narrow(0, 0, 100);
  const auto points = 5 + 3 * t.cos().unsqueeze(1) * e + t.sin().unsqueeze(1) * f;
  const auto found = principal_components(points, 2);
  EXPECT_NEAR(std::abs(found.directions[0].dot(e).item<double>()), 1, 1e-12);
  EXPECT_NEAR(std::abs(found.directions[1].dot(f).item<double>()), 1, 1e-12);
  EXPECT_NEAR(found.explained[0].item<double>(), 0.9, 1e-12);
  EXPECT_EQ(principal_components(points, 5).explained.size(0), 2);
}

TEST(Slice, TakesAnyTwoDirections) {
  const auto objective = tanh_objective();
  const auto minima = points(objective.network(), 3);
  std::vector<torch::Tensor> steps;
  for (int k = 0; k < 6; ++k)
    steps.push_back(minima[0].endpoint.theta +
                    0.1 * k * k * testing::normal({objective.dimension()}, 5) +
                    0.1 * k * testing::normal({objective.dimension()}, 6));
  const auto trajectory = at::stack(steps);
  for (const auto& one : kDirectionNames) {
    for (const auto& other : kDirectionNames) {
      if (one == "file" || other == "file") continue;
      SliceOptions o{.name = "s", .directions = {one, other}, .points = 3};
      const auto axes = std::count(o.directions.begin(), o.directions.end(), "axes");
      o.axes = {"layer0.weight[0,0]", "layer0.bias[1]"};
      o.axes.resize(static_cast<size_t>(axes));
      const auto made = frame_of(o, objective, minima, trajectory);
      ASSERT_TRUE(made.frame) << one << " " << other << ": " << made.problem;
      const auto& f = *made.frame;
      EXPECT_GT(f.u.norm().item<double>(), 0) << one;
      EXPECT_GT(f.v.norm().item<double>(), 0) << other;
      EXPECT_LT(std::abs((f.u.dot(f.v) / f.u.norm() / f.v.norm()).item<double>()),
                0.999)
          << one << " " << other;
    }
  }
}

TEST(Slice, ShowsTheLossWithoutDecayAndTheQuadraticModel) {
  const auto objective = tanh_objective();
  const auto network = objective.network();
  const NetworkObjective plain(network, {}, random_data(20, 2, 2));
  const auto minima = points(network, 1);
  const SliceOptions o{
      .name = "s", .directions = {"random", "eigenvectors"}, .points = 5};
  const auto frame = frame_of(o, objective, minima).frame.value();
  const auto values = SliceEvaluator(objective, &plain, frame, true).rows(1, 3, 2);
  ASSERT_EQ(values.loss.sizes().vec(), (std::vector<int64_t>{3, 5}));
  const auto h = objective.hessian(frame.origin.unsqueeze(0))[0];
  const auto at = objective.value_and_gradient(frame.origin.unsqueeze(0));
  for (int64_t j = 0; j < 3; ++j) {
    for (int64_t i = 0; i < 5; ++i) {
      const auto step = frame.x[i] * frame.u + frame.y[j + 1] * frame.v;
      const auto theta = (frame.origin + step).unsqueeze(0);
      EXPECT_NEAR(values.plain_loss[j][i].item<double>(),
                  plain.value(theta).item<double>(),
                  1e-12);
      EXPECT_NEAR(values.held_out_loss[j][i].item<double>(),
                  plain.value(theta).item<double>(),
                  1e-12);
      const auto model =
          at.value[0] + at.gradient[0].dot(step) + 0.5 * step.dot(h.mv(step));
      EXPECT_NEAR(values.quadratic[j][i].item<double>(), model.item<double>(), 1e-11);
    }
  }
}

TEST(Slice, MapsTheExtremeEigenvalues) {
  const auto objective = tanh_objective();
  const auto minima = points(objective.network(), 1);
  const auto frame =
      frame_of({.name = "s", .points = 5}, objective, minima).frame.value();
  const auto x = map_axis(frame.x, 3);
  const auto dense = curvature_row(objective, frame, x, 0.25, {}, 2);
  const auto lanczos = curvature_row(
      objective, frame, x, 0.25, {.dense_limit = 0, .lanczos_steps = 40}, 2);
  const auto theta = frame.origin + x[1] * frame.u + 0.25 * frame.v;
  const auto values = at::linalg_eigvalsh(objective.hessian(theta.unsqueeze(0))[0]);
  EXPECT_NEAR(dense.least[1].item<double>(), values[0].item<double>(), 1e-12);
  EXPECT_NEAR(dense.largest[1].item<double>(), values[-1].item<double>(), 1e-12);
  EXPECT_LT(largest(dense.least - lanczos.least), 1e-9);
}

TEST(Slice, ProjectsMarksOntoItsPlane) {
  const auto objective = tanh_objective();
  const auto minima = points(objective.network(), 2);
  const auto frame =
      frame_of({.name = "s", .directions = {"unit"}, .points = 5}, objective, minima)
          .frame.value();
  const auto on = frame.origin + 0.3 * frame.u - 0.2 * frame.v;
  const auto mark = projected(frame, on);
  EXPECT_NEAR(mark.x, 0.3, 1e-12);
  EXPECT_NEAR(mark.y, -0.2, 1e-12);
  EXPECT_NEAR(mark.away, 0, 1e-12);
  EXPECT_GT(projected(frame, minima[1].endpoint.theta).away, 0.1);
}

}  // namespace
}  // namespace basin
