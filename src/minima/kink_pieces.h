#pragma once

#include "minima/kink_multipliers.h"
#include "minima/kink_verdict.h"

namespace basin {

/// L to first order across the kinks at θ. Sites that are the same function near θ,
/// seen as one of the kinks that they read, are one piece.
struct PiecesAt {
  KinkPieces pieces;
  std::vector<size_t> piece;  ///< of each site in `place.active`
  torch::Tensor span;         ///< orthonormal, of the rows: the coordinates, `[F, r]`
};

/// For each site `[M]` the first that reads the same but for kinks in `active`: as
/// same_sites, the layer below saying nothing else. `z` `[M]` at θ.
torch::Tensor same_but_for_kinks(const MinimaProblem& problem,
                                 const torch::Tensor& z,
                                 const std::vector<int64_t>& active,
                                 const std::vector<UnitId>& zeroed);

/// Over the `free` parameters, of all sites in `place.active`.
PiecesAt pieces_at(const MinimaProblem& problem,
                   const torch::Tensor& theta,
                   const torch::Tensor& free,
                   const torch::Tensor& z,
                   const KinkPlace& place);

}  // namespace basin
