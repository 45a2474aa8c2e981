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
  const bool turns = move.turn.defined();
  for (const auto l : group.layers) {
    views.weight[l].copy_(views.weight[l].index_select(0, index) *
                          move.sign.unsqueeze(1));
    if (!views.bias[l].defined()) continue;
    views.bias[l].copy_(views.bias[l].index_select(0, index) * move.sign);
    if (turns) views.bias[l].add_(move.turn, group.half_turn);
  }
  auto factor = at::ones_like(move.sign);
  if (group.sign_flip || group.reflection != 0) factor = factor * move.sign;
  if (turns) factor = factor * (1 - 2 * move.turn.abs().remainder(2));
  double added = 0;  // layers that add to what this reader reads
  for (const auto l : group.readers) {
    ++added;
    const auto columns = views.weight[l].index_select(1, index);
    if (group.reflection != 0) {
      const auto turned = (move.sign < 0).to(torch::kFloat64);
      views.bias[l].add_(at::mv(columns, turned), added * group.reflection);
    }
    views.weight[l].copy_(columns * factor);
  }
}

void scale_unit(const UnitGroup& group,
                int64_t unit,
                double factor,
                const LayerViews& views) {
  const double back = 1 / (group.quadratic ? factor * factor : factor);
  for (const auto l : group.layers) {
    views.weight[l][unit].mul_(factor);
    if (views.bias[l].defined()) views.bias[l][unit].mul_(factor);
  }
  for (const auto l : group.readers) views.weight[l].select(1, unit).mul_(back);
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
    if (g.half_turn != 0) out += units * std::log10(2.0);
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
    if (group.half_turn != 0) move.turn = at::zeros({group.units}, torch::kFloat64);
    for (int64_t i = 0; group.half_turn != 0 && i < group.units; ++i)
      move.turn[i] = static_cast<double>(take(number, 2));
    out.push_back(move);
  }
  return out;
}

}  // namespace basin
