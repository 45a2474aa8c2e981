#include "minima/symmetry.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "minima/unit_move.h"

namespace basin {
namespace {

using torch::Tensor;

bool is_linear(const ParameterLayout& layout) {
  if (layout.groups.empty()) return false;
  for (const auto& group : layout.groups) {
    if (!group.general_linear) return false;
  }
  return true;
}

// W_L ... W_1 and the bias that goes with it, as a one-layer network. A layer with a
// skip connection is W + I.
Canonical collapsed(const ParameterLayout& layout, const Tensor& theta) {
  const auto at = layer_views(layout, theta);
  std::vector<bool> skips(layout.layers.size(), false);
  for (const auto& group : layout.groups) {
    for (const auto l : group.layers) skips[l] = l != group.layers.front();
  }
  auto w = at.weight[0];
  auto b = at.bias[0].defined() ? at.bias[0] : at::zeros({w.size(0)}, torch::kFloat64);
  for (size_t l = 1; l < layout.layers.size(); ++l) {
    auto own = at.weight[l];
    if (skips[l]) own = own + at::eye(own.size(0), torch::kFloat64);
    b = at::mv(own, b);
    if (at.bias[l].defined()) b = b + at.bias[l];
    w = at::mm(own, w);
  }
  Canonical out;
  out.layout.layers = {{.name = "product",
                        .rows = w.size(0),
                        .columns = w.size(1),
                        .weight = 0,
                        .bias = w.numel()}};
  out.layout.dimension = w.numel() + b.numel();
  out.layout.logit_shift = layout.logit_shift;
  out.theta = at::cat({w.reshape({-1}), b});
  return out;
}

double row_norm(const LayerViews& at, int64_t layer, int64_t unit) {
  double square = at.weight[layer][unit].square().sum().item<double>();
  if (at.bias[layer].defined())
    square += std::pow(at.bias[layer][unit].item<double>(), 2);
  return std::sqrt(square);
}

void fix_scaling(const UnitGroup& group, const LayerViews& at) {
  for (int64_t i = 0; i < group.units; ++i) {
    const double norm = row_norm(at, group.layers.front(), i);
    if (norm == 0) continue;
    for (const auto l : group.layers) {
      at.weight[l][i].div_(norm);
      if (at.bias[l].defined()) at.bias[l][i].div_(norm);
    }
    const double back = group.quadratic ? norm * norm : norm;
    for (const auto l : group.readers) at.weight[l].select(1, i).mul_(back);
  }
}

// φ = reflection / 2 + an odd function: the readers' biases take the constant, or give
// it back (`times` −1).
void shift_middle(const UnitGroup& group, double times, const LayerViews& at) {
  double added = 0;
  for (const auto l : group.readers) {
    ++added;
    at.bias[l].add_(at.weight[l].sum(1), times * added * group.reflection / 2);
  }
}

// Biases within half a half turn of zero.
void unwind(const UnitGroup& group, const LayerViews& at) {
  const auto& bias = at.bias[group.layers.front()];
  UnitMove move{.sign = at::ones({group.units}, torch::kFloat64),
                .turn = -(bias / group.half_turn).round()};
  for (int64_t i = 0; i < group.units; ++i) move.from.push_back(i);
  move_units(group, move, at);
}

// A unit that feeds nothing may have any row; one whose row is zero, any column.
void drop_silent_units(const UnitGroup& group, const LayerViews& at) {
  if (group.layers.size() > 1 || group.readers.empty()) return;
  const auto l = group.layers.front();
  const double scale_in = at.weight[l].abs().max().item<double>() + 1e-300;
  const double scale_out = at.weight[l + 1].abs().max().item<double>() + 1e-300;
  const bool odd_at_zero = group.sign_flip || group.positive_scaling || group.even_flip;
  for (int64_t i = 0; i < group.units; ++i) {
    const double out = at.weight[l + 1].select(1, i).abs().max().item<double>();
    const bool no_output = out <= 1e-10 * scale_out || out <= 1e-14;
    const bool no_input = odd_at_zero && row_norm(at, l, i) <= 1e-10 * scale_in;
    if (!no_output && !no_input) continue;
    at.weight[l][i].zero_();
    if (at.bias[l].defined()) at.bias[l][i].zero_();
    at.weight[l + 1].select(1, i).zero_();
  }
}

// Units with the same row (up to the sign of an odd or even activation) are one unit
// with the sum of their columns. Rows are held against the largest parameter, `size`:
// in a layer that decay has emptied all rows are rounding, and equal by chance or not.
void merge_duplicates(const UnitGroup& group, const LayerViews& at, double size) {
  if (group.layers.size() > 1 || group.general_linear || group.readers.empty()) return;
  const auto l = static_cast<size_t>(group.layers.front());
  const auto r = static_cast<size_t>(group.readers.front());
  auto rows = at.weight[l];
  if (at.bias[l].defined()) rows = at::cat({rows, at.bias[l].unsqueeze(1)}, 1);
  const double scale = 1e-7 * std::max(size, rows.abs().max().item<double>());
  const auto clear = [&](int64_t unit) {
    at.weight[l][unit].zero_();
    if (at.bias[l].defined()) at.bias[l][unit].zero_();
    at.weight[r].select(1, unit).zero_();
  };
  for (int64_t i = 0; i < group.units; ++i) {
    if (!(rows[i].abs().max().item<double>() > scale)) continue;
    for (int64_t j = i + 1; j < group.units; ++j) {
      if (!(rows[j].abs().max().item<double>() > scale)) continue;
      const bool same = (rows[i] - rows[j]).abs().max().item<double>() <= scale;
      const bool mirrored = (group.sign_flip || group.even_flip) &&
                            (rows[i] + rows[j]).abs().max().item<double>() <= scale;
      if (!same && !mirrored) continue;
      const double sign = !same && group.sign_flip ? -1.0 : 1.0;
      at.weight[r].select(1, i).add_(at.weight[r].select(1, j), sign);
      clear(j);
      rows[j].zero_();
    }
  }
}

// A homogeneous unit that reads nothing but its bias answers a constant.
void fold_constant_units(const UnitGroup& group, const LayerViews& at) {
  if (!group.positive_scaling || group.layers.size() > 1 || group.readers.empty())
    return;
  const auto l = static_cast<size_t>(group.layers.front());
  const auto r = static_cast<size_t>(group.readers.front());
  if (!at.bias[l].defined() || !at.bias[r].defined()) return;
  for (int64_t i = 0; i < group.units; ++i) {
    const double bias = at.bias[l][i].item<double>();
    if (at.weight[l][i].abs().max().item<double>() > 1e-12 * std::abs(bias)) continue;
    if (!(bias > 0)) continue;  // below its kink φ is not known here
    at.bias[r].add_(at.weight[r].select(1, i), bias);
    at.weight[l][i].zero_();
    at.bias[l][i].fill_(0);
    at.weight[r].select(1, i).zero_();
  }
}

void centre_logits(const LayerViews& at) {
  auto w = at.weight.back();
  w.sub_(w.mean(0, /*keepdim=*/true));
  if (at.bias.back().defined()) {
    auto b = at.bias.back();
    b.sub_(b.mean());
  }
}

}  // namespace

LayerViews layer_views(const ParameterLayout& layout, const Tensor& theta) {
  LayerViews out;
  for (const auto& s : layout.layers) {
    out.weight.push_back(
        theta.narrow(0, s.weight, s.rows * s.columns).view({s.rows, s.columns}));
    out.bias.push_back(s.bias >= 0 ? theta.narrow(0, s.bias, s.rows) : Tensor());
  }
  return out;
}

Canonical canonical_form(const ParameterLayout& layout, const Tensor& theta) {
  Canonical out{layout, theta.clone()};
  if (is_linear(layout)) out = collapsed(layout, theta);
  const auto at = layer_views(out.layout, out.theta);
  const double size = out.theta.abs().max().item<double>();
  for (auto& group : out.layout.groups) {
    if (group.reflection != 0) {
      shift_middle(group, 1, at);
      group.reflection = 0;
      group.sign_flip = true;
    }
    if (group.half_turn != 0) unwind(group, at);
    drop_silent_units(group, at);
    fold_constant_units(group, at);
    if (group.positive_scaling || group.quadratic) fix_scaling(group, at);
    merge_duplicates(group, at, size);
    drop_silent_units(group, at);
  }
  if (layout.logit_shift) centre_logits(at);
  return out;
}

Tensor in_network(const ParameterLayout& layout, const Tensor& theta) {
  auto out = theta.clone();
  const auto at = layer_views(layout, out);
  for (const auto& group : layout.groups) {
    if (group.reflection != 0) shift_middle(group, -1, at);
  }
  return out;
}

}  // namespace basin
