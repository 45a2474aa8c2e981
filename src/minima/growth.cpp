// Branch and bound over pairs of directions (w, q): is qᵀc(w) <= decay |w| |q|?

#include "minima/growth.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "core/stop.h"
#include "minima/growth_bound.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kWorthClimbing = 0.97;
constexpr int64_t kMostClimbs = 200;

// Without the inputs that are zero on every sample (units at zero): c(w) does not
// depend on their weights, and those of live units are zero.
GrowthProblem without_silent_inputs(const GrowthProblem& problem, const Tensor& kept) {
  auto out = problem;
  out.inputs = problem.inputs.index_select(1, kept);
  for (auto& unit : out.live) unit.row = unit.row.index_select(0, kept);
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
  const auto kept = (problem.inputs != 0).any(0).nonzero().squeeze(1);
  const auto reduced = without_silent_inputs(problem, kept);
  if (kept.size(0) > kMostInputs) return out;
  const GrowthBound bound(reduced);
  if (!bound.usable()) return out;
  std::vector<DirectionPair> open = bound.all_directions();
  int64_t climbs = 0;
  for (int64_t nodes = 0; !open.empty(); ++nodes) {
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
      const auto from = at::zeros({problem.inputs.size(1)}, torch::kFloat64)
                            .index_copy(0, kept, centre);
      const auto top = climb_growth(problem, from.unsqueeze(0));
      out.ratio = std::max(out.ratio, top.ratio);
      if (top.ratio > 1 + kGrowing) return grows(top);
    }
    for (auto& part : bound.split(pair)) open.push_back(std::move(part));
  }
  out.silent = Answer::kYes;
  out.splitting = !problem.live.empty();
  return out;
}

}  // namespace basin
