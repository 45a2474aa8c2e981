#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "core/layout.h"
#include "minima/symmetry.h"

namespace basin {

/// What a discrete symmetry does to the units of one UnitGroup: unit i becomes sign_i
/// times the former unit from_i. Signs: of an odd activation the readers' columns turn
/// too, of an even one they stay; of a reflected one they turn, and the readers' biases
/// take the constant. Half turns move the bias and, if odd in number, turn the columns.
struct UnitMove {
  std::vector<int64_t> from;
  torch::Tensor sign;  ///< `[units]`, float64, 1 or -1
  torch::Tensor turn;  ///< half turns, `[units]`, float64; undefined: none
};

/// One UnitMove for each group of a layout, applied in that order.
using SymmetryElement = std::vector<UnitMove>;

/// Moves the units of one group in place.
void move_units(const UnitGroup& group, const UnitMove& move, const LayerViews& views);

/// Multiplies the rows of a unit by `factor` > 0 and its readers' columns by what takes
/// that back: 1/factor, or 1/factor² of a quadratic activation. Units without
/// activation allow any factor but 0.
void scale_unit(const UnitGroup& group,
                int64_t unit,
                double factor,
                const LayerViews& views);

/// g·θ, θ `[P]`.
torch::Tensor moved(const ParameterLayout& layout,
                    const SymmetryElement& g,
                    const torch::Tensor& theta);

/// The element that moves nothing.
SymmetryElement identity_element(const ParameterLayout& layout);

/// log10 of the order of the group of permutations and flips, Π h!·2^h, and of half
/// turns up to whole ones.
double log10_group_order(const ParameterLayout& layout);

/// Element `number` of the group, 0 <= number < order; 0 moves nothing. For groups of
/// at most 2^62 elements.
SymmetryElement element_at(const ParameterLayout& layout, int64_t number);

}  // namespace basin
