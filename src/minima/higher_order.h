#pragma once

#include <string>

#include "core/objective.h"

namespace basin {

/// How L behaves along a zero mode v of the Hessian when all other directions follow:
///
///   l(s) = min over w in the complement of L(θ + s v + w)
///
enum class ZeroMode {
  kFlat,     ///< |l(s) − l(0)| is below noise
  kRising,   ///< l rises on both sides
  kFalling,  ///< l falls on a side, from s = 0 on: a descent witness
  kUnclear,  ///< w could not be followed
};

struct ZeroModeTest {
  ZeroMode kind = ZeroMode::kUnclear;
  double reach = 0;       ///< largest |s| up to which l was followed
  double order = 0;       ///< kRising: p in l(s) − l(0) ≈ c |s|^p
  torch::Tensor witness;  ///< kFalling: s v + w, `[P]`
  double fall = 0;        ///< kFalling: l(0) − l(s)
};

/// Follows l at s = ±2^-9, ..., ±2^-1. `complement` `[P, r]` holds the eigenvectors
/// with eigenvalues `curvature` `[r]`, none near zero; w moves by chord Newton steps.
ZeroModeTest follow_zero_mode(const Objective& objective,
                              const torch::Tensor& theta,
                              const torch::Tensor& v,
                              const torch::Tensor& complement,
                              const torch::Tensor& curvature);

}  // namespace basin
