#pragma once

#include <limits>
#include <vector>

#include "minima/judge.h"

namespace basin {

/// What the moves of sources_that_hold are held to.
struct MoveLimits {
  double gradient = 0;   ///< largest |∂L/∂θ_i| that still is zero at θ
  double curvature = 0;  ///< largest eigenvalue: how fast rounding of θ shows in g
  double reach = std::numeric_limits<double>::infinity();  ///< longest move, in θ
  bool differentiable = true;  ///< false: on kinks the gradient jumps, L alone is asked
};

/// The sources, or those of their tangents, along which L really is constant near θ
/// `[P]`: θ is moved a finite way (both signs, two lengths) along each tangent, along
/// random elements of the span of each source and of all of them together, and there
///
///   |L(θ') − L(θ)| is within rounding, and g(θ') is zero.
///
/// If θ' runs over a manifold whose tangent space is the null space of H, that makes θ
/// a minimum: by the splitting lemma L >= l(s) near θ, with l the least value over the
/// complement, and l is constant where the manifold consists of critical points. Where
/// all sources together fail, those that are no symmetry of L go.
std::vector<NullSource> sources_that_hold(const MinimaProblem& problem,
                                          const torch::Tensor& theta,
                                          std::vector<NullSource> sources,
                                          const MoveLimits& limits);

}  // namespace basin
