#include "model/frozen_network.h"

#include <ATen/Functions.h>
#include <torch/csrc/autograd/autograd.h>

#include <utility>

#include "core/error.h"
#include "model/dense_hessian.h"
#include "model/elementwise.h"
#include "model/loss.h"

namespace basin {
namespace {

using torch::Tensor;

Tensor leaf(const Tensor& theta) { return theta.detach().requires_grad_(true); }

bool loss_has_kinks(const LossOptions& loss) {
  return loss.kind == LossKind::kHinge || loss.kind == LossKind::kAbsolute;
}

// The slopes of one layer, `[units, N]`; undefined if the layer has no kinks.
Tensor slopes_of(const Network& network,
                 const Tensor& slopes,
                 int64_t layer,
                 int64_t samples) {
  const auto& layers = network.layout.layers;
  const auto count = static_cast<int64_t>(layers.size());
  int64_t offset = 0;
  for (int64_t l = 0; l < count; ++l) {
    const auto phi =
        l + 1 == count ? network.options.output_activation : network.options.activation;
    const auto size = has_kink(phi) ? layers[l].rows * samples : 0;
    if (l == layer && size == 0) return {};
    if (l == layer)
      return slopes.narrow(0, offset, size).view({layers[l].rows, samples});
    offset += size;
  }
  return slopes.narrow(0, offset, slopes.size(0) - offset)
      .view({network.layout.outputs(), samples});
}

}  // namespace

std::vector<KinkBlock> kink_blocks(const Network& network,
                                   const LossOptions& loss,
                                   int64_t samples) {
  std::vector<KinkBlock> out;
  int64_t offset = 0;
  const auto add = [&](KinkBlock block, const KinkSlopes& slopes) {
    block.samples = samples;
    block.offset = offset;
    block.low = slopes.low;
    block.high = slopes.high;
    offset += block.size();
    out.push_back(block);
  };
  const auto& layers = network.layout.layers;
  for (size_t l = 0; l < layers.size(); ++l) {
    const auto phi = l + 1 == layers.size() ? network.options.output_activation
                                            : network.options.activation;
    if (!has_kink(phi)) continue;
    add({.name = layers[l].name,
         .layer = static_cast<int64_t>(l),
         .units = layers[l].rows},
        kink_slopes(phi));
  }
  if (loss_has_kinks(loss)) {
    add({.name = "loss",
         .layer = static_cast<int64_t>(layers.size()),
         .units = network.layout.outputs()},
        loss.kind == LossKind::kHinge ? KinkSlopes{0, 1} : KinkSlopes{-1, 1});
  }
  return out;
}

Tensor elementwise_activation(int64_t, Elementwise phi, const Tensor& z) {
  return elementwise(phi, z);
}

Activation frozen_activation(const Network& network,
                             const Tensor& slopes,
                             int64_t samples) {
  return [&network, slopes, samples](int64_t layer, Elementwise phi, const Tensor& z) {
    const auto s = slopes_of(network, slopes, layer, samples);
    return s.defined() ? z * s : elementwise(phi, z);
  };
}

Tensor kink_arguments(const Network& network,
                      const LossOptions& loss,
                      const Tensor& theta,
                      const Tensor& inputs,
                      const Tensor& targets,
                      const Tensor& slopes) {
  const auto phi = slopes.defined() ? frozen_activation(network, slopes, inputs.size(1))
                                    : Activation(elementwise_activation);
  std::vector<Tensor> z;
  const auto f = forward(
      network, theta, inputs, [&](int64_t layer, Elementwise kind, const Tensor& pre) {
        if (has_kink(kind)) z.push_back(pre.reshape({pre.size(0), -1}));
        return phi(layer, kind, pre);
      });
  if (loss_has_kinks(loss)) {
    z.push_back(kink_argument(loss, f, targets).reshape({f.size(0), -1}));
  }
  return z.empty() ? at::empty({theta.size(0), 0}, theta.options()) : at::cat(z, 1);
}

Tensor frozen_mean_loss(const Network& network,
                        const LossOptions& loss,
                        const Tensor& outputs,
                        const Tensor& targets,
                        const Tensor& slopes) {
  if (!slopes.defined() || slopes.numel() == 0 || !loss_has_kinks(loss)) {
    return mean_loss(loss, outputs, targets);
  }
  const auto samples = outputs.size(2);
  const auto layers = static_cast<int64_t>(network.layout.layers.size());
  const auto s = slopes_of(network, slopes, layers, samples);
  return (kink_argument(loss, outputs, targets) * s).sum({1, 2}) /
         static_cast<double>(samples);
}

FrozenNetwork::FrozenNetwork(const Network& network,
                             const LossOptions& loss,
                             Tensor inputs,
                             Tensor targets,
                             Tensor decay,
                             Tensor slopes,
                             int64_t preferred_rows)
    : network_(network),
      loss_(loss),
      inputs_(std::move(inputs)),
      targets_(std::move(targets)),
      decay_(std::move(decay)),
      slopes_(slopes.to(inputs_.options())),
      preferred_rows_(preferred_rows) {}

Tensor FrozenNetwork::loss(const Tensor& theta) const {
  const auto f = forward(
      network_, theta, inputs_, frozen_activation(network_, slopes_, inputs_.size(1)));
  const auto value = frozen_mean_loss(network_, loss_, f, targets_, slopes_);
  if (loss_.weight_decay == 0) return value;
  return value + (theta * theta * decay_).sum(1) * 0.5;
}

Tensor FrozenNetwork::value(const Tensor& theta) const {
  const at::NoGradGuard no_grad;
  return loss(theta.to(inputs_.options())).cpu();
}

ValueAndGradient FrozenNetwork::value_and_gradient(const Tensor& theta) const {
  const auto x = leaf(theta.to(inputs_.options()));
  const auto values = loss(x);
  return {values.detach().cpu(), torch::autograd::grad({values.sum()}, {x})[0].cpu()};
}

Tensor FrozenNetwork::hessian_times(const Tensor& theta, const Tensor& v) const {
  const auto x = leaf(theta.to(inputs_.options()));
  const auto g = torch::autograd::grad({loss(x).sum()}, {x}, {}, true, true)[0];
  const auto along = (g * v.to(x.options())).sum();
  if (!along.requires_grad()) return at::zeros_like(v);
  const auto product = torch::autograd::grad({along}, {x}, {}, false, false, true)[0];
  return product.defined() ? product.cpu() : at::zeros_like(v);
}

Tensor FrozenNetwork::hessian(const Tensor& theta) const {
  const auto all = theta.to(inputs_.options());
  const auto samples = inputs_.size(1);
  const auto last = static_cast<int64_t>(network_.layout.layers.size()) - 1;
  const auto activation = [&](int64_t layer, const Tensor& z) {
    const auto s = slopes_of(network_, slopes_, layer, samples);
    const auto& o = network_.options;
    const auto phi = layer == last ? o.output_activation : o.activation;
    if (has_kink(phi)) return std::array{z * s, s, at::zeros_like(z)};
    return std::array{elementwise_derivative(phi, 0, z),
                      elementwise_derivative(phi, 1, z),
                      elementwise_derivative(phi, 2, z)};
  };
  const auto top = [&](const Tensor& f) {
    if (!loss_has_kinks(loss_)) return loss_jet(loss_, f, targets_);
    // Linear in f: s (1 − y f) or s (f − y).
    const auto s = slopes_of(network_, slopes_, last + 1, samples);
    const auto slope = loss_.kind == LossKind::kHinge ? -(targets_ * s) : s;
    return LossJet{.first = slope / static_cast<double>(samples),
                   .second = at::zeros_like(f),
                   .share = {}};
  };
  std::vector<Tensor> out;
  for (int64_t b = 0; b < all.size(0); ++b) {
    out.push_back(
        closed_hessian(network_, all[b], inputs_, activation, top, decay_).cpu());
  }
  return at::stack(out);
}

Tensor FrozenNetwork::arguments(const Tensor& theta) const {
  const at::NoGradGuard no_grad;
  return basin::kink_arguments(
             network_, loss_, theta.to(inputs_.options()), inputs_, targets_, slopes_)
      .cpu();
}

// Row a of the batch sees one sample, that of its site.
Tensor FrozenNetwork::argument_gradients(const Tensor& theta,
                                         const Tensor& sites) const {
  const auto count = sites.size(0);
  if (count == 0) return at::zeros({0, dimension()}, torch::kFloat64);
  const auto samples = inputs_.size(1);
  const auto sample = sites.remainder(samples);
  const auto unit = at::floor_divide(sites, samples);
  const auto pick = [&](const Tensor& from) {  // [r, N] -> [A, r, 1]
    return from.index_select(1, sample.to(from.device())).t().unsqueeze(2).contiguous();
  };
  const auto x = leaf(theta.unsqueeze(0)
                          .to(inputs_.options())
                          .expand({count, dimension()})
                          .contiguous());
  std::vector<Tensor> z;
  const auto f = forward(network_,
                         x,
                         pick(inputs_),
                         [&](int64_t layer, Elementwise kind, const Tensor& pre) {
                           if (has_kink(kind)) z.push_back(pre.squeeze(2));
                           const auto s = slopes_of(network_, slopes_, layer, samples);
                           return s.defined() ? pre * pick(s) : elementwise(kind, pre);
                         });
  if (loss_has_kinks(loss_)) {
    z.push_back(kink_argument(loss_, f, pick(targets_)).squeeze(2));
  }
  const auto chosen = at::cat(z, 1).gather(1, unit.unsqueeze(1).to(x.device())).sum();
  return torch::autograd::grad({chosen}, {x})[0].cpu();
}

Tensor FrozenNetwork::sensitivities(const Tensor& theta) const {
  const auto samples = inputs_.size(1);
  std::vector<Tensor> leaves, u;
  const auto f = forward(network_,
                         theta.unsqueeze(0).to(inputs_.options()),
                         inputs_,
                         [&](int64_t layer, Elementwise kind, const Tensor& z) {
                           const auto s = slopes_of(network_, slopes_, layer, samples);
                           if (!s.defined()) return elementwise(kind, z);
                           leaves.push_back(at::zeros_like(z).requires_grad_(true));
                           return z * s + leaves.back();
                         });
  if (!leaves.empty()) {
    const auto total = frozen_mean_loss(network_, loss_, f, targets_, slopes_).sum();
    for (const auto& g : torch::autograd::grad({total}, leaves))
      u.push_back(g.reshape({-1}));
  }
  if (loss_has_kinks(loss_)) {
    u.push_back(at::full({network_.layout.outputs() * samples},
                         1.0 / static_cast<double>(samples),
                         inputs_.options()));
  }
  return at::cat(u).cpu();
}

}  // namespace basin
