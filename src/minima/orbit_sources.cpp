// Sources that are symmetries of the architecture, each with its finite move.

#include "minima/orbit_sources.h"

#include <ATen/Functions.h>

#include <cmath>

#include "minima/unit_ids.h"
#include "minima/unit_move.h"

namespace basin {
namespace {

using torch::Tensor;

// Direction of growth of unit i: its rows grow, its columns shrink.
Tensor scaling_generator(const ParameterLayout& layout,
                         const UnitGroup& group,
                         const LayerViews& at,
                         const Tensor& theta,
                         int64_t unit) {
  auto out = at::zeros_like(theta);
  const auto to = layer_views(layout, out);
  for (const auto l : group.layers) {
    to.weight[l][unit].add_(at.weight[l][unit]);
    if (to.bias[l].defined()) to.bias[l][unit].add_(at.bias[l][unit]);
  }
  for (const auto l : group.readers) {
    to.weight[l].select(1, unit).sub_(at.weight[l].select(1, unit),
                                      group.quadratic ? 2 : 1);
  }
  return out;
}

void add_scaling(const ParameterLayout& layout,
                 const LayerViews& at,
                 const Tensor& theta,
                 std::vector<NullSource>& out) {
  std::vector<UnitId> units;
  std::vector<Tensor> tangents;
  for (size_t g = 0; g < layout.groups.size(); ++g) {
    const auto& group = layout.groups[g];
    if (!group.positive_scaling && !group.quadratic) continue;
    for (int64_t i = 0; i < group.units; ++i) {
      units.push_back({g, i});
      tangents.push_back(scaling_generator(layout, group, at, theta, i));
    }
  }
  if (units.empty()) return;
  const auto move = [layout, units](const Tensor& from, const Tensor& c) {
    auto to = from.clone();
    const auto views = layer_views(layout, to);
    for (size_t k = 0; k < units.size(); ++k) {
      const double factor = std::exp(c[static_cast<int64_t>(k)].item<double>());
      scale_unit(layout.groups[units[k].group], units[k].unit, factor, views);
    }
    return to;
  };
  out.push_back({"scaling", at::stack(tangents), move, true});
}

Tensor mixing_matrix(const ParameterLayout& layout,
                     size_t group,
                     const std::vector<Mixing>& mixings,
                     const Tensor& c) {
  const auto units = layout.groups[group].units;
  auto out = at::zeros({units, units}, torch::kFloat64);
  for (size_t k = 0; k < mixings.size(); ++k) {
    const auto& m = mixings[k];
    if (m.group != group) continue;
    const double amount = c[static_cast<int64_t>(k)].item<double>();
    out[m.i][m.j] += amount;
    out[m.j][m.i] -= m.back * amount;
  }
  return out;
}

Tensor mixed(const ParameterLayout& layout,
             const std::vector<Mixing>& mixings,
             const Tensor& theta,
             const Tensor& c) {
  auto to = theta.clone();
  const auto views = layer_views(layout, to);
  for (size_t g = 0; g < layout.groups.size(); ++g) {
    const auto e = mixing_matrix(layout, g, mixings, c);
    if (!(e != 0).any().item<bool>()) continue;
    const auto there = at::linalg_matrix_exp(e), back = at::linalg_matrix_exp(-e);
    const auto& group = layout.groups[g];
    for (const auto l : group.layers) {
      views.weight[l].copy_(at::mm(there, views.weight[l]));
      if (views.bias[l].defined()) views.bias[l].copy_(at::mv(there, views.bias[l]));
    }
    for (const auto l : group.readers)
      views.weight[l].copy_(at::mm(views.weight[l], back));
  }
  return to;
}

Tensor mixing_generator(const ParameterLayout& layout,
                        const Mixing& mixing,
                        const LayerViews& at,
                        const Tensor& theta) {
  auto out = at::zeros_like(theta);
  const auto to = layer_views(layout, out);
  const auto& group = layout.groups[mixing.group];
  const auto e =
      mixing_matrix(layout, mixing.group, {mixing}, at::ones({1}, torch::kFloat64));
  for (const auto l : group.layers) {
    to.weight[l].add_(at::mm(e, at.weight[l]));
    if (to.bias[l].defined()) to.bias[l].add_(at::mv(e, at.bias[l]));
  }
  for (const auto l : group.readers) to.weight[l].sub_(at::mm(at.weight[l], e));
  return out;
}

// Units without activation: any mixing, or rotations where decay holds the norm.
std::vector<Mixing> linear_mixings(const ParameterLayout& layout, bool decayed) {
  std::vector<Mixing> out;
  for (size_t g = 0; g < layout.groups.size(); ++g) {
    const auto& group = layout.groups[g];
    if (!group.general_linear) continue;
    for (int64_t i = 0; i < group.units; ++i) {
      for (int64_t j = decayed ? i + 1 : 0; j < group.units; ++j)
        out.push_back({g, i, j, decayed ? 1.0 : 0.0});
    }
  }
  return out;
}

// A shift of the units' biases that the readers' biases take back.
void add_bias_shifts(const ParameterLayout& layout,
                     const LayerViews& at,
                     const Tensor& theta,
                     std::vector<NullSource>& out) {
  std::vector<UnitId> units;
  for (size_t g = 0; g < layout.groups.size(); ++g) {
    const auto& group = layout.groups[g];
    const auto l = group.layers.front();
    if (!group.general_linear || group.layers.size() > 1 || !at.bias[l].defined() ||
        !at.bias[l + 1].defined()) {
      continue;
    }
    for (int64_t i = 0; i < group.units; ++i) units.push_back({g, i});
  }
  if (units.empty()) return;
  const auto move = [layout, units](const Tensor& from, const Tensor& c) {
    auto to = from.clone();
    const auto views = layer_views(layout, to);
    for (size_t k = 0; k < units.size(); ++k) {
      const auto l = layout.groups[units[k].group].layers.front();
      const double shift = c[static_cast<int64_t>(k)].item<double>();
      views.bias[l][units[k].unit].add_(shift);
      views.bias[l + 1].sub_(views.weight[l + 1].select(1, units[k].unit), shift);
    }
    return to;
  };
  const auto count = static_cast<int64_t>(units.size());
  std::vector<Tensor> tangents;
  const auto axes = at::eye(count, torch::kFloat64);
  // Each alone is a straight line: the move by 1 is the tangent.
  for (int64_t k = 0; k < count; ++k) tangents.push_back(move(theta, axes[k]) - theta);
  out.push_back({"bias shift", at::stack(tangents), move, true});
}

// Shifting every logit by x_c (or by 1): a column of the last layer, or its bias.
void add_logit_shifts(const ParameterLayout& layout,
                      const Tensor& theta,
                      std::vector<Tensor>& out) {
  const auto& last = layout.layers.back();
  for (int64_t c = 0; c < last.columns + (last.bias >= 0 ? 1 : 0); ++c) {
    auto v = at::zeros_like(theta);
    const auto to = layer_views(layout, v);
    if (c < last.columns) {
      to.weight.back().select(1, c).fill_(1);
    } else {
      to.bias.back().fill_(1);
    }
    out.push_back(v);
  }
}

}  // namespace

void add_mixings(const char* name,
                 bool group,
                 const ParameterLayout& layout,
                 const std::vector<Mixing>& mixings,
                 const LayerViews& at,
                 const Tensor& theta,
                 std::vector<NullSource>& out) {
  if (mixings.empty()) return;
  std::vector<Tensor> tangents;
  for (const auto& m : mixings)
    tangents.push_back(mixing_generator(layout, m, at, theta));
  const auto move = [layout, mixings](const Tensor& from, const Tensor& c) {
    return mixed(layout, mixings, from, c);
  };
  out.push_back({name, at::stack(tangents), move, group});
}

void add_straight(const char* name,
                  bool group,
                  const std::vector<Tensor>& tangents,
                  std::vector<NullSource>& out) {
  if (!tangents.empty()) out.push_back({name, at::stack(tangents), {}, group});
}

std::vector<NullSource> symmetry_sources(const ParameterLayout& layout,
                                         const Tensor& theta,
                                         bool decayed) {
  const auto at = layer_views(layout, theta);
  std::vector<NullSource> out;
  if (!decayed) add_scaling(layout, at, theta, out);
  add_mixings(decayed ? "rotation" : "mixing",
              true,
              layout,
              linear_mixings(layout, decayed),
              at,
              theta,
              out);
  if (decayed) return out;
  add_bias_shifts(layout, at, theta, out);
  std::vector<Tensor> logits;
  if (layout.logit_shift) add_logit_shifts(layout, theta, logits);
  add_straight("logit shift", true, logits, out);
  return out;
}

}  // namespace basin
