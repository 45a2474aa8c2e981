#pragma once

#include "verify/reference.h"

namespace basin {

/// φ(z) and φ'(z).
struct ValueAndSlope {
  Real value;
  Real slope;
};

/// φ and its slope at z.
ValueAndSlope apply(Elementwise kind, Real z);

/// The loss of one sample with outputs f and targets y `[K]`.
SampleLoss sample_loss(const LossOptions& loss,
                       const std::vector<Real>& f,
                       const double* y);

/// The least loss of one output with target y, by search over the outputs that
/// `output_activation` can give; −∞ if only a limit has it, or for cross_entropy.
Real least_sample_loss(const LossOptions& loss,
                       Elementwise output_activation,
                       double y);

/// What stands inside the kink of a piecewise linear loss, and its slope by the output.
ValueAndSlope loss_argument(const LossOptions& loss, Real f, Real y);
bool has_loss_kink(const LossOptions& loss);

}  // namespace basin
