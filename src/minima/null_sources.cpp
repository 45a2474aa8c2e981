#include "minima/null_sources.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include "minima/orbit_sources.h"
#include "minima/symmetry.h"
#include "minima/units.h"

namespace basin {
namespace {

using torch::Tensor;

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

// Pairs of units on the same side of every sample, or on the kink of the same samples:
// within these sides the layer is linear in both.
std::vector<Mixing> alike_mixings(const ParameterLayout& layout,
                                  const std::vector<LayerProbe>& probes,
                                  bool decayed) {
  std::vector<Mixing> out;
  for (size_t g = 0; g < layout.groups.size(); ++g) {
    const auto& group = layout.groups[g];
    if (!group.positive_scaling || group.general_linear || group.layers.size() > 1 ||
        group.readers.empty()) {
      continue;
    }
    const auto& z = probes[static_cast<size_t>(group.layers.front())].pre;
    const double limit = kKinkTolerance * z.abs().max().item<double>();
    const auto side = at::where(z.abs() > limit, z.sign(), at::zeros_like(z));
    for (int64_t i = 0; i < group.units; ++i) {
      const auto own = side.select(1, i);
      if (!(own > 0).any().item<bool>()) continue;  // dead, or zero
      for (int64_t j = i + 1; j < group.units; ++j) {
        if (!own.equal(side.select(1, j))) continue;
        out.push_back({g, i, j, decayed ? 1.0 : 0.0});
        if (!decayed) out.push_back({g, j, i, 0.0});
      }
    }
  }
  return out;
}

}  // namespace

Tensor NullSource::moved(const Tensor& theta, const Tensor& c) const {
  return move ? move(theta, c) : theta + at::mv(tangents.t(), c);
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
    add_mixings("units alike on every sample",
                false,
                layout,
                alike_mixings(layout, probes, true),
                at,
                theta,
                out);
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
  add_mixings("units alike on every sample",
              false,
              layout,
              alike_mixings(layout, probes, false),
              at,
              theta,
              out);
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
