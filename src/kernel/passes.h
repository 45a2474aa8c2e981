#pragma once

#include "kernel/workspace.h"

namespace basin {

// The passes behind GroupEvaluator, each compiled for every vector unit.

template <typename T>
struct ValuePass {
  const PerceptronProblem<T>& problem;
  const SampleView<T>& samples;
  const Workspace<T>& space;
  const T* theta;
  const PlaneLayer<T>* plane;  ///< null: the first layer is evaluated like the others
  const T *x, *y;              ///< `[lanes]`, for a plane
  T* value;
  T* right;  ///< may be null
};

template <typename T>
struct GradientPass {
  const PerceptronProblem<T>& problem;
  const SampleView<T>& samples;
  const Workspace<T>& space;
  const T* theta;
  T* value;
  T* gradient;
};

template <typename T>
struct ProductPass {
  const PerceptronProblem<T>& problem;
  const SampleView<T>& samples;
  const Workspace<T>& space;
  const T* theta;
  const T* v;
  T* product;
};

void run_pass(const ValuePass<float>&);
void run_pass(const ValuePass<double>&);
void run_pass(const GradientPass<float>&);
void run_pass(const GradientPass<double>&);
void run_pass(const ProductPass<float>&);
void run_pass(const ProductPass<double>&);

}  // namespace basin
