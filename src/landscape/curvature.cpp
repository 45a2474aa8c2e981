#include "landscape/curvature.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numbers.h"
#include "curvature/hessian.h"
#include "curvature/symmetric_eigen.h"
#include "landscape/direction.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Eigenvalues and the outermost eigenvectors, dense or by Lanczos.
struct Spectrum {
  Tensor values, vectors, residuals;  // ascending; rows of `vectors`
  bool complete;
};

Spectrum spectrum_of(const SymmetricOperator& apply,
                     const Tensor& dense,
                     int64_t size,
                     const CurvatureOptions& o) {
  if (dense.defined()) {
    const auto [values, vectors] = symmetric_eigen(dense);
    return {values, vectors.t().contiguous(), at::zeros_like(values), true};
  }
  const auto start = random_direction(size, 0, uint64_t{1} << 41, 1.0);
  const auto pairs = ritz_pairs(lanczos(apply, start, {.max_steps = o.lanczos_steps}));
  return {pairs.values, pairs.vectors, pairs.residuals, false};
}

void note_ends(const Spectrum& s, int64_t pairs, PointCurvature& out) {
  const auto count = s.values.size(0);
  for (int64_t k = 0; k < std::min(pairs, count); ++k) {
    const auto estimate = [&](int64_t i) {
      return EigenEstimate{s.values[i].item<double>(), s.residuals[i].item<double>()};
    };
    out.largest.push_back(estimate(count - 1 - k));
    out.least.push_back(estimate(k));
  }
}

RadiusReport radii_of(const SampledObjective& objective,
                      const Tensor& theta,
                      const Tensor& random,
                      const Spectrum& s,
                      const CurvatureOptions& o) {
  RadiusReport out;
  if (o.directions == 0) return out;
  const auto along = [&](const Tensor& rows) {
    return quadratic_radii(objective, theta, rows, o.error);
  };
  const auto pairs = std::min(o.pairs, s.values.size(0));
  out.random = along(random);
  out.top = along(s.vectors.narrow(0, s.values.size(0) - pairs, pairs).flip(0));
  out.bottom = along(s.vectors.narrow(0, 0, pairs));
  return out;
}

// Of each layer, from the dense Hessian.
std::vector<LayerCurvature> layers_of(const ParameterLayout& layout, const Tensor& h) {
  std::vector<LayerCurvature> out;
  for (const auto& layer : layout.layers) {
    std::vector<int64_t> index;
    for (int64_t i = 0; i < layer.rows * layer.columns; ++i)
      index.push_back(layer.weight + i);
    for (int64_t i = 0; layer.bias >= 0 && i < layer.rows; ++i)
      index.push_back(layer.bias + i);
    const auto at = at::tensor(index, torch::kInt64);
    const auto block = h.index_select(0, at).index_select(1, at);
    const auto values = symmetric_eigenvalues(block);
    out.push_back({layer.name,
                   values[0].item<double>(),
                   values[-1].item<double>(),
                   block.diagonal().sum().item<double>()});
  }
  return out;
}

void split_dense(const SampledObjective& objective,
                 const Tensor& theta,
                 const Tensor& h,
                 PointCurvature& out) {
  const auto g = objective.gauss_newton(theta);
  if (!g.defined()) return;
  const auto wide = g.to(torch::kFloat64);
  out.newton_largest = symmetric_eigenvalues(wide)[-1].item<double>();
  out.newton_trace = wide.diagonal().sum().item<double>();
  out.newton_size = wide.norm().item<double>();
  out.residual_size = (h - wide - at::diag(objective.decay())).norm().item<double>();
}

// E‖A v‖² = ‖A‖_F² for random signs v.
void split_sampled(const SampledObjective& objective,
                   const Tensor& theta,
                   const SymmetricOperator& apply,
                   const CurvatureOptions& o,
                   uint64_t seed,
                   PointCurvature& out) {
  const auto size = theta.size(0);
  if (!objective.gauss_newton_times(theta, at::zeros({size}, torch::kFloat64))
           .defined())
    return;
  const auto decay = objective.decay();
  const SymmetricOperator newton = [&](const Tensor& v) {
    return objective.gauss_newton_times(theta, v).to(torch::kFloat64);
  };
  const SymmetricOperator newton_squared = [&](const Tensor& v) {
    return newton(newton(v));
  };
  const SymmetricOperator rest = [&](const Tensor& v) {
    return apply(v) - newton(v) - decay * v;
  };
  const SymmetricOperator rest_squared = [&](const Tensor& v) { return rest(rest(v)); };
  const auto spectrum = spectrum_of(newton, {}, size, o);
  out.newton_largest = spectrum.values[-1].item<double>();
  out.newton_trace = hutchinson_trace(newton, size, o.probes, seed).value;
  const auto size_of = [&](const SymmetricOperator& squared) {
    return std::sqrt(
        std::max(0.0, hutchinson_trace(squared, size, o.probes, seed).value));
  };
  out.newton_size = size_of(newton_squared);
  out.residual_size = size_of(rest_squared);
}

BatchCurvature batch_curvature(const SampledObjective& batch,
                               const Tensor& theta,
                               const Tensor& full,
                               const Tensor& random,
                               const CurvatureOptions& o) {
  const auto at = batch.value_and_gradient(theta.unsqueeze(0));
  Tensor own;
  if (full.defined()) own = dense_hessian(batch, theta).to(torch::kFloat64);
  const auto s = spectrum_of(hessian_operator(batch, theta), own, theta.size(0), o);
  return {.loss = at.value[0].item<double>(),
          .gradient_norm = at.gradient[0].norm().item<double>(),
          .hessian_change = full.defined()
                                ? ((own - full).norm() / full.norm()).item<double>()
                                : kNan,
          .largest = s.values[-1].item<double>(),
          .least = s.values[0].item<double>(),
          .radii = radii_of(batch, theta, random, s, o)};
}

}  // namespace

PointCurvature measure_point(
    const SampledObjective& objective,
    const ParameterLayout& layout,
    const Tensor& theta,
    const std::vector<std::unique_ptr<SampledObjective>>& batches,
    const CurvatureOptions& o,
    uint64_t seed) {
  const auto size = theta.size(0);
  PointCurvature out{.loss = objective.value(theta.unsqueeze(0)).item<double>(),
                     .norm = theta.norm().item<double>(),
                     .trace = kNan,
                     .newton_largest = kNan,
                     .newton_trace = kNan,
                     .residual_size = kNan,
                     .newton_size = kNan};
  const auto apply = hessian_operator(objective, theta);
  Tensor dense;
  if (size <= o.dense_limit)
    dense = dense_hessian(objective, theta).to(torch::kFloat64);
  const auto spectrum = spectrum_of(apply, dense, size, o);
  out.complete = spectrum.complete;
  note_ends(spectrum, o.pairs, out);
  out.sampled_trace = hutchinson_trace(apply, size, o.probes, seed);
  if (dense.defined()) {
    out.trace = dense.diagonal().sum().item<double>();
    out.layers = layers_of(layout, dense);
    split_dense(objective, theta, dense, out);
  } else {
    out.trace = out.sampled_trace.value;
    split_sampled(objective, theta, apply, o, seed, out);
  }
  const auto density = spectral_density(
      apply, size, o.density_probes, o.density_steps, seed, /*first_probe=*/1000);
  out.nodes = numbers(density.nodes);
  out.weights = numbers(density.weights);
  out.sharp = sharpness(
      objective,
      layout,
      theta,
      {.box_radius = o.box_radius, .filter_radius = o.filter_radius, .seed = seed});
  std::vector<Tensor> rows;
  for (int64_t k = 0; k < std::max<int64_t>(1, o.directions); ++k)
    rows.push_back(random_direction(
        size, seed, (uint64_t{1} << 42) + static_cast<uint64_t>(k), 1.0));
  const auto random = at::stack(rows);
  out.radii = radii_of(objective, theta, random, spectrum, o);
  for (const auto& batch : batches)
    out.batches.push_back(batch_curvature(*batch, theta, dense, random, o));
  return out;
}

}  // namespace basin
