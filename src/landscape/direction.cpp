#include "landscape/direction.h"

#include <ATen/Functions.h>

#include "core/random_vector.h"
#include "curvature/symmetric_eigen.h"
#include "minima/symmetry.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kTiny = 1e-300;

}  // namespace

Tensor random_direction(int64_t size, uint64_t seed, uint64_t index, double norm) {
  RandomStream random(seed, Stream::kDirection, index);
  const auto d = normal_vector(random, size);
  return d * (norm / d.norm().item<double>());
}

Tensor filter_direction(const ParameterLayout& layout,
                        const Tensor& theta,
                        uint64_t seed,
                        uint64_t index,
                        Biases biases) {
  const auto d = random_direction(theta.size(0), seed, index, 1.0);
  const auto to = layer_views(layout, d);
  const auto from = layer_views(layout, theta);
  for (size_t l = 0; l < layout.layers.size(); ++l) {
    const auto norms = [&](const LayerViews& v) {
      auto squares = v.weight[l].square().sum(1);
      if (biases == Biases::kAsWeights && v.bias[l].defined())
        squares = squares + v.bias[l].square();
      return squares.sqrt();
    };
    const auto factor = norms(from) / norms(to).clamp_min(kTiny);
    to.weight[l].mul_(factor.unsqueeze(1));
    if (!to.bias[l].defined()) continue;
    if (biases == Biases::kZero) {
      to.bias[l].zero_();
    } else {
      to.bias[l].mul_(factor);
    }
  }
  return d;
}

Tensor layer_direction(const ParameterLayout& layout,
                       const Tensor& theta,
                       uint64_t seed,
                       uint64_t index) {
  const auto d = random_direction(theta.size(0), seed, index, 1.0);
  const auto to = layer_views(layout, d);
  const auto from = layer_views(layout, theta);
  for (size_t l = 0; l < layout.layers.size(); ++l) {
    to.weight[l].mul_(from.weight[l].norm() / to.weight[l].norm().clamp_min(kTiny));
    if (to.bias[l].defined())
      to.bias[l].mul_(from.bias[l].norm() / to.bias[l].norm().clamp_min(kTiny));
  }
  return d;
}

// From the T × T matrix of inner products, since T is small beside P.
Principal principal_components(const Tensor& points, int64_t count) {
  const auto centred = points - points.mean(0, /*keepdim=*/true);
  const auto [values, vectors] = symmetric_eigen(centred.mm(centred.t()));
  const auto total = values.clamp_min(0).sum().item<double>();
  const auto last = values.size(0) - 1;
  std::vector<Tensor> rows, shares;
  for (int64_t k = 0; k < std::min(count, values.size(0)); ++k) {
    const double value = values[last - k].item<double>();
    if (!(value > 1e-14 * total)) break;
    auto row = centred.t().mv(vectors.select(1, last - k));
    row = row / row.norm();
    const auto largest = row[row.abs().argmax()].item<double>();
    rows.push_back(largest < 0 ? -row : row);
    shares.push_back(values[last - k] / total);
  }
  if (rows.empty())
    return {at::zeros({0, points.size(1)}, points.options()),
            at::zeros({0}, points.options())};
  return {at::stack(rows), at::stack(shares)};
}

}  // namespace basin
