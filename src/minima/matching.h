#pragma once

#include <torch/types.h>

#include "core/layout.h"

namespace basin {

/// θ_B moved by a discrete symmetry next to θ_A.
struct Matching {
  torch::Tensor moved;    ///< g·θ_B, `[P]`
  double distance = 0;    ///< max |θ_A − g·θ_B|
  double residual = 0;    ///< largest ‖row_i(A) − s·row(B)‖ of a matched unit
  double separation = 0;  ///< least ‖row_i(A) ∓ row_j(A)‖, i ≠ j
  bool unique = false;    ///< residual < separation / 2: no other matching exists
};

/// The forward sweep: layer by layer from the input, a linear assignment of units by
/// the distance of their incoming weights (the earlier matching applied) and of the
/// norms of their outgoing weights. Both points in canonical form.
Matching match_units(const ParameterLayout& layout,
                     const torch::Tensor& a,
                     const torch::Tensor& b);

/// log10 of the number of distinct copies of θ that permutations and flips make:
/// Π h!·2^h / |stabiliser|. Units with equal weights, and zero units, are counted
/// into the stabiliser.
double log10_orbit_size(const ParameterLayout& layout, const torch::Tensor& theta);

}  // namespace basin
