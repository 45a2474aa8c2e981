// Shapes with a 1 in them are shapes too: one sample, one input, one unit, one output.

#include <gtest/gtest.h>

#include <cmath>

#include "model/fused_objective.h"
#include "model/make_objective.h"
#include "support/networks.h"
#include "verify/points.h"
#include "verify/reference.h"

namespace basin {
namespace {

using testing::largest;
using testing::normal;
using testing::random_data;

struct Shape {
  int64_t samples, inputs, width, outputs, depth;
};

std::vector<Shape> shapes() {
  std::vector<Shape> out;
  for (const int64_t samples : {1, 2, 120}) {
    for (const int64_t inputs : {1, 3}) {
      for (const int64_t width : {1, 20}) {
        for (const int64_t outputs : {1, 2}) {
          for (const int64_t depth : {0, 1, 2}) {
            out.push_back({samples, inputs, width, outputs, depth});
          }
        }
      }
    }
  }
  return out;
}

Dataset data_of(const Shape& s) {
  Dataset out;
  out.inputs = normal({s.samples, s.inputs}, 1);
  out.targets = normal({s.samples, s.outputs}, 2);
  return out;
}

// Both paths against plain loops in extended precision.
void expect_one_answer(const Shape& s, torch::ScalarType dtype, double tolerance) {
  const ModelOptions model{
      .depth = s.depth, .width = s.width, .activation = Elementwise::kTanh};
  const LossOptions loss{.weight_decay = 1e-2};
  const auto data = data_of(s);
  const auto network = make_network(model, s.inputs, s.outputs);
  const NetworkObjective batched(network, loss, data, {.dtype = dtype});
  auto path = ComputePath::kFused;
  const auto fast = make_objective(network, loss, data, {.dtype = dtype}, path);
  const SampledObjective& fused = *fast;
  const ReferenceNetwork loops(network, loss, data.inputs, data.targets);
  const auto theta = normal({3, network.layout.dimension}, 3).to(dtype) / 2;
  const auto v = normal({3, network.layout.dimension}, 4).to(dtype);
  const auto a = batched.value_and_gradient(theta), b = fused.value_and_gradient(theta);
  for (int64_t row = 0; row < 3; ++row) {
    const auto wide = reals(theta[row]);
    const auto c = loops.evaluate(wide, {});
    const auto value = static_cast<double>(c.value);
    EXPECT_NEAR(a.value[row].item<double>(), value, tolerance * (1 + value));
    EXPECT_NEAR(b.value[row].item<double>(), value, tolerance * (1 + value));
    for (int64_t p = 0; p < theta.size(1); ++p) {
      const auto g = static_cast<double>(c.gradient[static_cast<size_t>(p)]);
      EXPECT_NEAR(a.gradient[row][p].item<double>(), g, tolerance * (1 + std::abs(g)));
      EXPECT_NEAR(b.gradient[row][p].item<double>(), g, tolerance * (1 + std::abs(g)));
    }
  }
  const auto hv = batched.hessian_times(theta, v);
  EXPECT_LT(largest(hv - fused.hessian_times(theta, v)),
            100 * tolerance * (1 + largest(hv)));
  const auto dense = at::mv(batched.hessian(theta)[0], v[0]);
  EXPECT_LT(largest(hv[0] - dense), 100 * tolerance * (1 + largest(hv)));
}

TEST(Shapes, BothPathsAgreeWithPlainLoops) {
  for (const auto& s : shapes()) {
    SCOPED_TRACE(::testing::Message()
                 << s.samples << " samples, " << s.inputs << "-" << s.width << "-"
                 << s.outputs << ", depth " << s.depth);
    expect_one_answer(s, torch::kFloat64, 1e-12);
    expect_one_answer(s, torch::kFloat32, 2e-5);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Shapes, AConstantZeroColumnChangesNoLoss) {
  for (const auto& s : shapes()) {
    const auto data = data_of(s);
    auto wider = data;
    wider.inputs =
        at::cat({data.inputs, at::zeros({s.samples, 1}, torch::kFloat64)}, 1);
    const ModelOptions model{.depth = s.depth, .width = s.width};
    const auto narrow = make_network(model, s.inputs, s.outputs);
    const auto wide = make_network(model, s.inputs + 1, s.outputs);
    const auto theta = normal({2, narrow.layout.dimension}, 5);
    const auto rows = narrow.layout.layers.front().rows;
    const auto cut = rows * s.inputs;
    const auto first = theta.narrow(1, 0, cut).view({2, rows, s.inputs});
    const auto padded =
        at::cat({at::cat({first, normal({2, rows, 1}, 6)}, 2).view({2, -1}),
                 theta.narrow(1, cut, theta.size(1) - cut)},
                1)
            .contiguous();
    const NetworkObjective a(narrow, {}, data), b(wide, {}, wider);
    EXPECT_LT(largest(a.value(theta) - b.value(padded)),
              1e-13 * largest(a.value(theta)));
    const FusedObjective<double> c(wide, {}, wider);
    EXPECT_LT(largest(a.value(theta) - c.value(padded)),
              1e-13 * largest(a.value(theta)));
  }
}

}  // namespace
}  // namespace basin
