#pragma once

#include <torch/types.h>

#include "data/dataset.h"
#include "model/options.h"

namespace basin {

/// True for cross_entropy, logistic and hinge.
bool needs_classes(LossKind kind);

/// The least mean loss that outputs in the range of `output_activation` can have, if
/// some finite output of every sample attains it; −∞ if none does, or it is not known
/// (cross_entropy). Decay not included. `targets` as from loss_targets.
double least_loss(const LossOptions& loss,
                  Elementwise output_activation,
                  const torch::Tensor& targets);

/// Y as the loss wants it, `[N, K]`: values for mse, huber and absolute (±1 or one-hot
/// for classes), one-hot for cross_entropy, ±1 for logistic and hinge. Throws
/// InputError if the data has no classes and the loss needs them.
torch::Tensor loss_targets(const LossOptions& loss, const Dataset& data);

/// Mean over samples of the loss, `[B]`. `outputs` is `[B, K, N]`; `targets` is
/// `[K, N]` or `[B, K, N]`. Decay is not included.
torch::Tensor mean_loss(const LossOptions& loss,
                        const torch::Tensor& outputs,
                        const torch::Tensor& targets);

/// What stands inside the kink of a piecewise linear loss, `[B, K, N]`: 1 − y f of
/// hinge, f − y of absolute. Undefined for the other losses.
torch::Tensor kink_argument(const LossOptions& loss,
                            const torch::Tensor& outputs,
                            const torch::Tensor& targets);

/// Share of samples whose class is predicted right, `[B]`: the largest of K outputs,
/// or, for one output, the side of the midpoint of the two target values.
torch::Tensor accuracy(const torch::Tensor& outputs, const torch::Tensor& targets);

}  // namespace basin
