#pragma once

// Symmetries of a network, applied.

#include "core/random.h"
#include "minima/symmetry.h"
#include "model/network.h"

namespace basin::testing {

/// θ moved by a random element of the group of its architecture.
inline torch::Tensor scrambled(const Network& network,
                               const torch::Tensor& theta,
                               uint64_t index) {
  auto out = theta.clone();
  const auto at = layer_views(network.layout, out);
  RandomStream random(4, Stream::kProbe, index);
  for (const auto& group : network.layout.groups) {
    const auto order = at::tensor(random.permutation(group.units), torch::kInt64);
    auto factor = at::ones({group.units}, torch::kFloat64);
    auto inverse = factor.clone();
    for (int64_t i = 0; i < group.units; ++i) {
      if (group.positive_scaling) factor[i] = 0.2 + random.uniform();
      if ((group.sign_flip || group.even_flip) && random.below(2) == 1) factor[i] = -1;
      inverse[i] = group.even_flip ? 1.0 : 1 / factor[i].item<double>();
    }
    for (const auto l : group.layers) {
      at.weight[l].copy_(at.weight[l].index_select(0, order) * factor.unsqueeze(1));
      at.bias[l].copy_(at.bias[l].index_select(0, order) * factor);
    }
    for (const auto l : group.readers) {
      at.weight[l].copy_(at.weight[l].index_select(1, order) * inverse);
    }
  }
  return out;
}

}  // namespace basin::testing
