#include "kernel/split_rows.h"

#include <numeric>

namespace basin {

template <typename T>
SplitRows<T>::SplitRows(const PerceptronProblem<T>& problem, const Buffer<T>& decay)
    : decay_(decay),
      group_(problem),
      size_(problem.network.parameters),
      theta_(static_cast<size_t>(size_ * group_.lanes())),
      other_(theta_.size()),
      result_(theta_.size()),
      value_(static_cast<size_t>(group_.lanes())) {}

// The same row in every lane.
template <typename T>
void SplitRows<T>::spread(const T* from, Buffer<T>& to) const {
  T* out = to.data();
  for (int64_t i = 0; i < size_; ++i, out += group_.lanes())
    std::fill_n(out, group_.lanes(), from[i]);
}

template <typename T>
T SplitRows<T>::half_decay(const T* theta) const {
  T sum = 0;
  for (size_t i = 0; i < decay_.size(); ++i) sum += decay_[i] * theta[i] * theta[i];
  return sum / 2;
}

// The sum over lanes, and what decay adds.
template <typename T>
void SplitRows<T>::add_lanes(const T* decayed, T* to) const {
  const auto lanes = group_.lanes();
  for (int64_t i = 0; i < size_; ++i) {
    const T* from = result_.data() + i * lanes;
    to[i] = std::accumulate(from, from + lanes, T(0));
  }
  for (size_t i = 0; i < decay_.size(); ++i) to[i] += decay_[i] * decayed[i];
}

template <typename T>
T SplitRows<T>::value(const T* theta) {
  spread(theta, theta_);
  group_.value(theta_.data(), value_.data());
  return std::accumulate(value_.data(), value_.data() + value_.size(), T(0)) +
         half_decay(theta);
}

template <typename T>
T SplitRows<T>::value_and_gradient(const T* theta, T* gradient) {
  spread(theta, theta_);
  group_.value_and_gradient(theta_.data(), value_.data(), result_.data());
  add_lanes(theta, gradient);
  return std::accumulate(value_.data(), value_.data() + value_.size(), T(0)) +
         half_decay(theta);
}

template <typename T>
void SplitRows<T>::hessian_times(const T* theta, const T* v, T* product) {
  spread(theta, theta_);
  spread(v, other_);
  group_.hessian_times(theta_.data(), other_.data(), result_.data());
  add_lanes(v, product);
}

template class SplitRows<float>;
template class SplitRows<double>;

}  // namespace basin
