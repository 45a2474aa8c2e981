// Where a point lies among the kinks.

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "minima/kink_system.h"
#include "minima/kink_verdict.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kNearest = 32;  // sites whose distance in θ is found

// Samples beyond the margin of a hinge: near θ the loss does not see them, so their
// pre-activations are no kinks of L.
std::vector<bool> silent_samples(const std::vector<KinkBlock>& blocks,
                                 const Tensor& z) {
  const auto& last = blocks.back();
  std::vector<bool> out(static_cast<size_t>(last.samples), false);
  if (last.name != "loss" || last.low != 0) return out;
  const auto own =
      z.narrow(0, last.offset, last.size()).view({last.units, last.samples});
  const auto beyond =
      (own < -kKinkTolerance * own.abs().max()).all(/*dim=*/0).to(torch::kInt64);
  for (int64_t i = 0; i < last.samples; ++i) {
    out[static_cast<size_t>(i)] = beyond[i].item<int64_t>() != 0;
  }
  return out;
}

}  // namespace

KinkPlace place_of(const MinimaProblem& problem, const Tensor& theta) {
  KinkPlace out{.zeroed = problem.decay > 0 ? zeroed_units(problem.layout, theta)
                                            : std::vector<UnitId>{},
                .distance = INFINITY,
                .radius = INFINITY};
  const auto blocks = problem.objective.kink_blocks();
  if (blocks.empty()) return out;
  const auto z = problem.objective.kink_arguments(theta.unsqueeze(0)).squeeze(0);
  std::vector<std::pair<double, int64_t>> others;  // |z|, site
  const auto silent = silent_samples(blocks, z);
  for (const auto& block : blocks) {
    const auto own = z.narrow(0, block.offset, block.size()).abs();
    const double scale = own.max().item<double>();
    const auto* size = own.data_ptr<double>();
    for (int64_t i = 0; i < block.size(); ++i) {
      if (is_one_of(problem.layout, out.zeroed, block.layer, i / block.samples))
        continue;
      if (block.name != "loss" && silent[static_cast<size_t>(i % block.samples)])
        continue;
      const double relative = scale > 0 ? size[i] / scale : 0;
      if (relative <= kKinkTolerance) {
        out.active.push_back(block.offset + i);
      } else {
        out.distance = std::min(out.distance, relative);
        others.emplace_back(size[i], block.offset + i);
      }
    }
  }
  const auto count = std::min<int64_t>(kNearest, static_cast<int64_t>(others.size()));
  std::partial_sort(others.begin(), others.begin() + count, others.end());
  std::vector<int64_t> nearest;
  for (int64_t i = 0; i < count; ++i)
    nearest.push_back(others[static_cast<size_t>(i)].second);
  if (nearest.empty()) return out;
  const auto frozen = problem.objective.frozen(side_slopes(problem.objective, theta));
  const auto slope = frozen->argument_gradients(theta, index_of(nearest)).norm(2, {1});
  for (int64_t i = 0; i < count; ++i) {
    out.radius = std::min(
        out.radius, others[static_cast<size_t>(i)].first / slope[i].item<double>());
  }
  return out;
}

}  // namespace basin
