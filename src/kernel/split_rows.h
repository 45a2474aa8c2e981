#pragma once

#include "kernel/group.h"

namespace basin {

/// Rows of θ one after another, the samples of each dealt out to the lanes: a single
/// row takes the time of one row, where a group of rows would take that of all lanes.
/// For one thread. Arrays are `[P]`.
template <typename T>
class SplitRows {
 public:
  /// `problem` is from split_samples, `decay` `[P]` or empty; both must outlive this.
  SplitRows(const PerceptronProblem<T>& problem, const Buffer<T>& decay);

  T value(const T* theta);
  T value_and_gradient(const T* theta, T* gradient);
  void hessian_times(const T* theta, const T* v, T* product);

 private:
  void spread(const T* from, Buffer<T>& to) const;
  T half_decay(const T* theta) const;
  void add_lanes(const T* decayed, T* to) const;

  const Buffer<T>& decay_;
  GroupEvaluator<T> group_;
  int64_t size_;
  Buffer<T> theta_, other_, result_, value_;
};

}  // namespace basin
