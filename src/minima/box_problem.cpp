#include "minima/box_problem.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/numbers.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int kMostSteps = 400;
constexpr double kShift = 1e-13;      // of the mean diagonal: G may be singular
constexpr double kTolerance = 1e-14;  // of the largest entry of c and G a
constexpr double kStill = 1e-16;      // a fall that is rounding

constexpr size_t kSmall = 96;  // below, plain loops; above, BLAS and LAPACK

// Solves G x = g in place of g by Cholesky, G = Uᵀ U: the upper half of G `[K, K]` is
// overwritten. False if G is not positive definite. The inner loops run along rows.
bool solve_in_place(std::vector<double>& matrix, std::vector<double>& g) {
  const auto n = g.size();
  const auto row = [&](size_t i) { return &matrix[i * n]; };
  for (size_t i = 0; i < n; ++i) {
    double* own = row(i);
    for (size_t k = 0; k < i; ++k) {
      const double* above = row(k);
      const double factor = above[i];
      if (factor == 0) continue;
      for (size_t j = i; j < n; ++j) own[j] -= factor * above[j];
    }
    if (!(own[i] > 0)) return false;
    const double root = std::sqrt(own[i]);
    for (size_t j = i; j < n; ++j) own[j] /= root;
  }
  for (size_t i = 0; i < n; ++i) {
    const double* own = row(i);
    g[i] /= own[i];
    for (size_t j = i + 1; j < n; ++j) g[j] -= own[j] * g[i];
  }
  for (size_t i = n; i-- > 0;) {
    const double* own = row(i);
    for (size_t j = i + 1; j < n; ++j) g[i] -= own[j] * g[j];
    g[i] /= own[i];
  }
  return true;
}

// −G⁻¹ g over the entries that are not held at a bound, `[K]`.
std::vector<double> small_step(const double* rows,
                               const double* gradient,
                               size_t count,
                               const std::vector<int64_t>& open) {
  const auto n = open.size();
  std::vector<double> own(n * n), g(n);
  double trace = 0;
  for (size_t i = 0; i < n; ++i) {
    const auto* row = rows + static_cast<size_t>(open[i]) * count;
    for (size_t j = 0; j < n; ++j) own[i * n + j] = row[open[j]];
    trace += row[open[i]];
    g[i] = gradient[open[i]];
  }
  const double shift = kShift * trace / static_cast<double>(n) + 1e-300;
  auto left = g;
  for (size_t i = 0; i < n; ++i) own[i * n + i] += shift;
  if (!solve_in_place(own, g)) {
    for (size_t i = 0; i < n; ++i) {
      const auto k = static_cast<size_t>(open[i]);
      g[i] = left[i] / std::max(rows[k * count + k] + shift, shift);
    }
  }
  std::vector<double> out(count, 0);
  for (size_t i = 0; i < n; ++i) out[static_cast<size_t>(open[i])] = -g[i];
  return out;
}

std::vector<double> large_step(const Tensor& matrix,
                               const Tensor& gradient,
                               const std::vector<int64_t>& entries) {
  const auto open = at::tensor(entries, torch::kInt64);
  const auto rows = matrix.index_select(0, open);
  auto own = rows.index_select(1, open);
  const double shift = kShift * own.diagonal().mean().item<double>() + 1e-300;
  own.diagonal().add_(shift);
  const auto g = gradient.index_select(0, open).unsqueeze(1);
  const auto [factor, failed] = at::linalg_cholesky_ex(own);
  const auto step = failed.item<int>() == 0
                        ? at::cholesky_solve(g, factor)
                        : g / own.diagonal().unsqueeze(1).clamp_min(shift);
  return numbers(at::zeros_like(gradient).index_copy(0, open, -step.squeeze(1)));
}

// Newton's step over the entries that are not held at a bound, `[K]`.
std::vector<double> newton_step(const Tensor& matrix,
                                const Tensor& gradient,
                                const std::vector<int64_t>& open) {
  if (open.size() > kSmall) return large_step(matrix, gradient, open);
  return small_step(matrix.data_ptr<double>(),
                    gradient.data_ptr<double>(),
                    static_cast<size_t>(gradient.size(0)),
                    open);
}

// G x, written to `to`.
void multiply(const Tensor& matrix,
              const std::vector<double>& x,
              std::vector<double>& to) {
  const auto n = x.size();
  to.resize(n);
  if (n > kSmall) {
    to = numbers(at::mv(matrix, at::tensor(x, torch::kFloat64)));
    return;
  }
  const auto* row = matrix.data_ptr<double>();
  std::fill(to.begin(), to.end(), 0);
  // Symmetric: a row is a column, and no sum runs across a vector.
  for (size_t k = 0; k < n; ++k, row += n) {
    if (x[k] == 0) continue;
    for (size_t j = 0; j < n; ++j) to[j] += x[k] * row[j];
  }
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
std::vector<int64_t> open_entries(const State& at) {
  const auto* entry = at.a.data_ptr<double>();
  const auto* slope = at.gradient.data_ptr<double>();
  std::vector<int64_t> out;
  for (int64_t k = 0; k < at.a.size(0); ++k) {
    const bool held =
        (entry[k] <= 0 && slope[k] >= 0) || (entry[k] >= 1 && slope[k] <= 0);
    if (!held) out.push_back(k);
  }
  return out;
}

// The first least value on the path clamp(a + t d), t >= 0: a quadratic between the t
// at which entries reach their bounds. By how much the value falls.
double search_path(const Tensor& matrix, std::vector<double> move, State& at) {
  const auto count = at.a.size(0);
  const auto* rows = matrix.data_ptr<double>();
  auto* entry = at.a.data_ptr<double>();
  auto* slope = at.gradient.data_ptr<double>();
  std::vector<double> pull;
  multiply(matrix, move, pull);
  auto* d = move.data();
  auto* q = pull.data();
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
  const auto count = static_cast<size_t>(at.a.size(0));
  if (count == 0) return at.a;
  const auto rows = matrix.contiguous();
  const auto c = numbers(linear);
  at.gradient = at::empty_like(at.a);
  auto* entry = at.a.data_ptr<double>();
  auto* slope = at.gradient.data_ptr<double>();
  std::vector<double> pull;
  int still = 0;
  for (int step = 0; step < kMostSteps && still < 2; ++step) {
    multiply(rows, std::vector<double>(entry, entry + count), pull);
    double most = 0, size = 0;
    for (size_t k = 0; k < count; ++k) {
      slope[k] = pull[k] + c[k];
      most = std::max({most, std::abs(pull[k]), std::abs(c[k])});
      size += entry[k] * (0.5 * std::abs(pull[k]) + std::abs(c[k]));
    }
    auto open = open_entries(at);
    double left = 0;
    for (const auto k : open) left = std::max(left, std::abs(slope[k]));
    if (!(left > kTolerance * most)) break;
    double fall = sweep(rows, at);
    open = open_entries(at);
    if (!open.empty())
      fall += search_path(rows, newton_step(rows, at.gradient, open), at);
    still = fall > kStill * size ? 0 : still + 1;
  }
  return at.a;
}

}  // namespace basin
