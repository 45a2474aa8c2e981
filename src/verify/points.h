#pragma once

// Points in extended precision, and what is asked of lists of numbers.

#include <ATen/Functions.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "verify/reference.h"

namespace basin {

inline std::vector<Real> reals(const torch::Tensor& theta) {
  const auto flat = theta.to(torch::kFloat64).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

inline std::vector<Real> moved(const std::vector<Real>& theta,
                               const torch::Tensor& step,
                               Real scale) {
  auto out = theta;
  for (size_t p = 0; p < out.size(); ++p) {
    out[p] += scale * static_cast<Real>(step[static_cast<int64_t>(p)].item<double>());
  }
  return out;
}

inline double largest(const std::vector<Real>& g) {
  Real most = 0;
  for (const Real v : g) most = std::max(most, std::abs(v));
  return static_cast<double>(most);
}

inline torch::Tensor as_tensor(const std::vector<Real>& v) {
  auto out = at::empty({static_cast<int64_t>(v.size())}, torch::kFloat64);
  for (size_t i = 0; i < v.size(); ++i)
    out.data_ptr<double>()[i] = static_cast<double>(v[i]);
  return out;
}

inline std::vector<int64_t> all_parameters(size_t count) {
  std::vector<int64_t> out(count);
  std::iota(out.begin(), out.end(), int64_t{0});
  return out;
}

}  // namespace basin
