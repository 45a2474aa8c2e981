#include "minima/balance.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "minima/unit_move.h"

namespace basin {
namespace {

constexpr int kMostSweeps = 10'000;

// Balances unit `i`; how far from 1 its factor was.
double balance_unit(const UnitGroup& group, int64_t i, LayerViews& views) {
  double in = 0, out = 0;
  for (const auto l : group.layers) {
    const auto at = static_cast<size_t>(l);
    in += views.weight[at][i].square().sum().item<double>();
    if (views.bias[at].defined()) {
      const double b = views.bias[at][i].item<double>();
      in += b * b;
    }
  }
  for (const auto l : group.readers)
    out +=
        views.weight[static_cast<size_t>(l)].select(1, i).square().sum().item<double>();
  if (!(in > 0) || !(out > 0)) return 0;
  const double factor = std::pow(out / in, 0.25);
  scale_unit(group, i, factor, views);
  return std::abs(factor - 1);
}

}  // namespace

bool can_balance(const ParameterLayout& layout) {
  return std::any_of(layout.groups.begin(), layout.groups.end(), [](const auto& g) {
    return g.positive_scaling;
  });
}

torch::Tensor balanced(const ParameterLayout& layout, const torch::Tensor& theta) {
  auto out = theta.clone();
  auto views = layer_views(layout, out);
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    double most = 0;
    for (const auto& group : layout.groups) {
      if (!group.positive_scaling) continue;
      for (int64_t i = 0; i < group.units; ++i)
        most = std::max(most, balance_unit(group, i, views));
    }
    if (most < 1e-14) break;
  }
  return out;
}

}  // namespace basin
