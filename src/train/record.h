#pragma once

#include "train/ensemble.h"

namespace basin {

/// Losses and, if asked for, parameters along the way, `[S, ...]`.
class Record {
 public:
  Record(const TrainOptions& options, int64_t seeds, int64_t parameters);

  /// θ is `theta[i * stride]`, i = 0, ..., P - 1. Steps come in ascending order.
  template <typename T>
  void keep(int64_t seed, int64_t step, double loss, const T* theta, int64_t stride) {
    auto& next = next_[static_cast<size_t>(seed)];
    if (next < at_.size() && at_[next] == step) {
      curve.data_ptr<double>()[seed * curve.size(1) + static_cast<int64_t>(next++)] =
          loss;
    }
    if (every_ > 0 && step % every_ == 0) {
      const auto size = trajectory.size(2);
      double* to = trajectory.data_ptr<double>() +
                   (seed * trajectory.size(1) + step / every_) * size;
      for (int64_t i = 0; i < size; ++i) to[i] = theta[i * stride];
    }
  }

  /// A seed that stopped early keeps its last loss to the end of its curve.
  void close(int64_t seed, int64_t step, double loss);

  torch::Tensor curve;
  torch::Tensor trajectory;

 private:
  std::vector<int64_t> at_;
  std::vector<size_t> next_;  // place in `at_` of each seed
  int64_t every_;
};

}  // namespace basin
