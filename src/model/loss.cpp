#include "model/loss.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>

#include "core/error.h"
#include "model/elementwise.h"

namespace basin {
namespace {

// log Σ exp over outputs, minus the output of the class. The largest output is
// subtracted first, as a constant: it drops out of value and gradient.
torch::Tensor cross_entropy(const torch::Tensor& outputs,
                            const torch::Tensor& targets) {
  const auto shift = outputs.detach().amax(1, /*keepdim=*/true);
  const auto z = outputs - shift;
  const auto log_sum = z.exp().sum(1).log();
  return log_sum - (z * targets).sum(1);
}

// Classes as 0 and 1; numbers must be probabilities already.
torch::Tensor probabilities(const Dataset& data) {
  if (data.has_classes()) {
    const auto classes = static_cast<int64_t>(data.classes.size());
    const auto one_hot = at::one_hot(data.labels, classes).to(torch::kFloat64);
    return classes == 2 ? one_hot.narrow(1, 1, 1) : one_hot;
  }
  if ((data.targets < 0).logical_or(data.targets > 1).any().item<bool>()) {
    throw InputError(fmt::format(
        "loss.kind: expected targets from 0 to 1 for sigmoid_cross_entropy ('{}')",
        data.name));
  }
  return data.targets;
}

}  // namespace

bool needs_classes(LossKind kind) {
  return kind == LossKind::kCrossEntropy || kind == LossKind::kLogistic ||
         kind == LossKind::kHinge;
}

namespace {

/// The values an activation takes. An end that is not `closed` is only approached.
struct Range {
  double low = -INFINITY, high = INFINITY;
  bool closed_low = false, closed_high = false;
};

Range range_of(Elementwise activation) {
  switch (activation) {
    case Elementwise::kRelu:
    case Elementwise::kSquare:
    case Elementwise::kAbs:
      return {.low = 0, .closed_low = true};
    case Elementwise::kSoftplus:
      return {.low = 0};
    case Elementwise::kElu:
      return {.low = -1};
    case Elementwise::kTanh:
      return {.low = -1, .high = 1};
    case Elementwise::kSigmoid:
      return {.low = 0, .high = 1};
    case Elementwise::kSin:
      return {.low = -1, .high = 1, .closed_low = true, .closed_high = true};
    case Elementwise::kGelu:
      return {.low = -0.16997120747990369, .closed_low = true};
    case Elementwise::kSilu:
      return {.low = -0.27846454276107379, .closed_low = true};
    default:
      return {};
  }
}

/// An output at which the loss of one sample is least, without regard to the range.
double best_output(const LossOptions& loss, double y) {
  switch (loss.kind) {
    case LossKind::kLogistic:
      return y * INFINITY;
    case LossKind::kSigmoidCrossEntropy:
      return std::log(y / (1 - y));  // ±∞ at 0 and 1
    default:
      return y;  // hinge too, whose targets are ±1
  }
}

}  // namespace

double least_loss(const LossOptions& loss,
                  Elementwise output_activation,
                  const torch::Tensor& targets) {
  if (loss.kind == LossKind::kCrossEntropy) return -INFINITY;
  const auto range = range_of(output_activation);
  const auto y = targets.to(torch::kFloat64).contiguous();
  auto outputs = at::empty_like(y);
  for (int64_t i = 0; i < y.numel(); ++i) {
    const double best = best_output(loss, y.data_ptr<double>()[i]);
    // The losses are convex in the output: the end nearest to the best is the least.
    const bool below = best <= range.low, above = best >= range.high;
    if (below && !range.closed_low) return -INFINITY;
    if (above && !range.closed_high) return -INFINITY;
    outputs.data_ptr<double>()[i] = below ? range.low : above ? range.high : best;
  }
  return mean_loss(loss, outputs.t().unsqueeze(0), y.t()).item<double>();
}

torch::Tensor kink_argument(const LossOptions& loss,
                            const torch::Tensor& outputs,
                            const torch::Tensor& targets) {
  if (loss.kind == LossKind::kHinge) return 1 - outputs * targets;
  if (loss.kind == LossKind::kAbsolute) return outputs - targets;
  return {};
}

torch::Tensor loss_targets(const LossOptions& loss, const Dataset& data) {
  if (loss.kind == LossKind::kSigmoidCrossEntropy) return probabilities(data);
  if (!needs_classes(loss.kind)) return data.targets;
  if (!data.has_classes()) {
    throw InputError(fmt::format(
        "loss.kind: expected mse, huber, absolute or (for targets from 0 to 1) "
        "sigmoid_cross_entropy for data without classes ('{}')",
        data.name));
  }
  const auto classes = static_cast<int64_t>(data.classes.size());
  const bool one_column = classes == 2 && loss.kind != LossKind::kCrossEntropy;
  const auto one_hot = at::one_hot(data.labels, classes).to(torch::kFloat64);
  if (loss.kind == LossKind::kCrossEntropy) return one_hot;
  return (one_column ? one_hot.narrow(1, 1, 1) : one_hot) * 2 - 1;
}

torch::Tensor mean_loss(const LossOptions& loss,
                        const torch::Tensor& outputs,
                        const torch::Tensor& targets) {
  const auto scale = 1.0 / static_cast<double>(outputs.size(2));
  switch (loss.kind) {
    case LossKind::kMse: {
      const auto r = outputs - targets;
      return (r * r).sum({1, 2}) * (0.5 * scale);
    }
    case LossKind::kCrossEntropy:
      return cross_entropy(outputs, targets).sum(1) * scale;
    case LossKind::kLogistic:
      return elementwise(Elementwise::kSoftplus, -(outputs * targets)).sum({1, 2}) *
             scale;
    case LossKind::kHuber:
      return elementwise(Elementwise::kHuber, outputs - targets, loss.huber_delta)
                 .sum({1, 2}) *
             scale;
    case LossKind::kHinge:
      return elementwise(Elementwise::kHinge, outputs * targets).sum({1, 2}) * scale;
    case LossKind::kSigmoidCrossEntropy:
      return (elementwise(Elementwise::kSoftplus, outputs) - outputs * targets)
                 .sum({1, 2}) *
             scale;
    case LossKind::kAbsolute:
      return elementwise(Elementwise::kAbs, outputs - targets).sum({1, 2}) * scale;
  }
  throw ContractError("mean_loss: unknown loss");
}

torch::Tensor accuracy(const torch::Tensor& outputs, const torch::Tensor& targets) {
  if (outputs.size(1) > 1) {
    const auto right = outputs.argmax(1) == targets.argmax(-2);
    return right.to(torch::kFloat64).mean(1);
  }
  const auto middle = (targets.max() + targets.min()) / 2;
  const auto right =
      (outputs.select(1, 0) > middle) == (targets.select(-2, 0) > middle);
  return right.to(torch::kFloat64).mean(1);
}

}  // namespace basin
