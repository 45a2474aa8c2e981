#include "minima/degenerate.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>

#include "core/random.h"
#include "minima/higher_order.h"
#include "minima/newton.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kHigherOrderLimit = 500;  // parameters
constexpr int64_t kHigherOrderModes = 8;

// How much the loss falls when θ grows along its own part in the zero modes. It must
// fall at once (5 % growth) and never rise again up to fivefold growth; 0 otherwise.
double fall_along_zero_modes(const MinimaProblem& problem,
                             const Curvature& c,
                             const Endpoint& e) {
  const auto inside = at::mv(c.spectrum.vectors, e.theta) * c.zero.to(torch::kFloat64);
  const auto outward = at::mv(c.spectrum.vectors.t(), inside);
  const auto growth = at::tensor({0.05, 0.25, 1.0, 4.0}, torch::kFloat64).unsqueeze(1);
  const auto losses = problem.objective.value(e.theta + growth * outward);
  const double noise = std::max(1e-14 * (1e-2 + std::abs(e.loss)),
                                16 * value_noise(problem.objective, e.theta));
  const double first = losses[0].item<double>();
  const bool rises = (losses > first + noise).any().item<bool>();
  return first < e.loss - noise && !rises ? e.loss - losses.min().item<double>() : 0.0;
}

// Directions in the zero modes that nothing explains, and mixtures of them.
std::vector<Tensor> unexplained_directions(const Curvature& c) {
  const auto zero =
      c.spectrum.vectors.index_select(0, c.zero.nonzero().squeeze(1));  // [n, P]
  const auto& e = c.explained.basis;
  const auto rest = zero - at::mm(at::mm(zero, e.t()), e);
  const auto [u, s, v] = at::linalg_svd(rest, /*full_matrices=*/false);
  const auto count = (s > 0.5).sum().item<int64_t>();
  std::vector<Tensor> out;
  for (int64_t i = 0; i < count; ++i) out.push_back(v[i]);
  RandomStream random(0, Stream::kProbe, 1);
  for (int64_t i = 0; count > 1 && i < 2 * count; ++i) {
    auto mixed = at::zeros_like(v[0]);
    for (int64_t k = 0; k < count; ++k) mixed = mixed + random.normal() * v[k];
    out.push_back(mixed / mixed.norm());
  }
  return out;
}

}  // namespace

void judge_degenerate(const MinimaProblem& problem, const Curvature& c, Endpoint& out) {
  if (at_lower_bound(problem, out.theta, out.loss)) return;  // see judge
  const double fall = problem.decay > 0 ? 0 : fall_along_zero_modes(problem, c, out);
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
  const auto more = out.nullity - out.explained;
  out.reason = fmt::format("{} zero modes, {} explained", out.nullity, out.explained);
  if (!out.sources.empty()) out.reason += " (" + out.sources + ")";
  if (out.theta.size(0) > kHigherOrderLimit || more > kHigherOrderModes) {
    out.reason += "; not tested to higher order";
    return;
  }
  const auto rest = c.zero.logical_not().nonzero().squeeze(1);
  const auto complement = c.spectrum.vectors.index_select(0, rest).t().contiguous();
  const auto curvature = c.spectrum.values.index_select(0, rest);
  int64_t flat = 0, rising = 0, tested = 0;
  double reach = INFINITY, order = INFINITY;
  for (const auto& v : unexplained_directions(c)) {
    const auto test =
        follow_zero_mode(problem.objective, out.theta, v, complement, curvature);
    ++tested;
    if (test.kind == ZeroMode::kFalling) {
      out.verdict = Verdict::kSaddle;
      out.witness = test.witness;
      out.witness_fall = test.fall;
      out.reason +=
          fmt::format("; along one the loss falls by {:.1e} at {:.2g}: higher order",
                      test.fall,
                      test.witness.norm().item<double>());
      return;
    }
    flat += test.kind == ZeroMode::kFlat;
    rising += test.kind == ZeroMode::kRising;
    if (test.kind != ZeroMode::kUnclear) reach = std::min(reach, test.reach);
    if (test.kind == ZeroMode::kRising) order = std::min(order, test.order);
  }
  if (flat == tested && tested > 0) {
    out.reason += fmt::format(
        "; a flat valley in all {} directions tried, up to {:.2g}", tested, reach);
  } else if (more == 1 && rising == tested && order > 3.5 && order < 4.5) {
    out.certificate = Certificate::kHigherOrder;
    out.reason +=
        fmt::format("; along the other the loss rises with power {:.3g}", order);
  } else {
    out.reason +=
        fmt::format("; of {} directions tried {} are flat, {} rise, none falls",
                    tested,
                    flat,
                    rising);
  }
}

}  // namespace basin
