#include "model/bends.h"

#include <ATen/Functions.h>
#include <torch/csrc/autograd/autograd.h>

#include <limits>

#include "model/elementwise.h"
#include "model/loss.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kNearest = 32;     // sites whose distance in θ is found
constexpr double kNoEffect = 1e-12;  // of the largest ∂L/∂z: the jump is rounding

}  // namespace

double distance_to_bend(const Network& network,
                        const LossOptions& loss,
                        const Tensor& theta,
                        const Tensor& inputs,
                        const Tensor& targets) {
  const double none = std::numeric_limits<double>::infinity();
  const auto& o = network.options;
  const bool elu =
      o.activation == Elementwise::kElu || o.output_activation == Elementwise::kElu;
  const bool huber = loss.kind == LossKind::kHuber;
  if (!elu && !huber) return none;
  // Step 1: what stands inside each bend, and whether L feels it.
  const auto x = theta.detach().requires_grad_(true);
  std::vector<Tensor> arguments;
  const auto f =
      forward(network, x, inputs, [&](int64_t, Elementwise phi, const Tensor& z) {
        if (phi == Elementwise::kElu) arguments.push_back(z);
        return elementwise(phi, z);
      });
  if (huber) arguments.push_back((f - targets).abs() - loss.huber_delta);
  if (arguments.empty()) return none;
  std::vector<Tensor> flat, felt;
  const auto total = mean_loss(loss, f, targets).sum();
  for (const auto& z : arguments) {
    flat.push_back(z.reshape({-1}));
    const bool output = huber && &z == &arguments.back();
    felt.push_back(
        output ? at::ones_like(flat.back()).detach()
               : torch::autograd::grad({total}, {z}, {}, true)[0].abs().reshape({-1}));
  }
  const auto z = at::cat(flat);
  const auto effect = at::cat(felt);
  // Step 2: of the nearest ones that it feels, |z| / ‖∂z/∂θ‖.
  const auto size = at::where(
      effect > kNoEffect * effect.max(), z.detach().abs(), at::full_like(effect, none));
  const auto count = std::min<int64_t>(kNearest, size.numel());
  const auto [least, index] = size.topk(count, 0, /*largest=*/false);
  double out = none;
  for (int64_t i = 0; i < count; ++i) {
    const double value = least[i].item<double>();
    if (!(value < none)) break;
    const auto slope = torch::autograd::grad({z[index[i]]}, {x}, {}, true)[0];
    const double length = slope.norm().item<double>();
    if (length > 0) out = std::min(out, value / length);
  }
  return out;
}

}  // namespace basin
