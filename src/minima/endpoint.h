#pragma once

#include <torch/types.h>

#include <cstdint>
#include <limits>
#include <string>

namespace basin {

/// What an endpoint is. Exactly one word each; see `judge`.
enum class Verdict {
  kStrictMinimum,          ///< critical, smooth there, every eigenvalue positive
  kMinimumModuloSymmetry,  ///< as many zero modes as the symmetries explain
  kDegenerateMinimum,  ///< more zero modes, along which the loss was not seen to fall
  kKinkMinimum,        ///< a minimum where the loss is not differentiable
  kSaddle,             ///< a critical point with negative curvature
  kEscaping,           ///< the loss keeps falling while ‖θ‖ grows
  kUndecided,          ///< a critical point whose kind rounding leaves open
  kNotConverged,       ///< no critical point; the reason says why
  kDiverged,           ///< training ended in numbers that are none
  kModuloSplitting,    ///< as a kink minimum, but that live units may be split at no
                       ///< cost into units at zero
  kPrunedMinimum,      ///< a kink minimum of the network without its units at zero; at
                       ///< full width undecided
};

/// "strict_minimum", ...
std::string name_of(Verdict verdict);

/// What proves that an endpoint is a minimum.
enum class Certificate {
  kNone,         ///< nothing does
  kHessian,      ///< all eigenvalues: none negative, zero modes all from symmetries
  kActiveSet,    ///< kinks: see KinkPoint in kink_system.h
  kHigherOrder,  ///< one zero mode more, along which L rises with an even power
  kLowerBound,   ///< L is at its least possible value
  kConstant,     ///< L is constant near θ: every unit strictly inactive
  kConvex,       ///< L is convex, by proof, and 0 is one of its subgradients at θ
};

/// "hessian", "active set", "higher order", "lower bound", "constant",
/// "convex"; "" for none.
std::string name_of(Certificate certificate);

/// True where the seed may have found a minimum, certified or not: every verdict but
/// saddle, escaping and diverged.
bool is_candidate(Verdict verdict);

/// Where a seed ended after polishing, with the numbers that support its verdict.
/// A number that was not found is NaN; a count, -1.
struct Endpoint {
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

  int64_t seed = 0;
  Verdict verdict = Verdict::kNotConverged;
  Certificate certificate = Certificate::kNone;
  std::string reason;
  torch::Tensor theta;           ///< `[P]`, float64
  double loss = kNan;            ///< full batch, decay included
  double gradient_norm = kNan;   ///< ‖g‖∞; on kinks, of the gradient along them
  double noise = kNan;           ///< what rounding leaves uncertain of it
  double min_eigenvalue = kNan;  ///< of the Hessian; on kinks, of that along them
  double max_eigenvalue = kNan;
  double residual = kNan;  ///< ‖H y − λ y‖ of min_eigenvalue: 0 for a full spectrum
  double newton_step = kNan;  ///< ‖H⁻¹ g‖ over the eigenvalues that are not zero
  int64_t nullity = -1;       ///< zero modes found
  int64_t explained = -1;     ///< zero modes that the symmetries explain
  std::string sources;        ///< "scaling 3, logit shift 4": what explains them
  double cut_below = kNan;    ///< largest |λ| that counts as zero
  double cut_above = kNan;    ///< least |λ| that does not
  torch::Tensor eigenvalues;  ///< the least ones, ascending: zero modes and three more
  int64_t index = -1;         ///< negative eigenvalues
  torch::Tensor witness;      ///< saddle: a step that lowers L, `[P]`
  double witness_fall = kNan;   ///< by so much, evaluated
  torch::Tensor growth;         ///< pruned: a step `[P]` by which a unit at zero might
                                ///< grow, not seen to; it is not kept
  double growth_fall = kNan;    ///< escaping: how much L falls as θ grows
  double norm = kNan;           ///< ‖θ‖₂
  double kink_distance = kNan;  ///< least |z| / max |z| of the layer, off the kinks
  double radius = kNan;  ///< distance in θ to the nearest other kink, to first order,
                         ///< or to where L is not smooth
  int64_t kinks = 0;     ///< pre-activations on a kink
  double kink_margin = kNan;   ///< least distance of a slope to its ends, as a share
  double kink_force = kNan;    ///< least u of an active kink
  int64_t zeroed = 0;          ///< units that decay holds at zero
  double silence = kNan;       ///< largest dual ratio of those; below 1 they stay
  std::string units;           ///< units that are dead, constant, duplicate, ...
  int64_t polish_steps = 0;    ///< iterations of L-BFGS and Newton
  double trained_loss = kNan;  ///< before polishing
};

/// True if a certificate proves that the endpoint is a minimum.
bool is_certified(const Endpoint& endpoint);

}  // namespace basin
