#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "minima/identify.h"
#include "minima/newton.h"
#include "support/networks.h"

namespace basin {
namespace {

using torch::Tensor;

/// All critical values of a deep linear network without bias and decay (Baldi and
/// Hornik 1989): with e_i the eigenvalues of Σ_yx Σ_xx⁻¹ Σ_xy, L = ½ (tr Σ_yy − Σ_{i in
/// I} e_i) for the subsets I of at most r of them, r the narrowest layer.
std::vector<double> critical_values(const Dataset& data, int64_t rank) {
  const auto n = static_cast<double>(data.samples());
  const auto xx = at::mm(data.inputs.t(), data.inputs) / n;
  const auto yx = at::mm(data.targets.t(), data.inputs) / n;
  const double yy = data.targets.square().sum().item<double>() / n;
  const auto e =
      at::linalg_eigvalsh(at::mm(yx, at::linalg_solve(xx, yx.t().contiguous())));
  std::vector<double> out;
  for (int64_t set = 0; set < (int64_t{1} << e.size(0)); ++set) {
    double sum = 0;
    int64_t size = 0;
    for (int64_t i = 0; i < e.size(0); ++i) {
      if ((set >> i & 1) == 0) continue;
      sum += e[i].item<double>();
      ++size;
    }
    if (size <= rank) out.push_back((yy - sum) / 2);
  }
  std::sort(out.begin(), out.end());
  return out;
}

struct Case {
  std::vector<int64_t> widths;
  int64_t rank;
};

TEST(DeepLinear, EveryMinimumIsGlobalAndEverySaddleHasAKnownValue) {
  const auto data = testing::random_data(60, 4, 0, 3);
  for (const auto& [widths, rank] :
       {Case{{2}, 2}, Case{{4}, 3}, Case{{2, 3}, 2}, Case{{3, 3, 3}, 3}}) {
    const auto values = critical_values(data, rank);
    const auto objective =
        testing::objective_for({.depth = static_cast<int64_t>(widths.size()),
                                .widths = widths,
                                .activation = Elementwise::kIdentity,
                                .bias = false,
                                .output_bias = false,
                                .init = Initializer::kLecunNormal},
                               {},
                               data);
    const MinimaProblem problem{.objective = objective,
                                .layout = objective.network().layout};
    const auto start = initial_parameters(objective.network(), 1, 0, 12);

    int certified = 0, mixing = 0;
    for (const auto& group : objective.network().layout.groups) {
      mixing += static_cast<int>(group.units * group.units);
    }
    for (const auto& e :
         polish_and_judge(problem, start, 0, std::vector<bool>(12), {})) {
      // Far out on its orbit a point may be too badly conditioned to certify.
      EXPECT_TRUE(is_candidate(e.verdict)) << e.reason;
      EXPECT_NEAR(e.loss, values.front(), 1e-10);
      if (!is_certified(e)) continue;
      ++certified;
      EXPECT_EQ(e.verdict, Verdict::kMinimumModuloSymmetry);
      EXPECT_EQ(e.nullity, mixing);
    }
    EXPECT_GE(certified, 11);
    // Newton that may not leave saddles stops at some when started near them.
    for (int64_t i = 0; i < 12; ++i) {
      const auto found = minimize_newton(
          objective, 0.02 * start[i], {.max_iterations = 60, .max_escapes = 0});
      if (found.gradient_norm > 1e-10) continue;
      const auto nearest =
          *std::min_element(values.begin(), values.end(), [&](double a, double b) {
            return std::abs(a - found.value) < std::abs(b - found.value);
          });
      EXPECT_NEAR(found.value, nearest, 1e-9);
      const auto e = judge(problem, found.theta, {});
      if (nearest > values.front() + 1e-6) {
        EXPECT_FALSE(is_certified(e)) << e.reason;
      }
    }
    // The origin is a saddle of them all.
    const auto origin = judge(problem, at::zeros_like(start[0]), {});
    EXPECT_NEAR(origin.loss, values.back(), 1e-12);
    EXPECT_FALSE(is_certified(origin)) << origin.reason;
  }
}

TEST(DeepLinear, WithDecayOnlyRotationsAreLeft) {
  const auto data = testing::random_data(60, 4, 0, 3);
  const auto objective = testing::objective_for({.depth = 1,
                                                 .width = 3,
                                                 .activation = Elementwise::kIdentity,
                                                 .init = Initializer::kLecunNormal},
                                                {.weight_decay = 1e-3},
                                                data);
  const MinimaProblem problem{
      .objective = objective, .layout = objective.network().layout, .decay = 1e-3};
  const auto start = initial_parameters(objective.network(), 1, 0, 6);
  for (const auto& e : polish_and_judge(problem, start, 0, std::vector<bool>(6), {})) {
    EXPECT_TRUE(is_certified(e)) << e.reason;
    EXPECT_EQ(e.nullity, 3);
    EXPECT_EQ(e.sources, "rotation 3");
  }
}

}  // namespace
}  // namespace basin
