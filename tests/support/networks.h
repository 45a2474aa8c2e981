#pragma once

// Small networks and data for tests.

#include <ATen/Functions.h>

#include "core/random.h"
#include "data/dataset.h"
#include "model/initialize.h"
#include "model/network_objective.h"

namespace basin::testing {

/// Every activation of a network.
inline const std::vector<Elementwise> kActivations{Elementwise::kIdentity,
                                                   Elementwise::kRelu,
                                                   Elementwise::kLeakyRelu,
                                                   Elementwise::kTanh,
                                                   Elementwise::kSigmoid,
                                                   Elementwise::kSoftplus,
                                                   Elementwise::kGelu,
                                                   Elementwise::kSilu,
                                                   Elementwise::kElu,
                                                   Elementwise::kSin,
                                                   Elementwise::kSquare,
                                                   Elementwise::kAbs};

inline torch::Tensor normal(std::vector<int64_t> shape, uint64_t index = 0) {
  auto out = at::empty(shape, torch::kFloat64);
  RandomStream random(99, Stream::kProbe, index);
  for (int64_t i = 0; i < out.numel(); ++i) out.data_ptr<double>()[i] = random.normal();
  return out;
}

/// N samples of d standard normal inputs in `classes` classes, or K targets.
inline Dataset random_data(int64_t n, int64_t d, int64_t classes, int64_t k = 1) {
  Dataset data{.name = "random", .inputs = normal({n, d}, 1)};
  if (classes > 0) {
    data.labels = at::arange(n, torch::kInt64).remainder(classes);
    for (int64_t c = 0; c < classes; ++c) data.classes.push_back(std::to_string(c));
    encode_classes(data, /*one_hot=*/false);
  } else {
    data.targets = normal({n, k}, 2);
  }
  return data;
}

inline Network network_for(const ModelOptions& model,
                           const LossOptions& loss,
                           const Dataset& data);

inline NetworkObjective objective_for(const ModelOptions& model,
                                      const LossOptions& loss,
                                      const Dataset& data,
                                      const Placement& placement = {}) {
  return {network_for(model, loss, data), loss, data, placement};
}

}  // namespace basin::testing

#include "model/loss.h"

namespace basin::testing {

inline Network network_for(const ModelOptions& model,
                           const LossOptions& loss,
                           const Dataset& data) {
  return make_network(
      model, data.inputs.size(1), loss_targets(loss, data).size(1), freedom_of(loss));
}

inline double largest(const torch::Tensor& a) { return a.abs().max().item<double>(); }

inline bool same_bits(const torch::Tensor& a, const torch::Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() && a.equal(b);
}

}  // namespace basin::testing
