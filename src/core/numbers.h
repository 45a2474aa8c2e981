#pragma once

#include <torch/types.h>

#include <vector>

namespace basin {

/// The entries of a float64 tensor, in order; none if it is undefined.
inline std::vector<double> numbers(const torch::Tensor& t) {
  if (!t.defined()) return {};
  const auto flat = t.contiguous();
  const auto* first = flat.data_ptr<double>();
  return {first, first + flat.numel()};
}

}  // namespace basin
