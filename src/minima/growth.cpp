// Branch and bound over pairs of directions (w, q): is qᵀc(w) <= decay |w| |q|?

#include "minima/growth.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "core/numbers.h"
#include "core/stop.h"
#include "minima/growth_bound.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kWorthClimbing = 0.97;
constexpr int64_t kMostClimbs = 200;
constexpr double kNegligible = 1e-11;  // of decay

// Columns that span the rows of x, but for what is shorter than `spare`.
Tensor row_space(const Tensor& x, double spare) {
  const auto [u, sizes, vt] = at::linalg_svd(x, false);
  const auto values = numbers(sizes);
  auto rank = values.size();
  for (double square = 0; rank > 0; --rank) {
    square += values[rank - 1] * values[rank - 1];
    if (square > spare * spare) break;
  }
  return vt.narrow(0, 0, static_cast<int64_t>(rank)).t().contiguous();
}

// c(w) depends on w by the span of the a_n alone (units at zero below, or fewer samples
// than inputs), and lies in that of the r_n (few live units above).
struct Reduced {
  GrowthProblem problem;
  Tensor inputs;  // w = inputs · w of the reduced problem
};

Reduced reduce(const GrowthProblem& problem) {
  const double steep = std::max(std::abs(problem.low), std::abs(problem.high));
  const double spare = kNegligible * problem.decay / steep;
  const auto& a = problem.inputs;
  const auto& r = problem.sensitivity;
  Reduced out{problem, row_space(a, spare / (1e-300 + r.norm().item<double>()))};
  const auto columns = row_space(r, spare / (1e-300 + a.norm().item<double>()));
  out.problem.inputs = at::mm(a, out.inputs);
  out.problem.sensitivity = at::mm(r, columns);
  for (auto& unit : out.problem.live) {
    unit.row = at::mv(out.inputs.t(), unit.row);
    unit.column = at::mv(columns.t(), unit.column);
  }
  return out;
}

}  // namespace

GrowthTest test_growth(const GrowthProblem& problem, int64_t max_nodes) {
  GrowthTest out;
  const auto grows = [&](const GrowthPeak& peak) {
    out.silent = Answer::kNo;
    out.ratio = peak.ratio;
    out.witness = peak.direction;
    return out;
  };
  const auto peak = search_growth(problem);
  out.ratio = peak.ratio;
  if (peak.ratio > 1 + kGrowing) return grows(peak);
  if (max_nodes == 0) return out;
  const auto [reduced, inputs] = reduce(problem);
  if (inputs.size(1) > kMostInputs) return out;
  const GrowthBound bound(reduced);
  if (!bound.usable()) return out;
  std::vector<DirectionPair> open = bound.all_directions();
  int64_t climbs = 0;
  for (int64_t nodes = 0; !open.empty(); ++nodes) {
    out.nodes = nodes;
    if (nodes == max_nodes) return out;
    if (nodes % 1024 == 0) check_stop();
    const auto pair = std::move(open.back());
    open.pop_back();
    const auto node = bound.examine(pair);
    if (node.excluded) continue;
    // A growing direction that no climb has found lies where a box cannot be excluded.
    const bool grown = node.ratio > 1 + kGrowing;
    if (grown || (node.ratio > kWorthClimbing && climbs < kMostClimbs)) {
      ++climbs;
      const auto centre = at::tensor(pair.row.centre, torch::kFloat64);
      const auto from = at::mv(inputs, centre);
      const auto top = climb_growth(problem, from.unsqueeze(0));
      out.ratio = std::max(out.ratio, top.ratio);
      if (top.ratio > 1 + kGrowing) return grows(top);
    }
    for (auto& part : bound.split(pair, node)) open.push_back(std::move(part));
  }
  out.silent = Answer::kYes;
  out.splitting = !problem.live.empty();
  return out;
}

}  // namespace basin
