#pragma once

#include <torch/types.h>

#include "minima/unit_move.h"

namespace basin {

/// θ_B moved by the discrete symmetry that brings it nearest to θ_A, and what that
/// proves.
struct Matching {
  torch::Tensor moved;    ///< g·θ_B, `[P]`
  SymmetryElement moves;  ///< g
  double distance = 0;    ///< max |θ_A − g·θ_B|
  double residual = 0;    ///< largest ‖row_i(A) − s·row(B)‖ of a matched unit
  double separation = 0;  ///< least ‖row_i(A) ∓ row_j(A)‖, i ≠ j
  bool unique = false;    ///< residual < separation / 2: no other matching exists

  bool same = false;    ///< distance <= tolerance
  bool proved = false;  ///< that is certain: a matching was found, or none exists
  double margin = 0;  ///< same: tolerance − distance. Different: every element of the
                      ///< group leaves an entry this much beyond the tolerance; 0 if
                      ///< not proved
};

/// The forward sweep: layer by layer from the input, a linear assignment of units by
/// the distance of their incoming weights (the earlier matching applied) and of the
/// norms of their outgoing weights. Both points in canonical form. `tolerance` is on
/// max |θ_A − g·θ_B|. "Different" is proved where the assignment of least total cost is
/// too far at a layer whose earlier layers have no other matching.
Matching match_units(const ParameterLayout& layout,
                     const torch::Tensor& a,
                     const torch::Tensor& b,
                     double tolerance = 0);

/// Numbers that no discrete symmetry changes and that lie within `tolerance` · √columns
/// for points that are the same: the sorted norms of the units' rows, layer by layer.
torch::Tensor signature(const ParameterLayout& layout, const torch::Tensor& theta);

/// log10 of the number of distinct copies of θ that permutations, flips and half turns
/// (up to whole ones) make: |group| / |stabiliser|. Units with equal weights, and zero
/// units, are counted into the stabiliser.
double log10_orbit_size(const ParameterLayout& layout, const torch::Tensor& theta);

}  // namespace basin
