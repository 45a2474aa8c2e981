#pragma once

// Symmetries of a network, applied.

#include "core/random.h"
#include "minima/unit_move.h"
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
    UnitMove move{.from = random.permutation(group.units),
                  .sign = at::ones({group.units}, torch::kFloat64)};
    if (group.half_turn != 0) move.turn = at::zeros({group.units}, torch::kFloat64);
    for (int64_t i = 0; i < group.units; ++i) {
      if (group.positive_scaling || group.quadratic)
        scale_unit(group, i, 0.2 + random.uniform(), at);
      if (group.flips() && random.below(2) == 1) move.sign[i] = -1;
      if (group.half_turn != 0) move.turn[i] = static_cast<double>(random.below(5)) - 2;
    }
    move_units(group, move, at);
  }
  return out;
}

}  // namespace basin::testing
