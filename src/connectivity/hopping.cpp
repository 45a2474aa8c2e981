#include "connectivity/hopping.h"

#include <cmath>

#include "core/random_vector.h"

namespace basin {

Endpoint hop(const MinimaProblem& problem,
             const ExploreOptions& options,
             const MinimaOptions& minima,
             uint64_t seed,
             HopChain& chain) {
  RandomStream random(
      seed,
      Stream::kHop,
      (static_cast<uint64_t>(chain.chain) << 32) + static_cast<uint64_t>(chain.hops));
  const double size = chain.theta.abs().mean().item<double>();
  const auto step = normal_vector(random, chain.theta.numel());
  const double deviation = options.step * (size > 0 ? size : 1.0);
  const auto start = (chain.theta + deviation * step).unsqueeze(0);
  auto end = polish_and_judge(problem, start.contiguous(), 0, {false}, minima).front();
  ++chain.hops;
  const double rise = end.loss - chain.loss;
  const bool taken =
      rise <= 0 || random.uniform() < std::exp(-rise / options.temperature);
  if (is_certified(end) && taken) {
    chain.theta = end.theta;
    chain.loss = end.loss;
    ++chain.accepted;
  }
  return end;
}

}  // namespace basin
