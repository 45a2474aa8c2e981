#pragma once

#include "core/objective.h"

namespace basin {

/// How L behaves along the zero modes of the Hessian when all other directions follow:
///
///   l(s) = min over w in the complement of L(θ + Σ s_k z_k + w)
///
enum class ZeroMode {
  kFlat,     ///< |l(s) − l(0)| is below noise on every ray
  kRising,   ///< l rises on every ray
  kMixed,    ///< flat on some rays, rising on others, or unclear there
  kFalling,  ///< l falls on a ray, from s = 0 on: a descent witness
  kUnclear,  ///< on no ray could w be followed
};

struct NullSpaceTest {
  ZeroMode kind = ZeroMode::kUnclear;
  int64_t rays = 0, flat = 0, rising = 0, unclear = 0;
  double reach = 0;       ///< least of the largest |s| up to which rays were followed
  double order = 0;       ///< least p in l(s) − l(0) ≈ c |s|^p over the rising rays
  torch::Tensor witness;  ///< kFalling: Σ s_k z_k + w, `[P]`
  double fall = 0;        ///< kFalling: l(0) − l(s)
};

/// Looks for a ray along which l falls: along every ±z_k, along random mixtures, and
/// from all of these along the directions that minimise l on a sphere. Each ray is
/// followed at |s| = 2^-9, ..., 2^-1. `zero` `[n, P]` are unit rows; `complement`
/// `[P, r]` holds columns x with xᵀ H x = `curvature` `[r]`, not zero, H-orthogonal to
/// each other and to the zero modes; w moves by chord Newton steps. `noise` is what
/// rounding leaves uncertain of L. n > 0.
NullSpaceTest test_null_space(const Objective& objective,
                              const torch::Tensor& theta,
                              const torch::Tensor& zero,
                              const torch::Tensor& complement,
                              const torch::Tensor& curvature,
                              double noise);

}  // namespace basin
