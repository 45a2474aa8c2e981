#pragma once

#include <string>

#include "model/network.h"
#include "model/options.h"

namespace basin {

/// How good a network with one hidden layer of relu, leaky_relu or abs units is, held
/// against networks of every width. With decay on all parameters the least loss over
/// all widths is a convex problem over measures on the sphere (Bach 2017; Pilanci and
/// Ergen 2020). Its dual is
///
///   max over λ of −Σ ℓ*(λ_n) − ‖Σ λ_n‖² / (2 wd),   ‖Σ λ_n φ(u·a_n)‖ <= wd
///   for all ‖u‖ = 1,
///
/// with a_n the input (and a one, if units have biases), the middle term if the outputs
/// have biases. λ_n = ∂ℓ/∂f_n at the network, divided by `ratio` where that is above 1,
/// is feasible: its value is a bound.
struct DualBound {
  double ratio = 0;  ///< max over u of ‖Σ λ_n φ(u·a_n)‖ / wd; above 1: one more unit,
                     ///< along `direction`, lowers the loss
  torch::Tensor direction;  ///< u of that, `[m]`
  bool exact = false;       ///< ratio is the maximum, not the largest one found
  double lower = 0;  ///< no network of this kind, however wide, has a smaller loss; NaN
                     ///< unless exact
  std::string problem;  ///< why there is none

  /// `loss` is the least of all widths, but for 1e-8 of it.
  bool proves_optimal(double loss) const {
    return exact && loss - lower <= 1e-8 * (1e-12 + (loss < 0 ? -loss : loss));
  }
};

/// Of the network with parameters whose outputs are `outputs` `[N, K]`, on `inputs`
/// `[N, d]` and `targets` `[N, K]` as from loss_targets. Exact for d + bias <= 3 by the
/// cells of the arrangement u·a_n = 0, up to 400 samples; else the largest ratio of 256
/// ascents, which can refute but not prove.
DualBound dual_bound(const ModelOptions& model,
                     const LossOptions& loss,
                     const torch::Tensor& inputs,
                     const torch::Tensor& outputs,
                     const torch::Tensor& targets);

}  // namespace basin
