#include "kernel/group.h"

#include "kernel/passes.h"

namespace basin {

template <typename T>
GroupEvaluator<T>::GroupEvaluator(const PerceptronProblem<T>& problem)
    : problem_(problem), lanes_(group_lanes<T>()) {}

template <typename T>
Workspace<T>& GroupEvaluator<T>::space(Pass pass) {
  auto& space = spaces_[static_cast<size_t>(pass)];
  if (space.block == 0) space = make_workspace(problem_, lanes_, pass);
  return space;
}

template <typename T>
SampleView<T> GroupEvaluator<T>::all_samples() const {
  return {.inputs = problem_.inputs.data(),
          .targets = problem_.targets.data(),
          .weights = problem_.weights.data(),
          .padded = problem_.padded,
          .own = problem_.split_lanes > 0};
}

template <typename T>
SampleView<T> GroupEvaluator<T>::gather(const int64_t* index,
                                        int64_t stride,
                                        int64_t count) {
  const auto padded = (count + kSampleTile - 1) / kSampleTile * kSampleTile;
  const auto width = problem_.inputs_per_sample(), outputs = problem_.outputs();
  const auto size = [&](int64_t rows) {
    return static_cast<size_t>(rows * padded * lanes_);
  };
  if (weights_.size() != size(1)) {
    inputs_ = Buffer<T>(size(width));
    targets_ = Buffer<T>(size(outputs));
    weights_ = Buffer<T>(size(1));
  }
  const auto fill = [&](const Buffer<T>& from, int64_t rows, Buffer<T>& to) {
    T* out = to.data();
    for (int64_t r = 0; r < rows; ++r) {
      const T* row = from.data() + r * problem_.padded;
      for (int64_t i = 0; i < padded; ++i) {
        const auto at = std::min(i, count - 1);
        for (int64_t k = 0; k < lanes_; ++k) *out++ = row[index[k * stride + at]];
      }
    }
  };
  fill(problem_.inputs, width, inputs_);
  fill(problem_.targets, outputs, targets_);
  std::fill_n(weights_.data(), size(1), T(0));
  std::fill_n(weights_.data(),
              count * lanes_,
              static_cast<T>(1.0 / static_cast<double>(count)));
  return {.inputs = inputs_.data(),
          .targets = targets_.data(),
          .weights = weights_.data(),
          .padded = padded,
          .own = true};
}

template <typename T>
void GroupEvaluator<T>::value(const T* theta, T* value, T* right) {
  run_pass(ValuePass<T>{.problem = problem_,
                        .samples = all_samples(),
                        .space = space(Pass::kValue),
                        .theta = theta,
                        .plane = nullptr,
                        .x = nullptr,
                        .y = nullptr,
                        .value = value,
                        .right = right});
}

template <typename T>
void GroupEvaluator<T>::value_on_plane(const PlaneLayer<T>& first,
                                       const T* x,
                                       const T* y,
                                       const T* theta,
                                       T* value,
                                       T* right) {
  run_pass(ValuePass<T>{.problem = problem_,
                        .samples = all_samples(),
                        .space = space(Pass::kValue),
                        .theta = theta,
                        .plane = &first,
                        .x = x,
                        .y = y,
                        .value = value,
                        .right = right});
}

template <typename T>
void GroupEvaluator<T>::value_and_gradient(const T* theta, T* value, T* gradient) {
  run_pass(GradientPass<T>{.problem = problem_,
                           .samples = all_samples(),
                           .space = space(Pass::kGradient),
                           .theta = theta,
                           .value = value,
                           .gradient = gradient});
}

template <typename T>
void GroupEvaluator<T>::value_and_gradient_on(const T* theta,
                                              const int64_t* index,
                                              int64_t stride,
                                              int64_t count,
                                              T* value,
                                              T* gradient) {
  run_pass(GradientPass<T>{.problem = problem_,
                           .samples = gather(index, stride, count),
                           .space = space(Pass::kGradient),
                           .theta = theta,
                           .value = value,
                           .gradient = gradient});
}

template <typename T>
void GroupEvaluator<T>::hessian_times(const T* theta, const T* v, T* product) {
  run_pass(ProductPass<T>{.problem = problem_,
                          .samples = all_samples(),
                          .space = space(Pass::kProduct),
                          .theta = theta,
                          .v = v,
                          .product = product});
}

template class GroupEvaluator<float>;
template class GroupEvaluator<double>;

}  // namespace basin
