#include "curvature/stochastic.h"

#include <ATen/Functions.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "core/random.h"
#include "curvature/symmetric_eigen.h"

namespace basin {
namespace {

using torch::Tensor;

Tensor random_signs(int64_t size, uint64_t seed, uint64_t index) {
  RandomStream random(seed, Stream::kProbe, index);
  auto v = at::empty({size}, torch::kFloat64);
  for (int64_t i = 0; i < size; ++i)
    v.data_ptr<double>()[i] = (random.next() >> 63) != 0 ? 1.0 : -1.0;
  return v;
}

}  // namespace

TraceEstimate hutchinson_trace(const SymmetricOperator& apply,
                               int64_t size,
                               int64_t probes,
                               uint64_t seed,
                               uint64_t first_probe) {
  double sum = 0, squares = 0;
  for (int64_t k = 0; k < probes; ++k) {
    const auto v = random_signs(size, seed, first_probe + static_cast<uint64_t>(k));
    const double x = apply(v).dot(v).item<double>();
    sum += x;
    squares += x * x;
  }
  const auto n = static_cast<double>(probes);
  const double mean = sum / n;
  const double variance = std::max(0.0, (squares - n * mean * mean) / (n - 1));
  return {
      mean,
      probes > 1 ? std::sqrt(variance / n) : std::numeric_limits<double>::quiet_NaN()};
}

SpectralDensity spectral_density(const SymmetricOperator& apply,
                                 int64_t size,
                                 int64_t probes,
                                 int64_t steps,
                                 uint64_t seed,
                                 uint64_t first_probe) {
  std::vector<Tensor> nodes, weights;
  for (int64_t k = 0; k < probes; ++k) {
    const auto start = random_signs(size, seed, first_probe + static_cast<uint64_t>(k));
    const auto t = lanczos(apply, start, {.max_steps = steps});
    const auto dense = at::diag(t.diagonal) + at::diag(t.off_diagonal, 1) +
                       at::diag(t.off_diagonal, -1);
    const auto [values, vectors] = symmetric_eigen(dense);
    nodes.push_back(values);
    weights.push_back(vectors[0].square() / static_cast<double>(probes));
  }
  const auto [sorted, order] = at::cat(nodes).sort();
  return {sorted.contiguous(), at::cat(weights).index_select(0, order)};
}

Tensor smoothed(const SpectralDensity& density, const Tensor& points, double width) {
  const auto distance = (points.unsqueeze(1) - density.nodes.unsqueeze(0)) / width;
  const auto bell =
      (distance.square() * -0.5).exp() / (width * std::sqrt(2 * std::numbers::pi));
  return bell.mv(density.weights);
}

}  // namespace basin
