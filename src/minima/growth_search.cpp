// Where ‖c(w)‖ is large: ascent from many starts at once.

#include <ATen/Functions.h>

#include <algorithm>

#include "core/random.h"
#include "minima/growth.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kWork = 4e7;  // products of numbers
constexpr int64_t kFewest = 24, kMost = 256;
constexpr int kAscents = 60;

Tensor unit_rows_of(const Tensor& w) {
  return w / w.norm(2, {1}, true).clamp_min(1e-300);
}

// Random directions, and live units moved a little.
Tensor first_directions(const GrowthProblem& problem) {
  const auto m = problem.inputs.size(1);
  RandomStream random(0, Stream::kProbe, 11);
  const auto live = static_cast<int64_t>(problem.live.size());
  const double each = kAscents * 2.0 * static_cast<double>(problem.inputs.numel());
  const auto starts = std::clamp(static_cast<int64_t>(kWork / each), kFewest, kMost);
  auto out = at::empty({starts * (live > 0 ? 2 : 1), m}, torch::kFloat64);
  auto* to = out.data_ptr<double>();
  for (int64_t i = 0; i < out.numel(); ++i) to[i] = random.normal();
  out = unit_rows_of(out);
  for (int64_t i = starts; i < out.size(0); ++i) {
    out[i].mul_(0.3).add_(problem.live[static_cast<size_t>(i % live)].row);
  }
  return unit_rows_of(out);
}

}  // namespace

GrowthPeak climb_growth(const GrowthProblem& problem, const Tensor& from) {
  // ∇ ½‖c‖² = Σ_n (c·r_n) φ'(w·a_n) a_n; its direction is the next w.
  auto w = unit_rows_of(from);
  auto best = at::zeros({w.size(0)}, torch::kFloat64);
  auto at_best = w.clone();
  for (int k = 0; k < kAscents; ++k) {
    const auto z = at::mm(w, problem.inputs.t());
    const auto slope = at::where(z > 0, problem.high, problem.low).to(torch::kFloat64);
    const auto c = at::mm(slope * z, problem.sensitivity);
    const auto size = c.norm(2, {1});
    const auto better = size > best;
    at_best = at::where(better.unsqueeze(1), w, at_best);
    best = at::where(better, size, best);
    const auto pull = at::mm(c, problem.sensitivity.t()) * slope;
    w = unit_rows_of(at::mm(pull, problem.inputs));
  }
  const auto top = best.argmax().item<int64_t>();
  return {.direction = at_best[top].clone(),
          .ratio = best[top].item<double>() / problem.decay};
}

GrowthPeak search_growth(const GrowthProblem& problem) {
  return climb_growth(problem, first_directions(problem));
}

}  // namespace basin
