#include "minima/degenerate.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>

#include "core/unit_rows.h"
#include "minima/higher_order.h"
#include "minima/newton.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kHigherOrderLimit = 500;  // parameters
constexpr int64_t kHigherOrderModes = 64;

double loss_noise(const MinimaProblem& problem, const Endpoint& e) {
  return std::max(4e-16 * (1e-2 + std::abs(e.loss)),
                  4 * value_noise(problem.objective, e.theta));
}

// How much the loss falls when θ grows along its own part in the zero modes. It must
// fall at once (5 % growth) and never rise again up to fivefold growth; 0 otherwise.
double fall_along_zero_modes(const MinimaProblem& problem,
                             const Curvature& c,
                             const Tensor& zero,
                             const Endpoint& e) {
  const auto [u, s, v] =
      at::linalg_svd(at::cat({c.explained.basis, zero}), /*full_matrices=*/false);
  const auto basis = v.narrow(0, 0, (s > 1e-8).sum().item<int64_t>());
  const auto outward = at::mv(basis.t(), at::mv(basis, e.theta));
  const auto growth = at::tensor({0.05, 0.25, 1.0, 4.0}, torch::kFloat64).unsqueeze(1);
  const auto far = e.theta + growth * outward;
  const auto losses = problem.objective.value(far);
  // Rounding grows with the weights.
  double noise = std::max(1e-14 * (1e-2 + std::abs(e.loss)),
                          16 * value_noise(problem.objective, e.theta));
  for (int64_t k = 0; k < far.size(0); ++k)
    noise = std::max(noise, 16 * value_noise(problem.objective, far[k]));
  const double first = losses[0].item<double>();
  const bool rises = (losses > first + noise).any().item<bool>();
  return first < e.loss - noise && !rises ? e.loss - losses.min().item<double>() : 0.0;
}

// What the test found, said; `modes` zero modes are not explained.
void conclude(const NullSpaceTest& test, int64_t modes, Endpoint& out) {
  switch (test.kind) {
    case ZeroMode::kFalling:
      out.verdict = Verdict::kSaddle;
      out.witness = test.witness;
      out.witness_fall = test.fall;
      out.reason += fmt::format(
          "; with the other directions following, the loss falls by {:.1e} at {:.2g}: "
          "higher order",
          test.fall,
          test.witness.norm().item<double>());
      return;
    case ZeroMode::kFlat:
      out.reason += fmt::format(
          "; flat along all {} rays tried, up to {:.2g}", test.rays, test.reach);
      return;
    case ZeroMode::kRising:
      if (modes == 1 && test.order > 3.5 && test.order < 4.5) {
        out.certificate = Certificate::kHigherOrder;
        out.reason += fmt::format(
            "; along the other, zero to rounding, the loss rises "
            "with power {:.3g}",
            test.order);
      } else {
        out.reason += fmt::format("; it rises along all {} rays tried", test.rays);
      }
      return;
    case ZeroMode::kMixed:
      out.reason += fmt::format(
          "; of {} rays tried {} are flat, {} rise, {} could not be followed",
          test.rays,
          test.flat,
          test.rising,
          test.unclear);
      return;
    case ZeroMode::kUnclear:
      out.verdict = Verdict::kUndecided;
      out.reason += "; the loss could not be followed along them";
      return;
  }
}

}  // namespace

void judge_degenerate(const MinimaProblem& problem, const Curvature& c, Endpoint& out) {
  if (at_lower_bound(problem, out.theta, out.loss)) return;  // see judge
  const auto& inertia = *c.inertia;
  const auto is_zero = inertia.is_zero();
  const auto zero =
      unit_rows(inertia.vectors.index_select(0, is_zero.nonzero().squeeze(1)));
  const double fall =
      problem.decay > 0 ? 0 : fall_along_zero_modes(problem, c, zero, out);
  if (fall > 0) {
    out.verdict = Verdict::kEscaping;
    out.growth_fall = fall;
    out.reason = fmt::format(
        "no decay, and the loss falls by {:.1e} as the weights grow along {} zero "
        "modes; "
        "norm {:.3g}",
        fall,
        out.nullity,
        out.norm);
    return;
  }
  out.verdict = Verdict::kDegenerateMinimum;
  out.reason = fmt::format("{} zero modes, {} explained", out.nullity, out.explained);
  if (!out.sources.empty()) out.reason += " (" + out.sources + ")";
  if (out.theta.size(0) > kHigherOrderLimit || inertia.zero > kHigherOrderModes) {
    out.verdict = Verdict::kUndecided;
    out.reason += "; not tested to higher order";
    return;
  }
  const auto rest = is_zero.logical_not().nonzero().squeeze(1);
  const auto test =
      test_null_space(problem.objective,
                      out.theta,
                      zero,
                      inertia.vectors.index_select(0, rest).t().contiguous(),
                      inertia.values.index_select(0, rest),
                      loss_noise(problem, out));
  conclude(test, inertia.zero, out);
}

}  // namespace basin
