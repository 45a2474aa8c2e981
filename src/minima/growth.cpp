// Branch and bound over pairs of directions (w, q): is qᵀc(w) <= decay |w| |q|?

#include "minima/growth.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

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
  Tensor inputs, columns;  // w = inputs · w of the reduced problem, and q
};

Reduced reduce(const GrowthProblem& problem) {
  const double steep = std::max(std::abs(problem.low), std::abs(problem.high));
  const double spare = kNegligible * problem.decay / steep;
  const auto& a = problem.inputs;
  const auto& r = problem.sensitivity;
  Reduced out{problem, row_space(a, spare / (1e-300 + r.norm().item<double>())), {}};
  std::vector<Tensor> fed{r};
  for (const auto& kink : problem.shared) fed.push_back(kink.feeds * r.norm());
  const auto columns =
      row_space(at::cat(fed), spare / (1e-300 + a.norm().item<double>()));
  out.columns = columns;
  out.problem.inputs = at::mm(a, out.inputs);
  out.problem.sensitivity = at::mm(r, columns);
  for (auto& kink : out.problem.shared) kink.feeds = at::mm(kink.feeds, columns);
  for (auto& unit : out.problem.live) {
    unit.row = at::mv(out.inputs.t(), unit.row);
    unit.column = at::mv(columns.t(), unit.column);
  }
  return out;
}

// Samples with the same a_n, on the same side of every live unit, are one: their r_n
// add up (a layer below is silent on them, or data repeat).
GrowthProblem merged(const GrowthProblem& problem) {
  const auto& a = problem.inputs;
  const auto& r = problem.sensitivity;
  const double steep = std::max(std::abs(problem.low), std::abs(problem.high));
  const double near =
      kNegligible * problem.decay / (steep * r.norm(2, {1}).sum().item<double>());
  std::vector<Tensor> sides;
  for (const auto& unit : problem.live) sides.push_back(unit.slopes.unsqueeze(1));
  const auto slopes =
      sides.empty() ? at::empty({a.size(0), 0}, torch::kFloat64) : at::cat(sides, 1);
  std::vector<int64_t> firsts, to;
  const auto m = static_cast<size_t>(a.size(1)), l = sides.size();
  const auto inputs = numbers(a), at_live = numbers(slopes.contiguous());
  for (size_t n = 0; n < static_cast<size_t>(a.size(0)); ++n) {
    const double* x = &inputs[n * m];
    size_t known = 0;
    for (; known < firsts.size(); ++known) {
      const auto i = static_cast<size_t>(firsts[known]);
      double square = 0;
      for (size_t j = 0; j < m; ++j) square += std::pow(x[j] - inputs[i * m + j], 2);
      if (std::sqrt(square) <= near &&
          std::equal(&at_live[n * l], &at_live[n * l] + l, &at_live[i * l]))
        break;
    }
    if (known == firsts.size()) firsts.push_back(static_cast<int64_t>(n));
    to.push_back(static_cast<int64_t>(known));
  }
  auto out = problem;
  const auto index = at::tensor(firsts, torch::kInt64);
  out.inputs = a.index_select(0, index);
  out.sensitivity = at::zeros({index.size(0), r.size(1)}, torch::kFloat64)
                        .index_add(0, at::tensor(to, torch::kInt64), r);
  const auto move = [&](std::vector<int64_t>& samples) {
    for (auto& n : samples) n = to[static_cast<size_t>(n)];
  };
  for (auto& unit : out.live) {
    unit.slopes = unit.slopes.index_select(0, index);
    move(unit.kinks);
    std::sort(unit.kinks.begin(), unit.kinks.end());
    unit.kinks.erase(std::unique(unit.kinks.begin(), unit.kinks.end()),
                     unit.kinks.end());
  }
  for (auto& kink : out.shared) move(kink.samples);
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
  const auto [reduced, inputs, columns] = reduce(problem);
  if (inputs.size(1) > kMostInputs) return out;
  const GrowthBound bound(merged(reduced));
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
    if (node.apart) {  // not by the bounds of shared kinks
      const auto in = [](const Tensor& basis, const std::vector<double>& x) {
        const auto full = at::mv(basis, at::tensor(x, torch::kFloat64));
        return full / full.norm();
      };
      out.witness = in(inputs, pair.row.centre);
      out.column = -in(columns, pair.column.centre);
      return out;
    }
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
