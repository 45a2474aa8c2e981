#include "core/objective.h"

#include <ATen/Functions.h>

#include <limits>

#include "core/error.h"

namespace basin {

double Objective::gradient_noise(const torch::Tensor& theta) const {
  constexpr double kHalfUnit = std::numeric_limits<double>::epsilon() / 2;
  const auto sign = 1 - 2 * at::arange(theta.size(0), torch::kFloat64).remainder(2);
  const auto moved = theta * (1 + kHalfUnit * 2 * sign);
  const auto g = value_and_gradient(at::stack({theta, moved})).gradient;
  return (g[0] - g[1]).abs().max().item<double>();
}

torch::Tensor Objective::kink_arguments(const torch::Tensor& theta) const {
  return at::empty({theta.size(0), 0}, torch::kFloat64);
}

std::unique_ptr<FrozenObjective> Objective::frozen(const torch::Tensor&) const {
  throw ContractError("frozen: this objective has no kinks");
}

std::vector<LayerProbe> SampledObjective::layer_probes(const torch::Tensor&,
                                                       const torch::Tensor&) const {
  return {};
}

}  // namespace basin
