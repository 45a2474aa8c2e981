#pragma once

#include <ATen/Functions.h>
#include <torch/types.h>

#include "core/random.h"

namespace basin {

/// The next `size` standard normal numbers, `[size]`, float64.
inline torch::Tensor normal_vector(RandomStream& random, int64_t size) {
  auto out = at::empty({size}, torch::kFloat64);
  for (int64_t i = 0; i < size; ++i) out.data_ptr<double>()[i] = random.normal();
  return out;
}

}  // namespace basin
