#include "minima/unit_move.h"

#include <ATen/Functions.h>

#include <cmath>
#include <numeric>

namespace basin {
namespace {

using torch::Tensor;

UnitMove unmoved(const UnitGroup& group) {
  UnitMove out{.from = std::vector<int64_t>(static_cast<size_t>(group.units)),
               .sign = at::ones({group.units}, torch::kFloat64)};
  std::iota(out.from.begin(), out.from.end(), 0);
  return out;
}

// Takes `choices` off `number`: the rest of the division by it.
int64_t take(int64_t& number, int64_t choices) {
  const auto out = number % choices;
  number /= choices;
  return out;
}

}  // namespace

void move_units(const UnitGroup& group, const UnitMove& move, const LayerViews& views) {
  const auto index = at::tensor(move.from, torch::kInt64);
  for (const auto l : group.layers) {
    views.weight[l].copy_(views.weight[l].index_select(0, index) *
                          move.sign.unsqueeze(1));
    if (views.bias[l].defined())
      views.bias[l].copy_(views.bias[l].index_select(0, index) * move.sign);
  }
  for (const auto l : group.readers) {
    const auto columns = views.weight[l].index_select(1, index);
    views.weight[l].copy_(group.sign_flip ? columns * move.sign : columns);
  }
}

void scale_unit(const UnitGroup& group,
                int64_t unit,
                double factor,
                const LayerViews& views) {
  for (const auto l : group.layers) {
    views.weight[l][unit].mul_(factor);
    if (views.bias[l].defined()) views.bias[l][unit].mul_(factor);
  }
  for (const auto l : group.readers) views.weight[l].select(1, unit).mul_(1 / factor);
}

Tensor moved(const ParameterLayout& layout,
             const SymmetryElement& g,
             const Tensor& theta) {
  auto out = theta.clone();
  const auto views = layer_views(layout, out);
  for (size_t k = 0; k < layout.groups.size(); ++k)
    move_units(layout.groups[k], g[k], views);
  return out;
}

SymmetryElement identity_element(const ParameterLayout& layout) {
  SymmetryElement out;
  for (const auto& group : layout.groups) out.push_back(unmoved(group));
  return out;
}

double log10_group_order(const ParameterLayout& layout) {
  double out = 0;
  for (const auto& g : layout.groups) {
    const auto units = static_cast<double>(g.units);
    out += std::lgamma(units + 1) / std::log(10.0);
    if (g.flips()) out += units * std::log10(2.0);
  }
  return out;
}

SymmetryElement element_at(const ParameterLayout& layout, int64_t number) {
  SymmetryElement out;
  for (const auto& group : layout.groups) {
    auto move = unmoved(group);
    auto left = move.from;
    for (auto& unit : move.from) {
      const auto which = take(number, static_cast<int64_t>(left.size()));
      unit = left[static_cast<size_t>(which)];
      left.erase(left.begin() + which);
    }
    for (int64_t i = 0; group.flips() && i < group.units; ++i)
      if (take(number, 2) == 1) move.sign[i] = -1;
    out.push_back(move);
  }
  return out;
}

}  // namespace basin
