#pragma once

#include <torch/types.h>

#include <vector>

#include "core/layout.h"

namespace basin {

/// One hidden unit.
struct UnitId {
  size_t group = 0;  ///< index into ParameterLayout::groups
  int64_t unit = 0;
};

/// The parameters of a unit: its rows and biases, and the columns that read it.
std::vector<int64_t> unit_parameters(const ParameterLayout& layout, const UnitId& id);

/// Units of homogeneous groups whose parameters are all exactly zero.
std::vector<UnitId> zeroed_units(const ParameterLayout& layout,
                                 const torch::Tensor& theta);

/// Indices of the parameters that belong to none of `units`.
torch::Tensor free_parameters(const ParameterLayout& layout,
                              const std::vector<UnitId>& units);

/// Whether unit `unit` of a layer is one of `units`.
bool is_one_of(const ParameterLayout& layout,
               const std::vector<UnitId>& units,
               int64_t layer,
               int64_t unit);

}  // namespace basin
