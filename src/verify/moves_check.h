#pragma once

#include "verify/certificate.h"

namespace basin {

/// What moves of a minimum found.
struct MovesFound {
  int64_t moves = 0;
  double fall = 0;    ///< greatest fall of the loss, in extended precision; <= 0: none
  double length = 0;  ///< of the move that found it
};

inline constexpr double kShortestMove = 1e-7;
inline constexpr double kLongestMove = 1e-3;

/// The loss after `moves` random and structured moves of θ, each of a length between
/// the two above: of all parameters, of one, of one unit, across one kink from both
/// sides, along all kinks, of units at zero. `objective` sorts out what rises in
/// float64, the reference measures the rest. Falls within its rounding are none.
MovesFound moves_of(const CertificateContext& context,
                    const Objective& objective,
                    const Endpoint& endpoint,
                    int64_t moves);

}  // namespace basin
