#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/layout.h"
#include "core/objective.h"
#include "curvature/stochastic.h"
#include "landscape/quadratic.h"
#include "landscape/sharpness.h"

namespace basin {

/// What to find out about the curvature at some points.
struct CurvatureOptions {
  /// "best", "every", "certified", "3", "seed:17", "slice:NAME:x:y"
  std::vector<std::string> at;
  int64_t minima = 20;  ///< of "certified": evenly by rank of loss if there are more
  int64_t dense_limit = 1000;  ///< P up to which all eigenvalues are found
  int64_t pairs = 5;           ///< above it: eigenvalues at each end
  int64_t lanczos_steps = 120;
  int64_t probes = 20;         ///< of the trace
  int64_t density_probes = 4;  ///< of the spectral density
  int64_t density_steps = 80;
  double box_radius = 1e-3;     ///< of ε-sharpness
  double filter_radius = 0.05;  ///< of filter-normalised sharpness
  int64_t directions = 20;      ///< random ones, for the radius of the quadratic model
  double error = 0.1;           ///< of that model, relative to its own rise
  int64_t batches = 0;          ///< mini-batches whose curvature is compared
  int64_t batch = 16;           ///< samples in each
};

/// An eigenvalue that is within `residual` of a true one; 0 if it is exact to rounding.
struct EigenEstimate {
  double value = 0;
  double residual = 0;
};

/// The block of the Hessian of one layer.
struct LayerCurvature {
  std::string name;
  double least = 0, largest = 0, trace = 0;
};

/// Radii along random directions, then along the eigenvectors of largest and least
/// eigenvalue.
struct RadiusReport {
  std::vector<QuadraticRadius> random, top, bottom;
};

/// The same point seen by one mini-batch.
struct BatchCurvature {
  double loss = 0, gradient_norm = 0;  ///< ‖g‖₂ of the batch's own loss
  double hessian_change = 0;  ///< ‖H_B − H‖_F / ‖H‖_F; NaN above dense_limit
  double largest = 0, least = 0;
  RadiusReport radii;
};

/// The curvature at one θ, in one gauge.
struct PointCurvature {
  std::string point;  ///< "minimum 0", "seed 17 (saddle)", ...
  std::string gauge;  ///< "stored" or "balanced"
  double loss = 0, norm = 0;
  bool complete = false;                      ///< all eigenvalues were found
  std::vector<EigenEstimate> largest, least;  ///< outermost first
  double trace = 0;
  TraceEstimate sampled_trace;         ///< by Hutchinson, beside the exact one
  std::vector<double> nodes, weights;  ///< spectral density
  double newton_largest = 0;           ///< of the Gauss-Newton part
  double newton_trace = 0;
  double residual_size = 0;  ///< ‖H − G − decay‖_F, or of ± 20 probes; see `complete`
  double newton_size = 0;  ///< ‖G‖_F likewise
  std::vector<LayerCurvature> layers;
  Sharpness sharp;
  RadiusReport radii;
  std::vector<BatchCurvature> batches;
};

/// Measures one point. `batches` are the losses of mini-batches.
PointCurvature measure_point(
    const SampledObjective& objective,
    const ParameterLayout& layout,
    const torch::Tensor& theta,
    const std::vector<std::unique_ptr<SampledObjective>>& batches,
    const CurvatureOptions& options,
    uint64_t seed);

}  // namespace basin
