#pragma once

#include <string>
#include <vector>

#include "core/layout.h"
#include "core/objective.h"

namespace basin {

/// Two points and a mixture of them, to hold against Jensen's inequality
///
///   L((1 − t) a + t b) <= (1 − t) L(a) + t L(b).
///
struct Witness {
  std::string how;     ///< "a minimum and its copy with units 0 and 1 exchanged", ...
  torch::Tensor a, b;  ///< `[P]`
  double t = 0.5;
  double left = 0;   ///< L of the mixture
  double right = 0;  ///< mixture of the losses
  double error = 0;  ///< what rounding leaves uncertain of left − right

  double excess() const { return left - right; }

  /// The inequality is violated by more than ten times the error.
  bool violates() const { return excess() > 10 * error; }
};

/// A point that is known: a minimum, say.
struct KnownPoint {
  std::string name;
  torch::Tensor theta;
};

/// The witness of greatest relative excess among: a point and its copies with two units
/// exchanged, with a unit's signs flipped, with a unit scaled by 2; the point and those
/// before it; and chords through it along `down`, directions of negative curvature.
/// Ends with the first clear one, an excess of 1 % of both sides. If none violates
/// anything, the one that comes nearest.
Witness find_witness(const SampledObjective& objective,
                     const ParameterLayout& layout,
                     const std::vector<KnownPoint>& points,
                     const std::vector<KnownPoint>& down);

/// The same numbers from a, b and t.
void measure(const SampledObjective& objective, Witness& witness);

/// Share of chords between consecutive rows of `starts` `[S, P]` that violate the
/// inequality at their middle: a description, never a verdict.
double violating_chords(const SampledObjective& objective, const torch::Tensor& starts);

/// Share of the rows of `starts` `[S, P]` at which the Hessian has an eigenvalue below
/// zero by more than rounding, 1e-12 of the largest: a description too.
double negative_hessians(const Objective& objective, const torch::Tensor& starts);

}  // namespace basin
