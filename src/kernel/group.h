#pragma once

#include "kernel/workspace.h"

namespace basin {

/// How many rows of θ are evaluated side by side on this machine: the numbers in one
/// vector of its widest unit.
template <typename T>
int64_t group_lanes();

/// The vector unit the kernels use: "AVX3", "AVX2", "SSE2", "NEON", ...
const char* kernel_target();

/// The loss of `problem` for a group of rows of θ side by side ("packed"): entry i of
/// lane k stands at [i * lanes + k]. Every lane is computed by the same operations in
/// the same order, whatever the other lanes hold. All arrays are aligned to 64 bytes.
template <typename T>
class GroupEvaluator {
 public:
  /// For one thread. The problem must outlive it.
  explicit GroupEvaluator(const PerceptronProblem<T>& problem);

  int64_t lanes() const { return lanes_; }

  /// `value` `[lanes]`; `right`, unless null: the number of samples whose class is
  /// predicted right.
  void value(const T* theta, T* value, T* right = nullptr);

  /// The value at the points (x, y) `[lanes]` of a plane; `theta` holds all layers
  /// but the first.
  void value_on_plane(const PlaneLayer<T>& first,
                      const T* x,
                      const T* y,
                      const T* theta,
                      T* value,
                      T* right);

  /// `gradient` is `[P][lanes]`.
  void value_and_gradient(const T* theta, T* value, T* gradient);

  /// On samples `index[k * stride + i]`, i = 0, ..., count - 1, of lane k.
  void value_and_gradient_on(const T* theta,
                             const int64_t* index,
                             int64_t stride,
                             int64_t count,
                             T* value,
                             T* gradient);

  /// H(θ) v, `[P][lanes]`. Pearlmutter, Neural Computation 6 (1994).
  void hessian_times(const T* theta, const T* v, T* product);

 private:
  Workspace<T>& space(Pass pass);
  SampleView<T> all_samples() const;
  SampleView<T> gather(const int64_t* index, int64_t stride, int64_t count);

  const PerceptronProblem<T>& problem_;
  int64_t lanes_;
  Workspace<T> spaces_[3];
  Buffer<T> inputs_, targets_, weights_;  // of a mini-batch
};

}  // namespace basin
