// Where ‖c(w)‖ is large: ascent from many starts at once.

#include <ATen/Functions.h>

#include <algorithm>

#include "core/random.h"
#include "core/unit_rows.h"
#include "minima/growth.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kWork = 4e7;  // products of numbers
constexpr int64_t kFewest = 24, kMost = 256;
constexpr int kAscents = 60;

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
  out = unit_rows(out);
  for (int64_t i = starts; i < out.size(0); ++i) {
    out[i].mul_(0.3).add_(problem.live[static_cast<size_t>(i % live)].row);
  }
  return unit_rows(out);
}

}  // namespace

GrowthPeak climb_growth(const GrowthProblem& problem, const Tensor& from) {
  // ∇ ½‖c‖² = Σ_n (c·r_n) φ'(w·a_n) a_n is where a convex ‖c‖² would go next. c is not
  // convex: the trial is turned back towards w until ‖c‖ rises.
  struct Value {
    Tensor size, pull;  // ‖c‖, [S]; unit rows, [S, m]
  };
  const auto evaluate = [&](const Tensor& w) {
    const auto z = at::mm(w, problem.inputs.t());
    const auto slope = at::where(z > 0, problem.high, problem.low).to(torch::kFloat64);
    const auto c = at::mm(slope * z, problem.sensitivity);
    const auto weight = at::mm(c, problem.sensitivity.t()) * slope;
    return Value{c.norm(2, {1}), unit_rows(at::mm(weight, problem.inputs))};
  };
  auto w = unit_rows(from);
  auto now = evaluate(w);
  auto stay = at::zeros_like(now.size);
  for (int k = 0; k < kAscents; ++k) {
    const auto trial = unit_rows(now.pull + stay.unsqueeze(1) * w);
    const auto next = evaluate(trial);
    const auto better = next.size > now.size;
    const auto rows = better.unsqueeze(1);
    w = at::where(rows, trial, w);
    now = {at::where(better, next.size, now.size),
           at::where(rows, next.pull, now.pull)};
    stay = at::where(better, stay / 2, 2 * stay + 1);
  }
  const auto top = now.size.argmax().item<int64_t>();
  return {.direction = w[top].clone(),
          .ratio = now.size[top].item<double>() / problem.decay};
}

GrowthPeak search_growth(const GrowthProblem& problem) {
  return climb_growth(problem, first_directions(problem));
}

}  // namespace basin
