#include "landscape/sharpness.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "core/stop.h"
#include "landscape/direction.h"
#include "minima/symmetry.h"

namespace basin {
namespace {

using torch::Tensor;

/// The unit of each parameter, numbered through all layers; biases belong to none.
struct Filters {
  Tensor unit;   // [P] int64; biases: the last number
  Tensor sizes;  // ‖θ_f‖, [units + 1]; 0 for the biases

  Filters(const ParameterLayout& layout, const Tensor& theta) {
    int64_t units = 0;
    for (const auto& layer : layout.layers) units += layer.rows;
    unit = at::full({layout.dimension}, units, torch::kInt64);
    int64_t next = 0;
    for (const auto& layer : layout.layers) {
      for (int64_t r = 0; r < layer.rows; ++r, ++next)
        unit.narrow(0, layer.weight + r * layer.columns, layer.columns).fill_(next);
    }
    sizes = at::zeros({units + 1}, torch::kFloat64);
    sizes = norms(theta.unsqueeze(0))[0].clone();
    sizes[units] = 0;
  }

  // [B, units + 1]
  Tensor norms(const Tensor& rows) const {
    const auto index = unit.unsqueeze(0).expand_as(rows);
    return at::zeros({rows.size(0), sizes.size(0)}, torch::kFloat64)
        .scatter_add_(1, index, rows.square())
        .sqrt();
  }

  // Each unit of each row scaled to at most, or (`full`) just, `radius` ‖θ_f‖.
  Tensor scaled(const Tensor& rows, double radius, bool full) const {
    auto factor = radius * sizes / norms(rows).clamp_min(1e-300);
    if (!full) factor = factor.clamp_max(1.0);
    return rows * factor.index_select(1, unit);
  }
};

// Ascends from `starts` [B, P]; `advance` takes δ and g to the next δ inside the set.
template <typename Advance>
double largest_rise(const SampledObjective& objective,
                    const Tensor& theta,
                    Tensor delta,
                    int64_t steps,
                    const Advance& advance) {
  const double least = objective.value(theta.unsqueeze(0)).item<double>();
  double most = least;
  for (int64_t s = 0; s <= steps; ++s) {
    check_stop();
    const auto at = objective.value_and_gradient((theta + delta).contiguous());
    const auto finite = at.value.masked_select(at.value.isfinite());
    if (finite.numel() > 0) most = std::max(most, finite.max().item<double>());
    delta = advance(delta, at.gradient.to(torch::kFloat64));
  }
  return 100 * (most - least) / (1 + least);
}

}  // namespace

Sharpness sharpness(const SampledObjective& objective,
                    const ParameterLayout& layout,
                    const Tensor& theta,
                    const SharpnessOptions& o) {
  std::vector<Tensor> rows;
  for (int64_t k = 0; k < o.starts; ++k)
    rows.push_back(random_direction(
        layout.dimension, o.seed, (uint64_t{1} << 40) + static_cast<uint64_t>(k), 1.0));
  const auto random = at::stack(rows);
  const auto bound = o.box_radius * (theta.abs() + 1);
  const auto box = [&](const Tensor& delta, const Tensor& g) {
    const auto next = delta + 0.5 * bound * g.sign();
    return at::minimum(at::maximum(next, -bound), bound);
  };
  const Filters filters(layout, theta);
  const auto filter = [&](const Tensor& delta, const Tensor& g) {
    const auto step = filters.scaled(g, 0.5 * o.filter_radius, /*full=*/true);
    return filters.scaled(delta + step, o.filter_radius, /*full=*/false);
  };
  return {.box = largest_rise(objective, theta, bound * random.sign(), o.steps, box),
          .filter = largest_rise(objective,
                                 theta,
                                 filters.scaled(random, o.filter_radius, /*full=*/true),
                                 o.steps,
                                 filter)};
}

}  // namespace basin
