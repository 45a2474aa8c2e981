#include "model/network_objective.h"

#include <ATen/Context.h>
#include <ATen/Functions.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/error.h"
#include "model/bends.h"
#include "model/frozen_network.h"
#include "model/loss.h"

namespace basin {
namespace {

using torch::Tensor;

// What one batch may keep in memory while autograd runs. Measured for 2-16-16-16-1 on
// 64 samples: 1 MiB is a tenth slower, 4 MiB a twentieth faster.
constexpr int64_t kBatchBytes = int64_t{1} << 21;

// Calls f on blocks of at most `block` rows and joins the answers.
template <typename F>
Tensor by_blocks(int64_t rows, int64_t block, F&& f) {
  if (rows <= block) return f(0, rows);
  std::vector<Tensor> parts;
  for (int64_t at = 0; at < rows; at += block) {
    parts.push_back(f(at, std::min(block, rows - at)));
  }
  return at::cat(parts);
}

template <typename F>
ValueAndGradient pairs_by_blocks(int64_t rows, int64_t block, F&& f) {
  if (rows <= block) return f(0, rows);
  std::vector<Tensor> values;
  std::vector<Tensor> gradients;
  for (int64_t at = 0; at < rows; at += block) {
    auto part = f(at, std::min(block, rows - at));
    values.push_back(part.value);
    gradients.push_back(part.gradient);
  }
  return {at::cat(values), at::cat(gradients)};
}

Tensor leaf(const Tensor& theta) { return theta.detach().requires_grad_(true); }

ValueAndGradient differentiate(const Tensor& values, const Tensor& theta) {
  const auto gradient = torch::autograd::grad({values.sum()}, {theta})[0];
  return {values.detach().cpu(), gradient.cpu()};
}

}  // namespace

double noise_of_order(const SampledObjective& objective, const Tensor& theta) {
  const auto row = theta.unsqueeze(0).contiguous();
  const auto last = objective.samples() - 1;
  const auto backwards = at::arange(last, -1, -1, torch::kInt64).unsqueeze(0);
  const auto a = objective.value_and_gradient(row).gradient;
  const auto b = objective.value_and_gradient_on(row, backwards).gradient;
  return (a - b).abs().max().item<double>();
}

bool cuda_is_available() { return at::hasCUDA(); }

NetworkObjective::NetworkObjective(Network network,
                                   const LossOptions& loss,
                                   const Dataset& data,
                                   const Placement& placement)
    : network_(std::move(network)),
      loss_(loss),
      placement_(placement),
      has_classes_(data.has_classes()) {
  const auto options = torch::TensorOptions(placement.dtype).device(placement.device);
  inputs_ = data.inputs.to(options).t().contiguous();
  targets_ = loss_targets(loss, data).to(options).t().contiguous();
  decay_ = at::full({dimension()}, loss.weight_decay, options);
  for (const auto& layer : network_.layout.layers) {
    if (layer.bias >= 0 && !loss.decay_biases) {
      decay_.narrow(0, layer.bias, layer.rows).zero_();
    }
  }
}

int64_t NetworkObjective::preferred_rows() const {
  if (placement_.device.is_cuda()) return 4096;
  int64_t numbers = 0;
  for (const auto& layer : network_.layout.layers) {
    numbers += 3 * layer.rows * samples() + 4 * layer.size();
  }
  const auto row = numbers * static_cast<int64_t>(c10::elementSize(placement_.dtype));
  return std::clamp<int64_t>(kBatchBytes / row, 4, 256);
}

Tensor NetworkObjective::placed(const Tensor& theta) const {
  require(theta.dim() == 2 && theta.size(1) == dimension(),
          "NetworkObjective: theta must be [B, P]");
  return theta.to(placement_.device, placement_.dtype);
}

Tensor NetworkObjective::loss(const Tensor& theta,
                              const Tensor& inputs,
                              const Tensor& targets) const {
  auto value = mean_loss(loss_, forward(network_, theta, inputs), targets);
  if (loss_.weight_decay == 0) return value;
  return value + (theta * theta * decay_).sum(1) * 0.5;
}

Tensor NetworkObjective::value(const Tensor& theta) const {
  const at::NoGradGuard no_grad;
  const auto all = placed(theta);
  return by_blocks(all.size(0), preferred_rows(), [&](int64_t at, int64_t rows) {
    return loss(all.narrow(0, at, rows), inputs_, targets_).cpu();
  });
}

ValueAndGradient NetworkObjective::value_and_gradient(const Tensor& theta) const {
  const auto all = placed(theta);
  return pairs_by_blocks(all.size(0), preferred_rows(), [&](int64_t at, int64_t rows) {
    const auto x = leaf(all.narrow(0, at, rows));
    return differentiate(loss(x, inputs_, targets_), x);
  });
}

ValueAndGradient NetworkObjective::value_and_gradient_on(const Tensor& theta,
                                                         const Tensor& index) const {
  require(index.dim() == 2 && index.size(0) == theta.size(0),
          "NetworkObjective: index must be [B, m]");
  const auto all = placed(theta);
  const auto count = index.size(1);
  const auto pick = [&](const Tensor& from, const Tensor& which) {
    const auto rows = which.size(0);
    return from.t()
        .index_select(0, which.reshape({-1}).to(from.device()))
        .view({rows, count, from.size(0)})
        .transpose(1, 2);
  };
  return pairs_by_blocks(all.size(0), 64, [&](int64_t at, int64_t rows) {
    const auto x = leaf(all.narrow(0, at, rows));
    const auto which = index.narrow(0, at, rows);
    return differentiate(
        loss(x, pick(inputs_, which).contiguous(), pick(targets_, which)), x);
  });
}

Tensor NetworkObjective::hessian_times(const Tensor& theta, const Tensor& v) const {
  const auto all = placed(theta);
  const auto directions = placed(v);
  return by_blocks(all.size(0), preferred_rows(), [&](int64_t at, int64_t rows) {
    const auto x = leaf(all.narrow(0, at, rows));
    const auto total = loss(x, inputs_, targets_).sum();
    const auto gradient = torch::autograd::grad({total}, {x}, {}, true, true)[0];
    const auto along = (gradient * directions.narrow(0, at, rows)).sum();
    if (!along.requires_grad()) return at::zeros_like(x).detach().cpu();
    const auto product = torch::autograd::grad({along}, {x}, {}, false, false, true)[0];
    return product.defined() ? product.cpu() : at::zeros_like(x).detach().cpu();
  });
}

Tensor NetworkObjective::outputs(const Tensor& theta) const {
  const at::NoGradGuard no_grad;
  const auto all = placed(theta);
  return by_blocks(all.size(0), preferred_rows(), [&](int64_t at, int64_t rows) {
    return forward(network_, all.narrow(0, at, rows), inputs_).transpose(1, 2).cpu();
  });
}

double NetworkObjective::gradient_noise(const Tensor& theta) const {
  return std::max(noise_of_order(*this, theta), Objective::gradient_noise(theta));
}

Smoothness NetworkObjective::smoothness() const {
  return kink_blocks().empty() ? Smoothness::kSmooth : Smoothness::kKinked;
}

double NetworkObjective::smooth_radius(const Tensor& theta) const {
  return distance_to_bend(
      network_, loss_, placed(theta.unsqueeze(0)), inputs_, targets_);
}

std::vector<KinkBlock> NetworkObjective::kink_blocks() const {
  return basin::kink_blocks(network_, loss_, samples());
}

Tensor NetworkObjective::kink_arguments(const Tensor& theta) const {
  const at::NoGradGuard no_grad;
  const auto all = placed(theta);
  return by_blocks(all.size(0), preferred_rows(), [&](int64_t at, int64_t rows) {
    return basin::kink_arguments(
               network_, loss_, all.narrow(0, at, rows), inputs_, targets_, {})
        .cpu();
  });
}

std::unique_ptr<FrozenObjective> NetworkObjective::frozen(const Tensor& slopes) const {
  return std::make_unique<FrozenNetwork>(
      network_, loss_, inputs_, targets_, decay_, slopes, preferred_rows());
}

std::vector<LayerProbe> NetworkObjective::layer_probes(const Tensor& theta,
                                                       const Tensor& slopes) const {
  const auto row = placed(theta.unsqueeze(0));
  const auto phi = slopes.defined() && slopes.numel() > 0
                       ? frozen_activation(network_, slopes, samples())
                       : Activation(elementwise_activation);
  std::vector<Tensor> inputs{inputs_.t()}, pre;
  std::vector<Tensor> leaves;
  const auto f = forward(
      network_, row, inputs_, [&](int64_t layer, Elementwise kind, const Tensor& z) {
        pre.push_back(z.detach());
        leaves.push_back(at::zeros_like(z).requires_grad_(true));
        const auto a = phi(layer, kind, z + leaves.back());
        const bool skip = network_.skips(layer);
        inputs.push_back(
            (skip ? a.detach() + inputs.back().t().unsqueeze(0) : a.detach())
                .squeeze(0)
                .t());
        return a;
      });
  const auto total = frozen_mean_loss(network_, loss_, f, targets_, slopes).sum();
  const auto sensitivity = torch::autograd::grad({total}, leaves);
  std::vector<LayerProbe> out;
  for (size_t l = 0; l < pre.size(); ++l) {
    out.push_back({.inputs = inputs[l].cpu().contiguous(),
                   .pre = pre[l].squeeze(0).t().cpu().contiguous(),
                   .sensitivity = sensitivity[l].squeeze(0).t().cpu().contiguous()});
  }
  return out;
}

Tensor NetworkObjective::accuracy(const Tensor& theta) const {
  const at::NoGradGuard no_grad;
  if (!has_classes_) {
    return at::full(
        {theta.size(0)}, std::numeric_limits<double>::quiet_NaN(), torch::kFloat64);
  }
  const auto all = placed(theta);
  return by_blocks(all.size(0), preferred_rows(), [&](int64_t at, int64_t rows) {
    return basin::accuracy(forward(network_, all.narrow(0, at, rows), inputs_),
                           targets_)
        .cpu();
  });
}

}  // namespace basin
