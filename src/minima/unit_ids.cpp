#include "minima/unit_ids.h"

#include <ATen/Functions.h>

#include <algorithm>

namespace basin {

std::vector<int64_t> unit_parameters(const ParameterLayout& layout, const UnitId& id) {
  std::vector<int64_t> out;
  const auto& group = layout.groups[id.group];
  for (const auto l : group.layers) {
    const auto& layer = layout.layers[static_cast<size_t>(l)];
    for (int64_t c = 0; c < layer.columns; ++c) {
      out.push_back(layer.weight + id.unit * layer.columns + c);
    }
    if (layer.bias >= 0) out.push_back(layer.bias + id.unit);
  }
  for (const auto l : group.readers) {
    const auto& layer = layout.layers[static_cast<size_t>(l)];
    for (int64_t r = 0; r < layer.rows; ++r) {
      out.push_back(layer.weight + r * layer.columns + id.unit);
    }
  }
  return out;
}

std::vector<UnitId> zeroed_units(const ParameterLayout& layout,
                                 const torch::Tensor& theta) {
  std::vector<UnitId> out;
  for (size_t g = 0; g < layout.groups.size(); ++g) {
    const auto& group = layout.groups[g];
    if (!group.positive_scaling || group.layers.size() > 1 || group.readers.empty()) {
      continue;
    }
    for (int64_t u = 0; u < group.units; ++u) {
      bool zero = true;
      for (const auto p : unit_parameters(layout, {g, u})) {
        zero = zero && theta[p].item<double>() == 0;
      }
      if (zero) out.push_back({g, u});
    }
  }
  return out;
}

torch::Tensor free_parameters(const ParameterLayout& layout,
                              const std::vector<UnitId>& units) {
  std::vector<bool> held(static_cast<size_t>(layout.dimension), false);
  for (const auto& id : units) {
    for (const auto p : unit_parameters(layout, id))
      held[static_cast<size_t>(p)] = true;
  }
  std::vector<int64_t> free;
  for (int64_t p = 0; p < layout.dimension; ++p) {
    if (!held[static_cast<size_t>(p)]) free.push_back(p);
  }
  return at::tensor(free, torch::kInt64);
}

bool is_one_of(const ParameterLayout& layout,
               const std::vector<UnitId>& units,
               int64_t layer,
               int64_t unit) {
  return std::any_of(units.begin(), units.end(), [&](const UnitId& id) {
    return id.unit == unit && layout.groups[id.group].layers.front() == layer;
  });
}

}  // namespace basin
