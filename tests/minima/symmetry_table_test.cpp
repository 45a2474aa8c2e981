// Every activation, depth 1 to 3, with and without decay and biases: f(g·θ) = f(θ), all
// copies of a point are one class, and no identity of an activation is missing.

#include <gtest/gtest.h>

#include <cmath>

#include "core/activation_symmetry.h"
#include "minima/identify.h"
#include "minima/matching.h"
#include "model/elementwise.h"
#include "support/moves.h"
#include "support/networks.h"

namespace basin {
namespace {

using testing::kActivations;
using testing::largest;
using testing::objective_for;
using testing::random_data;
using testing::scrambled;
using torch::Tensor;

struct Shape {
  Elementwise activation;
  int64_t depth;
  bool decay, decay_biases, bias, output_bias, skip;
};

std::vector<Shape> shapes() {
  std::vector<Shape> out;
  for (const auto activation : kActivations) {
    for (const int64_t depth : {1, 2, 3}) {
      for (int k = 0; k < 7; ++k) {
        out.push_back({activation,
                       depth,
                       k == 1 || k == 2,
                       k != 2,
                       k != 3,
                       k != 4,
                       k >= 5 && depth > 1});
        if (k == 6) out.back().decay = true, out.back().decay_biases = false;
      }
    }
  }
  return out;
}

TEST(SymmetryTable, CopiesHaveTheSameLossAndAreOneClass) {
  const auto data = random_data(9, 2, 0, 2);
  for (const auto& s : shapes()) {
    const auto objective = objective_for(
        {.depth = s.depth,
         .width = 3,
         .activation = s.activation,
         .bias = s.bias,
         .output_bias = s.output_bias,
         .skip = s.skip,
         .init = Initializer::kNormal},
        {.weight_decay = s.decay ? 0.1 : 0.0, .decay_biases = s.decay_biases},
        data);
    const auto& network = objective.network();
    SCOPED_TRACE(::testing::Message()
                 << "activation " << static_cast<int>(s.activation) << " depth "
                 << s.depth << " decay " << s.decay << s.decay_biases << " biases "
                 << s.bias << s.output_bias << " skip " << s.skip);
    const auto theta = 0.5 * initial_parameters(network, 3, 0, 1)[0];
    std::vector<Endpoint> ends;
    for (uint64_t k = 0; k < 3; ++k) {
      const auto copy = k == 0 ? theta : scrambled(network, theta, k);
      const auto f = objective.outputs(at::stack({theta, copy}));
      EXPECT_LT(largest(f[0] - f[1]), 1e-9 * (1 + largest(f[0])));
      const auto both = objective.value(at::stack({theta, copy}));
      bool scales = false;
      for (const auto& g : network.layout.groups)
        scales = scales || g.positive_scaling || g.quadratic;
      if (!s.decay || !scales) {
        const double value = both[0].item<double>();
        EXPECT_NEAR(both[1].item<double>(), value, 1e-11 * (1 + value));
      }
      ends.push_back({.seed = static_cast<int64_t>(k),
                      .verdict = Verdict::kStrictMinimum,
                      .certificate = Certificate::kHessian,
                      .theta = copy,
                      .loss = both[0].item<double>(),
                      .gradient_norm = 0});
    }
    const MinimaProblem problem{.objective = objective, .layout = network.layout};
    EXPECT_EQ(identify(problem, ends, {}).size(), 1u);
    // Another point is another class.
    ends.push_back(ends[0]);
    ends.back().seed = 3;
    ends.back().theta = 0.5 * initial_parameters(network, 4, 0, 1)[0];
    EXPECT_EQ(identify(problem, ends, {}).size(), 2u);
  }
}

// What holds of φ at random z, found without the table.
TEST(SymmetryTable, HasEveryIdentity) {
  const auto z = at::linspace(-3.1, 3.3, 41, torch::kFloat64);
  for (const auto kind : kActivations) {
    SCOPED_TRACE(static_cast<int>(kind));
    const auto s = symmetry_of(kind);
    const auto phi = elementwise(kind, z), back = elementwise(kind, -z);
    const auto holds = [](const Tensor& a, const Tensor& b) {
      return largest(a - b) < 1e-12;
    };
    EXPECT_EQ(holds(back, -phi), s.odd || s.linear);
    EXPECT_EQ(holds(back, phi), s.even);
    EXPECT_EQ(holds(elementwise(kind, 2 * z), 2 * phi), s.homogeneous || s.linear);
    EXPECT_EQ(holds(elementwise(kind, 2 * z), 4 * phi), s.quadratic);
    const auto sum = back + phi;
    const bool constant = holds(sum, sum[0].expand_as(sum));
    EXPECT_EQ(constant && std::abs(sum[0].item<double>()) > 1e-6, s.reflection != 0);
    if (s.reflection != 0) {
      EXPECT_NEAR(sum[0].item<double>(), s.reflection, 1e-12);
    }
    bool turns = false;
    for (const double shift : {M_PI / 2, M_PI, 2 * M_PI, 1.0}) {
      turns = turns || holds(elementwise(kind, z + shift), -phi);
    }
    EXPECT_EQ(turns, s.half_turn != 0);
  }
}

// With decay on biases a reflected sigmoid has another loss: it is no symmetry then.
TEST(SymmetryTable, DecayOfBiasesBreaksWhatMovesThem) {
  for (const auto kind : {Elementwise::kSigmoid, Elementwise::kSin}) {
    const auto data = random_data(5, 1, 0);
    const auto free = objective_for({.depth = 1, .width = 2, .activation = kind},
                                    {.weight_decay = 0.1, .decay_biases = false},
                                    data);
    const auto held = objective_for(
        {.depth = 1, .width = 2, .activation = kind}, {.weight_decay = 0.1}, data);
    const auto& f = free.network().layout.groups[0];
    const auto& h = held.network().layout.groups[0];
    EXPECT_TRUE(f.reflection != 0 || f.half_turn != 0);
    EXPECT_TRUE(h.reflection == 0 && h.half_turn == 0);
  }
}

}  // namespace
}  // namespace basin
