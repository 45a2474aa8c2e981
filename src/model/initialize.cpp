#include "model/initialize.h"

#include <ATen/Functions.h>

#include <cmath>

#include "core/error.h"
#include "core/random.h"

namespace basin {
namespace {

// Fills w `[rows, columns]` with orthonormal rows (or columns, if there are more
// rows): modified Gram-Schmidt on Gaussian vectors, twice for orthogonality.
void fill_orthogonal(double* w, int64_t rows, int64_t columns, RandomStream& random) {
  const bool tall = rows > columns;
  const auto count = tall ? columns : rows;
  const auto length = tall ? rows : columns;
  const auto at = [&](int64_t vector, int64_t entry) -> double& {
    return tall ? w[entry * columns + vector] : w[vector * columns + entry];
  };
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t k = 0; k < length; ++k) at(i, k) = random.normal();
    for (int pass = 0; pass < 2; ++pass) {
      for (int64_t j = 0; j < i; ++j) {
        double dot = 0;
        for (int64_t k = 0; k < length; ++k) dot += at(i, k) * at(j, k);
        for (int64_t k = 0; k < length; ++k) at(i, k) -= dot * at(j, k);
      }
    }
    double norm = 0;
    for (int64_t k = 0; k < length; ++k) norm += at(i, k) * at(i, k);
    for (int64_t k = 0; k < length; ++k) at(i, k) /= std::sqrt(norm);
  }
}

double weight_deviation(Initializer init, double fan_in, double fan_out) {
  switch (init) {
    case Initializer::kHeNormal:
    case Initializer::kHeUniform:
      return std::sqrt(2 / fan_in);
    case Initializer::kGlorotNormal:
    case Initializer::kGlorotUniform:
      return std::sqrt(2 / (fan_in + fan_out));
    case Initializer::kLecunNormal:
    case Initializer::kLecunUniform:
      return std::sqrt(1 / fan_in);
    case Initializer::kTorch:
      return std::sqrt(1 / (3 * fan_in));
    case Initializer::kNormal:
    case Initializer::kOrthogonal:
      return 1;
  }
  throw ContractError("initial_parameters: unknown initialiser");
}

bool is_uniform(Initializer init) {
  return init == Initializer::kHeUniform || init == Initializer::kGlorotUniform ||
         init == Initializer::kLecunUniform || init == Initializer::kTorch;
}

void fill_layer(double* theta,
                const LayerSlice& layer,
                Initializer init,
                double scale,
                RandomStream& random) {
  const auto deviation = weight_deviation(
      init, static_cast<double>(layer.columns), static_cast<double>(layer.rows));
  const auto draw = [&] {
    return is_uniform(init) ? std::sqrt(3.0) * (2 * random.uniform() - 1)
                            : random.normal();
  };
  double* w = theta + layer.weight;
  if (init == Initializer::kOrthogonal) {
    fill_orthogonal(w, layer.rows, layer.columns, random);
  } else {
    for (int64_t i = 0; i < layer.rows * layer.columns; ++i) w[i] = deviation * draw();
  }
  for (int64_t i = 0; i < layer.rows * layer.columns; ++i) w[i] *= scale;
  if (layer.bias < 0) return;
  const bool random_bias = init == Initializer::kTorch || init == Initializer::kNormal;
  for (int64_t r = 0; r < layer.rows; ++r) {
    theta[layer.bias + r] = random_bias ? scale * deviation * draw() : 0.0;
  }
}

}  // namespace

torch::Tensor initial_parameters(const Network& network,
                                 uint64_t seed,
                                 int64_t first,
                                 int64_t count) {
  auto theta = at::empty({count, network.layout.dimension}, torch::kFloat64);
  for (int64_t i = 0; i < count; ++i) {
    RandomStream random(
        seed, Stream::kInitialization, static_cast<uint64_t>(first + i));
    for (const auto& layer : network.layout.layers) {
      fill_layer(theta.data_ptr<double>() + i * network.layout.dimension,
                 layer,
                 network.options.init,
                 network.options.init_scale,
                 random);
    }
  }
  return theta;
}

}  // namespace basin
