#pragma once

#include <vector>

#include "minima/null_sources.h"
#include "minima/symmetry.h"

namespace basin {

/// I + ε (E_ij − back E_ji) acts on the units of a group.
struct Mixing {
  size_t group;
  int64_t i, j;
  double back;
};

/// Adds the source whose moves mix units by the exponential of Σ c_k of these. `at` are
/// the views of `theta`.
void add_mixings(const char* name,
                 bool group,
                 const ParameterLayout& layout,
                 const std::vector<Mixing>& mixings,
                 const LayerViews& at,
                 const torch::Tensor& theta,
                 std::vector<NullSource>& out);

/// Adds the source whose moves are straight lines, unless there is none.
void add_straight(const char* name,
                  bool group,
                  const std::vector<torch::Tensor>& tangents,
                  std::vector<NullSource>& out);

}  // namespace basin
