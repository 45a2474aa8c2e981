#pragma once

#include <string>

#include "model/make_objective.h"

namespace basin::bench {

/// A network on data, to be timed.
struct Case {
  std::string name;  ///< "2-16-16-16-1 N=64"
  std::vector<int64_t> widths;
  int64_t samples;
  LossKind loss;
  Elementwise activation = Elementwise::kRelu;
};

const std::vector<Case>& all_cases();

/// A case in one number type, with the loss by both paths.
struct Subject {
  Subject(const Case& which, torch::ScalarType type);

  Case shape;
  torch::ScalarType dtype;
  Dataset data;
  LossOptions loss;
  Network network;
  std::unique_ptr<SampledObjective> fused;
  std::unique_ptr<SampledObjective> batched;

  int64_t parameters() const { return network.layout.dimension; }
  double value_flops() const;     ///< multiply-adds of the layers, two each
  double gradient_flops() const;  ///< of value and gradient
  double product_flops() const;   ///< of one H v
};

// Each does some work on `threads` threads and returns how much, in its own unit.

/// Seed-steps of Adam on the full batch.
int64_t train(const Subject&,
              const SampledObjective&,
              int64_t seeds,
              int64_t steps,
              int64_t threads);

/// Seed-steps of a LibTorch module and optimizer for each seed.
int64_t train_modules(const Subject&, int64_t seeds, int64_t steps, int64_t threads);

/// Points of a plane; `afresh`: each network is evaluated from its θ.
int64_t plane(const Subject&,
              const SampledObjective&,
              bool afresh,
              int64_t points,
              int64_t threads);

/// Hessian products.
int64_t products(const Subject&,
                 const SampledObjective&,
                 int64_t rows,
                 int64_t threads);

/// Dense Hessians; `by_products`: P Hessian products each.
int64_t hessians(const Subject&,
                 const SampledObjective&,
                 bool by_products,
                 int64_t threads);

}  // namespace basin::bench
