#include "minima/null_sources.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>

#include "minima/symmetry.h"
#include "minima/unit_move.h"
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

/// I + ε (E_ij − back E_ji) acts on the units of a group.
struct Mixing {
  size_t group;
  int64_t i, j;
  double back;
};

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

void add_straight(const char* name,
                  bool group,
                  const std::vector<Tensor>& tangents,
                  std::vector<NullSource>& out) {
  if (!tangents.empty()) out.push_back({name, at::stack(tangents), {}, group});
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

// Combinations of the inputs (and 1) that are zero on every sample, orthonormal rows.
// Columns are first brought to one length: a small column is not a zero one.
Tensor input_null_space(const ParameterLayout& layout,
                        const std::vector<LayerProbe>& probes) {
  constexpr double kRounding = 1e-13;  // of the largest singular value
  auto x = probes.front().inputs;
  if (layout.layers.front().bias >= 0) {
    x = at::cat({x, at::ones({x.size(0), 1}, torch::kFloat64)}, 1);
  }
  const auto length = x.norm(2, {0});
  const auto factor = at::where(length > 0, 1 / length, at::ones_like(length));
  const auto [u, s, v] = at::linalg_svd(x * factor, /*full_matrices=*/true);
  const auto rank = (s > kRounding * s.max()).sum().item<int64_t>();
  const auto null = v.narrow(0, rank, x.size(1) - rank) * factor;
  if (null.size(0) == 0) return null;
  return std::get<0>(at::linalg_qr(null.t())).t().contiguous();
}

}  // namespace

Tensor NullSource::moved(const Tensor& theta, const Tensor& c) const {
  return move ? move(theta, c) : theta + at::mv(tangents.t(), c);
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
                                     const std::vector<bool>& free,
                                     bool decayed) {
  std::vector<NullSource> out;
  if (probes.empty()) return out;
  const auto at = layer_views(layout, theta);
  const auto notes = odd_units(layout, theta, probes);
  if (decayed) {
    std::vector<Mixing> rotations;
    for (const auto& note : notes) {
      const auto& group = layout.groups[note.id.group];
      if (note.kind != UnitKind::kDuplicate || !group.positive_scaling) continue;
      rotations.push_back({note.id.group, note.id.unit, note.partner, 1});
    }
    add_mixings("duplicate units", false, layout, rotations, at, theta, out);
    return out;
  }
  std::vector<Tensor> rank, inactive, unread, duplicate;
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
  const auto unit_vector = [&](int64_t p, std::vector<Tensor>& into) {
    into.push_back(at::zeros_like(theta));
    into.back()[p] = 1;
  };
  for (size_t p = 0; p < free.size(); ++p) {
    if (free[p]) unit_vector(static_cast<int64_t>(p), inactive);
  }
  for (const auto& note : notes) {
    const auto& group = layout.groups[note.id.group];
    const auto& layer = layout.layers[static_cast<size_t>(group.layers.front())];
    const auto row = layer.columns + (layer.bias >= 0 ? 1 : 0);
    if (note.kind == UnitKind::kUnread) {
      const auto own = unit_parameters(layout, note.id);
      for (int64_t k = 0; k < row; ++k)
        unit_vector(own[static_cast<size_t>(k)], unread);
    } else if (note.kind == UnitKind::kDuplicate) {
      const auto reader = static_cast<size_t>(group.readers.front());
      const auto answers = probes[reader].inputs;
      const auto a = answers.select(1, note.id.unit),
                 b = answers.select(1, note.partner);
      for (int64_t r = 0; r < at.weight[reader].size(0); ++r) {
        duplicate.push_back(at::zeros_like(theta));
        const auto to = layer_views(layout, duplicate.back());
        const auto size = at::stack({a.norm(), b.norm()}).norm();
        to.weight[reader][r][note.id.unit] = b.norm() / size;
        to.weight[reader][r][note.partner] =
            (a.dot(b).item<double>() > 0 ? -a.norm() : a.norm()) / size;
      }
    }
  }
  add_straight("rank deficiency of the inputs", true, rank, out);
  add_straight("inactive units", true, inactive, out);
  add_straight("unread units", false, unread, out);
  add_straight("duplicate units", false, duplicate, out);
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
