#include "landscape/direction.h"

#include <ATen/Functions.h>

#include "core/random.h"
#include "minima/symmetry.h"

namespace basin {

torch::Tensor random_direction(int64_t size,
                               uint64_t seed,
                               uint64_t index,
                               double norm) {
  RandomStream random(seed, Stream::kDirection, index);
  auto d = at::empty({size}, torch::kFloat64);
  for (int64_t i = 0; i < size; ++i) d.data_ptr<double>()[i] = random.normal();
  return d * (norm / d.norm().item<double>());
}

torch::Tensor filter_direction(const ParameterLayout& layout,
                               const torch::Tensor& theta,
                               uint64_t seed,
                               uint64_t index) {
  const auto d = random_direction(theta.size(0), seed, index, 1.0);
  const auto to = layer_views(layout, d);
  const auto from = layer_views(layout, theta);
  for (size_t l = 0; l < layout.layers.size(); ++l) {
    const auto own = to.weight[l].norm(2, {1}, /*keepdim=*/true).clamp_min(1e-300);
    to.weight[l].mul_(from.weight[l].norm(2, {1}, /*keepdim=*/true) / own);
    if (to.bias[l].defined()) to.bias[l].zero_();
  }
  return d;
}

}  // namespace basin
