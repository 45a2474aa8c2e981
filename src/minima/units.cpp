#include "minima/units.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include "minima/symmetry.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kTolerance = 1e-7;

double greatest(const Tensor& a) {
  return a.numel() == 0 ? 0.0 : a.abs().max().item<double>();
}

bool is_unread(const UnitGroup& group, const LayerViews& at, int64_t unit) {
  double own = 0, all = 0;
  for (const auto l : group.readers) {
    own = std::max(own, greatest(at.weight[static_cast<size_t>(l)].select(1, unit)));
    all = std::max(all, greatest(at.weight[static_cast<size_t>(l)]));
  }
  return !group.readers.empty() && own <= 1e-10 * all;
}

bool is_saturated(const Tensor& answers) {
  const auto off = at::minimum(answers.abs(), (answers.abs() - 1).abs());
  return greatest(off) <= kTolerance;
}

bool is_parallel(const Tensor& a, const Tensor& b) {
  const auto factor = a.dot(b) / b.dot(b).clamp_min(1e-300);
  return greatest(a - factor * b) <= kTolerance * greatest(a);
}

const char* word(UnitKind kind) {
  switch (kind) {
    case UnitKind::kZeroed:
      return "zero";
    case UnitKind::kDead:
      return "dead";
    case UnitKind::kConstant:
      return "constant";
    case UnitKind::kSaturated:
      return "saturated";
    case UnitKind::kUnread:
      return "unread";
    case UnitKind::kDuplicate:
      return "duplicates";
  }
  return "";
}

}  // namespace

std::vector<UnitNote> odd_units(const ParameterLayout& layout,
                                const Tensor& theta,
                                const std::vector<LayerProbe>& probes) {
  std::vector<UnitNote> out;
  if (probes.empty()) return out;
  const auto at = layer_views(layout, theta);
  for (size_t g = 0; g < layout.groups.size(); ++g) {
    const auto& group = layout.groups[g];
    if (group.layers.size() > 1 || group.readers.empty() || group.general_linear) {
      continue;
    }
    // What the units answer is what the reader reads.
    const auto answers = probes[static_cast<size_t>(group.readers.front())].inputs;
    const double scale = greatest(answers);
    for (int64_t u = 0; u < group.units; ++u) {
      const auto own = answers.select(1, u);
      const auto add = [&](UnitKind kind, int64_t partner = -1) {
        out.push_back({{g, u}, kind, partner});
      };
      bool zero = true;
      for (const auto p : unit_parameters(layout, {g, u})) {
        zero = zero && theta[p].item<double>() == 0;
      }
      if (zero) {
        add(UnitKind::kZeroed);
      } else if (greatest(own) == 0) {
        add(UnitKind::kDead);
      } else if (own.numel() > 1 && greatest(own - own.mean()) <= kTolerance * scale) {
        add(UnitKind::kConstant);
      } else if (own.numel() > 1 && !group.positive_scaling && is_saturated(own)) {
        add(UnitKind::kSaturated);
      } else if (is_unread(group, at, u)) {
        add(UnitKind::kUnread);
      } else {
        for (int64_t v = 0; v < u; ++v) {
          const auto other = answers.select(1, v);
          if (own.numel() > 2 && greatest(other) > 0 && is_parallel(own, other)) {
            add(UnitKind::kDuplicate, v);
            break;
          }
        }
      }
    }
  }
  return out;
}

std::string describe(const ParameterLayout& layout,
                     const std::vector<UnitNote>& notes) {
  std::string out;
  size_t last = layout.groups.size();
  for (const auto& note : notes) {
    const auto layer = static_cast<size_t>(layout.groups[note.id.group].layers.front());
    out += note.id.group == last ? ", " : out.empty() ? "" : "; ";
    if (note.id.group != last) out += layout.layers[layer].name + ": ";
    last = note.id.group;
    out += fmt::format("unit {} {}", note.id.unit, word(note.kind));
    if (note.partner >= 0) out += fmt::format(" {}", note.partner);
  }
  return out;
}

}  // namespace basin
