#include "minima/box_problem.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace basin {
namespace {

using torch::Tensor;

constexpr int kMostSteps = 400;
constexpr double kShift = 1e-13;      // of the mean diagonal: G may be singular
constexpr double kTolerance = 1e-14;  // of the largest entry of c and G a
constexpr double kStill = 1e-16;      // a fall that is rounding

// Newton's step over the entries that are not held at a bound, `[K]`.
Tensor newton_step(const Tensor& matrix, const Tensor& gradient, const Tensor& open) {
  const auto rows = matrix.index_select(0, open);
  auto own = rows.index_select(1, open);
  const double shift = kShift * own.diagonal().mean().item<double>() + 1e-300;
  own.diagonal().add_(shift);
  const auto g = gradient.index_select(0, open).unsqueeze(1);
  const auto [factor, failed] = at::linalg_cholesky_ex(own);
  const auto step = failed.item<int>() == 0
                        ? at::cholesky_solve(g, factor)
                        : g / own.diagonal().unsqueeze(1).clamp_min(shift);
  return at::zeros_like(gradient).index_copy(0, open, -step.squeeze(1));
}

// The state of a search: entries a, the gradient G a + c.
struct State {
  Tensor a, gradient;
};

// Each entry in turn to where the value is least. Where Newton's model has no curvature
// its step says nothing; this always descends. By how much.
double sweep(const Tensor& matrix, State& at) {
  const auto count = at.a.size(0);
  const auto* rows = matrix.data_ptr<double>();
  auto* entry = at.a.data_ptr<double>();
  auto* slope = at.gradient.data_ptr<double>();
  double fall = 0;
  for (int64_t k = 0; k < count; ++k) {
    const double x = entry[k], g = slope[k];
    const auto* row = rows + k * count;
    const double end = g > 0 ? 0.0 : 1.0;
    const double next = row[k] > 0 ? std::clamp(x - g / row[k], 0.0, 1.0)
                        : g == 0   ? x
                                   : end;
    if (next == x) continue;
    const double by = next - x;
    for (int64_t j = 0; j < count; ++j) slope[j] += by * row[j];
    entry[k] = next;
    fall -= by * (g + 0.5 * by * row[k]);
  }
  return fall;
}

// The entries that are not held at a bound.
Tensor open_entries(const State& at) {
  const auto held = at::logical_or(at::logical_and(at.a <= 0, at.gradient >= 0),
                                   at::logical_and(at.a >= 1, at.gradient <= 0));
  return held.logical_not().nonzero().squeeze(1);
}

// The first least value on the path clamp(a + t d), t >= 0: a quadratic between the t
// at which entries reach their bounds. By how much the value falls.
double search_path(const Tensor& matrix, const Tensor& direction, State& at) {
  const auto count = at.a.size(0);
  const auto* rows = matrix.data_ptr<double>();
  auto* entry = at.a.data_ptr<double>();
  auto* slope = at.gradient.data_ptr<double>();
  auto move = direction.clone();
  auto pull = at::mv(matrix, move);
  auto* d = move.data_ptr<double>();
  auto* q = pull.data_ptr<double>();
  std::vector<std::pair<double, int64_t>> ends;
  for (int64_t k = 0; k < count; ++k) {
    if (d[k] == 0) continue;
    ends.emplace_back((d[k] > 0 ? 1 - entry[k] : -entry[k]) / d[k], k);
  }
  std::sort(ends.begin(), ends.end());
  double t = 0, fall = 0;
  for (size_t i = 0;; ++i) {
    double steep = 0, bend = 0;
    for (int64_t k = 0; k < count; ++k) {
      steep += slope[k] * d[k];
      bend += q[k] * d[k];
    }
    if (!(steep < 0)) return fall;
    const double room = i < ends.size() ? ends[i].first - t : 0;
    const double least = bend > 0 ? -steep / bend : room;
    const double by = std::min(least, room);
    for (int64_t k = 0; k < count; ++k) {
      entry[k] = std::clamp(entry[k] + by * d[k], 0.0, 1.0);
      slope[k] += by * q[k];
    }
    fall -= by * (steep + 0.5 * by * bend);
    if (!(room <= least) || i == ends.size()) return fall;
    t = ends[i].first;
    const auto k = ends[i].second;
    entry[k] = d[k] > 0 ? 1.0 : 0.0;
    const auto* row = rows + k * count;
    for (int64_t j = 0; j < count; ++j) q[j] -= d[k] * row[j];
    d[k] = 0;
  }
}

}  // namespace

Tensor solve_box_problem(const Tensor& matrix,
                         const Tensor& linear,
                         const Tensor& start) {
  State at{.a = start.clamp(0, 1).contiguous()};
  if (at.a.size(0) == 0) return at.a;
  const auto rows = matrix.contiguous();
  int still = 0;
  for (int step = 0; step < kMostSteps && still < 2; ++step) {
    const auto pull = at::mv(rows, at.a);
    at.gradient = pull + linear;
    auto open = open_entries(at);
    if (open.size(0) == 0) break;
    const double scale =
        std::max(pull.abs().max().item<double>(), linear.abs().max().item<double>());
    const double left = at.gradient.index_select(0, open).abs().max().item<double>();
    if (!(left > kTolerance * scale)) break;
    const double size = (at.a * (0.5 * pull.abs() + linear.abs())).sum().item<double>();
    double fall = sweep(rows, at);
    open = open_entries(at);
    if (open.size(0) > 0) {
      fall += search_path(rows, newton_step(rows, at.gradient, open), at);
    }
    still = fall > kStill * size ? 0 : still + 1;
  }
  return at.a;
}

}  // namespace basin
