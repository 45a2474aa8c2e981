#pragma once

#include "convexity/dual_bound.h"
#include "convexity/structural.h"
#include "convexity/witness.h"

namespace basin {

/// Is the loss convex in the parameters?
enum class Convexity {
  kStructural,  ///< yes, by composition rules
  kWitness,     ///< no: two points and a mixture violate Jensen's inequality
  kUnknown,     ///< nothing was shown
};

/// "convex (structural)", "non-convex (witness)", "unknown".
std::string name_of(Convexity verdict);

/// The answer with what supports it.
struct ConvexityReport {
  Convexity verdict = Convexity::kUnknown;
  StructuralProof proof;       ///< as far as it went
  StructuralProof in_outputs;  ///< of the loss as a function of the outputs
  Witness witness;             ///< or the candidate that comes nearest; may be empty
  double chords = 0;           ///< share of random chords that violate; NaN: none drawn
  int64_t drawn = 0;
  double hessians = 0;  ///< share of random Hessians with a negative eigenvalue;
                        ///< NaN: none made
  int64_t hessians_made = 0;
  int64_t dual_minimum = -1;  ///< of which the dual bound is; -1: none was sought
  DualBound dual;
};

}  // namespace basin
