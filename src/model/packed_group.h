#pragma once

#include "core/objective.h"
#include "kernel/group.h"

namespace basin {

/// A group of the fused kernels as rows side by side. `problem` must outlive it.
template <typename T>
class PackedGroup final : public PackedObjective<T> {
 public:
  explicit PackedGroup(const PerceptronProblem<T>& problem) : group_(problem) {}

  int64_t lanes() const override { return group_.lanes(); }

  void value_and_gradient(const T* theta,
                          const int64_t* index,
                          int64_t count,
                          const std::vector<bool>&,
                          T* value,
                          T* gradient) override {
    if (index == nullptr) {
      group_.value_and_gradient(theta, value, gradient);
    } else {
      group_.value_and_gradient_on(theta, index, count, count, value, gradient);
    }
  }

 private:
  GroupEvaluator<T> group_;
};

}  // namespace basin
