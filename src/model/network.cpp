#include "model/network.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/activation_symmetry.h"
#include "model/batched_product.h"
#include "model/elementwise.h"

namespace basin {
namespace {

UnitGroup group_of(Elementwise activation, int64_t layer, int64_t units) {
  const auto s = symmetry_of(activation);
  return {.layers = {layer},
          .readers = {layer + 1},
          .units = units,
          .sign_flip = s.odd,
          .even_flip = s.even,
          .positive_scaling = s.homogeneous,
          .general_linear = s.linear,
          .quadratic = s.quadratic,
          .reflection = s.reflection,
          .half_turn = s.half_turn};
}

// What needs a free bias goes where there is none, or decay acts on it; what does not
// hold of a sum of units goes where skip connections add units up.
void keep_what_holds(const ParameterLayout& layout,
                     bool free_biases,
                     UnitGroup& group) {
  const auto all_biased = [&](const std::vector<int64_t>& layers) {
    return std::all_of(layers.begin(), layers.end(), [&](int64_t l) {
      return layout.layers[static_cast<size_t>(l)].bias >= 0;
    });
  };
  if (!free_biases || !all_biased(group.readers)) group.reflection = 0;
  if (!free_biases || !all_biased(group.layers)) group.half_turn = 0;
  if (group.layers.size() > 1) group.even_flip = group.quadratic = false;
}

}  // namespace

LossFreedom freedom_of(const LossOptions& loss) {
  return {.logit_shift = loss.kind == LossKind::kCrossEntropy,
          .free_biases = loss.weight_decay == 0 || !loss.decay_biases};
}

bool Network::skips(int64_t layer) const {
  return options.skip && layer >= 1 && layer < options.depth &&
         layout.layers[layer].rows == layout.layers[layer].columns;
}

Network make_network(const ModelOptions& options,
                     int64_t inputs,
                     int64_t outputs,
                     const LossFreedom& freedom) {
  Network network{.options = options};
  auto& layout = network.layout;
  int64_t columns = inputs;
  int64_t offset = 0;
  for (int64_t l = 0; l <= options.depth; ++l) {
    const bool last = l == options.depth;
    const auto rows = last                     ? outputs
                      : options.widths.empty() ? options.width
                                               : options.widths[l];
    LayerSlice layer{.name = fmt::format("layer{}", l),
                     .rows = rows,
                     .columns = columns,
                     .weight = offset};
    offset += rows * columns;
    if (last ? options.output_bias : options.bias) {
      layer.bias = offset;
      offset += rows;
    }
    layout.layers.push_back(layer);
    if (network.skips(l)) {
      layout.groups.back().layers.push_back(l);
      layout.groups.back().readers.push_back(l + 1);
    } else if (!last) {
      layout.groups.push_back(group_of(options.activation, l, rows));
    }
    columns = rows;
  }
  for (auto& group : layout.groups) keep_what_holds(layout, freedom.free_biases, group);
  layout.dimension = offset;
  layout.logit_shift =
      freedom.logit_shift && options.output_activation == Elementwise::kIdentity;
  return network;
}

torch::Tensor forward(const Network& network,
                      const torch::Tensor& theta,
                      const torch::Tensor& inputs,
                      const Activation& activation) {
  const auto batch = theta.size(0);
  std::vector<int64_t> sizes;
  for (const auto& layer : network.layout.layers) {
    sizes.push_back(layer.rows * layer.columns);
    if (layer.bias >= 0) sizes.push_back(layer.rows);
  }
  const auto parts = theta.split_with_sizes(sizes, 1);
  auto a = inputs.dim() == 2 ? inputs.unsqueeze(0).expand({batch, -1, -1}) : inputs;
  size_t part = 0;
  const auto count = static_cast<int64_t>(network.layout.layers.size());
  for (int64_t l = 0; l < count; ++l) {
    const auto& layer = network.layout.layers[l];
    const auto w = parts[part++].view({batch, layer.rows, layer.columns});
    const auto bias = layer.bias >= 0 ? parts[part++] : torch::Tensor();
    const auto z = batched_affine(w, a, bias);
    const auto phi =
        l + 1 == count ? network.options.output_activation : network.options.activation;
    const auto next = activation ? activation(l, phi, z) : elementwise(phi, z);
    a = network.skips(l) ? next + a : next;
  }
  return a;
}

}  // namespace basin
