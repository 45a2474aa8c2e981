#pragma once

#include <vector>

#include "minima/identify.h"

namespace basin {

/// A path along which L was not seen to change.
struct FlatPath {
  bool found = false;
  int64_t points = 0;  ///< on which L was evaluated
};

/// Sought from a to b `[P]`, between which L is to stay within `tolerance` of `level`:
/// a chord that does, by nine points, is part of it; of another the middle is brought
/// down to the level and both halves are tried. It fails where the middle
/// comes down elsewhere, or when 400 middles were not enough. Found: evidence of one
/// connected set, exact where L is convex or the chords are short, never a proof
/// between points.
FlatPath find_flat_path(const MinimaProblem& problem,
                        const torch::Tensor& a,
                        const torch::Tensor& b,
                        double level,
                        double tolerance);

/// Sets `connected_class` where some of the minima are not isolated: those of equal
/// loss (to `same_loss`) that flat paths join get one number. Each is tried against one
/// of each set so far, as it is and with its units permuted to be near. Not sought
/// above 500 parameters.
void number_connected_sets(const MinimaProblem& problem,
                           const MinimaOptions& options,
                           std::vector<Minimum>& minima);

}  // namespace basin
