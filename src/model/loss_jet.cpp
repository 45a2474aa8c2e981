#include "model/loss_jet.h"

#include <ATen/Functions.h>

#include "core/error.h"
#include "model/elementwise.h"

namespace basin {

using torch::Tensor;

LossJet loss_jet(const LossOptions& loss, const Tensor& f, const Tensor& y) {
  const double weight = 1.0 / static_cast<double>(f.size(1));
  const auto with = [&](const Tensor& first, const Tensor& second) {
    return LossJet{.first = first * weight,
                   .second = second * weight,
                   .share = {},
                   .weight = weight};
  };
  const auto at_argument = [&](Elementwise kind, const Tensor& z, double parameter) {
    return std::pair(elementwise_derivative(kind, 1, z, parameter),
                     elementwise_derivative(kind, 2, z, parameter));
  };
  switch (loss.kind) {
    case LossKind::kMse:
      return with(f - y, at::ones_like(f));
    case LossKind::kCrossEntropy: {
      const auto p = at::softmax(f, 0);
      return {.first = (p - y) * weight, .second = {}, .share = p, .weight = weight};
    }
    case LossKind::kLogistic: {
      const auto [d, c] = at_argument(Elementwise::kSoftplus, -(f * y), 1);
      return with(-(y * d), y * y * c);
    }
    case LossKind::kHuber: {
      const auto [d, c] = at_argument(Elementwise::kHuber, f - y, loss.huber_delta);
      return with(d, c);
    }
    case LossKind::kHinge: {
      const auto [d, c] = at_argument(Elementwise::kHinge, f * y, 1);
      return with(y * d, y * y * c);
    }
    case LossKind::kSigmoidCrossEntropy: {
      const auto [d, c] = at_argument(Elementwise::kSoftplus, f, 1);
      return with(d - y, c);
    }
    case LossKind::kAbsolute: {
      const auto [d, c] = at_argument(Elementwise::kAbs, f - y, 1);
      return with(d, c);
    }
  }
  throw ContractError("loss_jet: unknown loss");
}

}  // namespace basin
