#include "minima/null_sources.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include "curvature/symmetric_eigen.h"
#include "minima/symmetry.h"
#include "minima/units.h"

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
    to.weight[l].select(1, unit).sub_(at.weight[l].select(1, unit));
  }
  return out;
}

// (I + ε E_ij) acts on the units; `rotation` takes E_ij − E_ji instead.
Tensor mixing_generator(const ParameterLayout& layout,
                        const UnitGroup& group,
                        const LayerViews& at,
                        const Tensor& theta,
                        int64_t i,
                        int64_t j,
                        bool rotation) {
  auto out = at::zeros_like(theta);
  const auto to = layer_views(layout, out);
  auto e = at::zeros({group.units, group.units}, torch::kFloat64);
  e[i][j] = 1;
  if (rotation) e[j][i] = -1;
  for (const auto l : group.layers) {
    to.weight[l].add_(at::mm(e, at.weight[l]));
    if (to.bias[l].defined()) to.bias[l].add_(at::mv(e, at.bias[l]));
  }
  for (const auto l : group.readers) to.weight[l].sub_(at::mm(at.weight[l], e));
  return out;
}

void add_mixing(const ParameterLayout& layout,
                const UnitGroup& group,
                const LayerViews& at,
                const Tensor& theta,
                bool decayed,
                std::vector<Tensor>& out) {
  for (int64_t i = 0; i < group.units; ++i) {
    for (int64_t j = decayed ? i + 1 : 0; j < group.units; ++j) {
      out.push_back(mixing_generator(layout, group, at, theta, i, j, decayed));
    }
  }
}

// A shift of the units' biases that the readers' biases take back.
void add_bias_shifts(const ParameterLayout& layout,
                     const UnitGroup& group,
                     const LayerViews& at,
                     const Tensor& theta,
                     std::vector<Tensor>& out) {
  const auto l = group.layers.front();
  if (group.layers.size() > 1 || !at.bias[l].defined() || !at.bias[l + 1].defined()) {
    return;
  }
  for (int64_t i = 0; i < group.units; ++i) {
    auto v = at::zeros_like(theta);
    const auto to = layer_views(layout, v);
    to.bias[l][i].fill_(1);
    to.bias[l + 1].sub_(at.weight[l + 1].select(1, i));
    out.push_back(v);
  }
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

// Combinations of the inputs (and 1) that are zero on every sample, orthonormal rows.
Tensor input_null_space(const ParameterLayout& layout,
                        const std::vector<LayerProbe>& probes) {
  auto x = probes.front().inputs;
  if (layout.layers.front().bias >= 0) {
    x = at::cat({x, at::ones({x.size(0), 1}, torch::kFloat64)}, 1);
  }
  const auto [values, vectors] = symmetric_eigen(at::mm(x.t(), x));
  const auto count = (values <= 1e-13 * values[-1]).sum().item<int64_t>();
  return vectors.narrow(1, 0, count).t().contiguous();
}

}  // namespace

std::vector<NullSource> symmetry_sources(const ParameterLayout& layout,
                                         const Tensor& theta,
                                         bool decayed) {
  const auto at = layer_views(layout, theta);
  std::vector<NullSource> out;
  const auto add = [&](const char* name, const std::vector<Tensor>& tangents) {
    if (!tangents.empty()) out.push_back({name, at::stack(tangents)});
  };
  std::vector<Tensor> scaling, mixing, shifts, logits;
  for (const auto& group : layout.groups) {
    if (group.general_linear) {
      add_mixing(layout, group, at, theta, decayed, mixing);
      if (!decayed) add_bias_shifts(layout, group, at, theta, shifts);
    } else if (group.positive_scaling && !decayed) {
      for (int64_t i = 0; i < group.units; ++i) {
        scaling.push_back(scaling_generator(layout, group, at, theta, i));
      }
    }
  }
  if (layout.logit_shift && !decayed) add_logit_shifts(layout, theta, logits);
  add("scaling", scaling);
  add(decayed ? "rotation" : "mixing", mixing);
  add("bias shift", shifts);
  add("logit shift", logits);
  return out;
}

Tensor reduced_on_data(const ParameterLayout& layout,
                       const Tensor& theta,
                       const std::vector<LayerProbe>& probes) {
  auto out = theta.clone();
  if (probes.empty()) return out;
  const auto at = layer_views(layout, out);
  const auto null = input_null_space(layout, probes);
  if (null.size(0) > 0) {
    const bool bias = at.bias[0].defined();
    const auto rows = bias ? at::cat({at.weight[0], at.bias[0].unsqueeze(1)}, 1)
                           : at.weight[0].clone();
    const auto kept = rows - at::mm(at::mm(rows, null.t()), null);
    at.weight[0].copy_(kept.narrow(1, 0, at.weight[0].size(1)));
    if (bias) at.bias[0].copy_(kept.select(1, at.weight[0].size(1)));
  }
  for (const auto& note : odd_units(layout, theta, probes)) {
    const bool dead = note.kind == UnitKind::kDead;
    if (!dead && note.kind != UnitKind::kUnread) continue;
    for (const auto p : unit_parameters(layout, note.id)) out[p] = 0.0;
  }
  return out;
}

std::vector<NullSource> data_sources(const ParameterLayout& layout,
                                     const Tensor& theta,
                                     const std::vector<LayerProbe>& probes,
                                     bool decayed) {
  std::vector<NullSource> out;
  if (probes.empty()) return out;
  const auto at = layer_views(layout, theta);
  if (decayed) {
    std::vector<Tensor> rotations;
    for (const auto& note : odd_units(layout, theta, probes)) {
      const auto& group = layout.groups[note.id.group];
      if (note.kind != UnitKind::kDuplicate || !group.positive_scaling) continue;
      rotations.push_back(
          mixing_generator(layout, group, at, theta, note.id.unit, note.partner, true));
    }
    if (!rotations.empty()) out.push_back({"duplicate units", at::stack(rotations)});
    return out;
  }
  std::vector<Tensor> rank, dead, unread, duplicate;
  const auto& first = layout.layers.front();
  const auto null = input_null_space(layout, probes);
  for (int64_t k = 0; k < null.size(0); ++k) {
    for (int64_t r = 0; r < first.rows; ++r) {
      auto v = at::zeros_like(theta);
      const auto to = layer_views(layout, v);
      to.weight[0][r].copy_(null[k].narrow(0, 0, first.columns));
      if (first.bias >= 0) to.bias[0][r].copy_(null[k][first.columns]);
      rank.push_back(v);
    }
  }
  const auto unit_vectors = [&](const std::vector<int64_t>& parameters,
                                std::vector<Tensor>& into) {
    for (const auto p : parameters) {
      into.push_back(at::zeros_like(theta));
      into.back()[p] = 1;
    }
  };
  for (const auto& note : odd_units(layout, theta, probes)) {
    const auto& group = layout.groups[note.id.group];
    const auto own = unit_parameters(layout, note.id);
    const auto& layer = layout.layers[static_cast<size_t>(group.layers.front())];
    const auto row = layer.columns + (layer.bias >= 0 ? 1 : 0);
    if (note.kind == UnitKind::kZeroed || note.kind == UnitKind::kDead) {
      unit_vectors(own, dead);
    } else if (note.kind == UnitKind::kUnread) {
      unit_vectors({own.begin(), own.begin() + row}, unread);
    } else if (note.kind == UnitKind::kDuplicate) {
      const auto reader = static_cast<size_t>(group.readers.front());
      const auto answers = probes[reader].inputs;
      const auto a = answers.select(1, note.id.unit),
                 b = answers.select(1, note.partner);
      for (int64_t r = 0; r < at.weight[reader].size(0); ++r) {
        duplicate.push_back(at::zeros_like(theta));
        const auto to = layer_views(layout, duplicate.back());
        to.weight[reader][r][note.id.unit] = b.norm();
        to.weight[reader][r][note.partner] =
            a.dot(b).item<double>() > 0 ? -a.norm() : a.norm();
      }
    }
  }
  const auto add = [&](const char* name, const std::vector<Tensor>& tangents) {
    if (!tangents.empty()) out.push_back({name, at::stack(tangents)});
  };
  add("rank deficiency of the inputs", rank);
  add("dead units", dead);
  add("unread units", unread);
  add("duplicate units", duplicate);
  return out;
}

ExplainedModes explain(const std::vector<NullSource>& sources, int64_t dimension) {
  ExplainedModes out{.basis = at::zeros({0, dimension}, torch::kFloat64)};
  for (const auto& source : sources) {
    // Modified Gram-Schmidt, twice, against what is explained already.
    int64_t added = 0;
    for (int64_t k = 0; k < source.tangents.size(0); ++k) {
      auto v = source.tangents[k];
      const double size = v.norm().item<double>();
      if (!(size > 1e-10)) continue;
      v = v / size;
      for (int pass = 0; pass < 2; ++pass) {
        v = v - at::mv(out.basis.t(), at::mv(out.basis, v));
      }
      const double rest = v.norm().item<double>();
      if (!(rest > 1e-5)) continue;
      out.basis = at::cat({out.basis, (v / rest).unsqueeze(0)});
      ++added;
    }
    if (added == 0) continue;
    out.total += added;
    out.text +=
        fmt::format("{}{} {}", out.text.empty() ? "" : ", ", source.name, added);
  }
  return out;
}

}  // namespace basin
