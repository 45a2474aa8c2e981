#include "minima/trust_region.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace basin {
namespace {

using torch::Tensor;

/// The model in the eigenbasis, zero modes without slope left out.
struct Modes {
  std::vector<double> value;  // ascending
  std::vector<double> slope;

  // ‖p(μ)‖ for p = −c / (λ + μ), without modes at or below `from`.
  double length(double mu, double from) const {
    double square = 0;
    for (size_t i = 0; i < value.size(); ++i) {
      if (value[i] <= from) continue;
      square += std::pow(slope[i] / (value[i] + mu), 2);
    }
    return std::sqrt(square);
  }
};

// μ > low with ‖p(μ)‖ = radius: bisection that keeps its bracket, with Newton's step on
// 1/radius − 1/‖p‖, which is nearly linear in μ.
double boundary_multiplier(const Modes& modes, double low, double radius) {
  double norm = 0;
  for (const auto c : modes.slope) norm += c * c;
  double high = low + std::sqrt(norm) / radius;
  double mu = std::min(high, low + 1e-3 * (high - low));
  for (int i = 0; i < 100 && high - low > 1e-15 * high; ++i) {
    double square = 0, derivative = 0;
    for (size_t k = 0; k < modes.value.size(); ++k) {
      const double p = modes.slope[k] / (modes.value[k] + mu);
      square += p * p;
      derivative += p * p / (modes.value[k] + mu);
    }
    const double length = std::sqrt(square);
    if (std::abs(length - radius) <= 1e-12 * radius) break;
    (length > radius ? low : high) = mu;
    const double newton = mu + square / derivative * (length - radius) / radius;
    mu = newton > low && newton < high ? newton : low + (high - low) / 2;
  }
  return mu;
}

}  // namespace

TrustStep exact_trust_step(const Tensor& values,
                           const Tensor& vectors,
                           const Tensor& gradient,
                           const Tensor& quiet,
                           double radius) {
  const auto c = at::mv(vectors.t(), gradient);
  Modes modes;
  std::vector<int64_t> index;
  // `values` need not be sorted: zero modes may have been lifted.
  for (int64_t i = 0; i < values.size(0); ++i) {
    if (quiet[i].item<bool>()) continue;
    modes.value.push_back(values[i].item<double>());
    modes.slope.push_back(c[i].item<double>());
    index.push_back(i);
  }
  TrustStep out{.step = at::zeros_like(gradient)};
  if (index.empty()) return out;
  const double least = *std::min_element(modes.value.begin(), modes.value.end());
  const double most = *std::max_element(modes.value.begin(), modes.value.end());
  const double spread = std::max(std::abs(least), std::abs(most));
  double mu = 0, extra = 0;
  if (!(least > 0) || modes.length(0, -INFINITY) > radius) {
    out.on_boundary = true;
    const double edge = std::max(0.0, -least);
    // Length at the edge without the modes of the least eigenvalue.
    const double rest = modes.length(edge, least + 1e-12 * spread);
    double edge_slope = 0;
    for (size_t i = 0; i < index.size(); ++i) {
      if (modes.value[i] > least + 1e-12 * spread) continue;
      edge_slope = std::max(edge_slope, std::abs(modes.slope[i]));
    }
    if (!(least > 0) && rest < radius && edge_slope <= 1e-14 * spread * radius) {
      out.hard_case = true;
      mu = edge;
      extra = std::sqrt(radius * radius - rest * rest);
    } else {
      mu = boundary_multiplier(modes, edge, radius);
    }
  }
  auto p = at::zeros_like(c);
  double model = 0;
  for (size_t i = 0; i < index.size(); ++i) {
    const bool at_edge = out.hard_case && modes.value[i] <= least + 1e-12 * spread;
    double step = at_edge ? 0.0 : -modes.slope[i] / (modes.value[i] + mu);
    if (at_edge && extra > 0) {
      step = modes.slope[i] > 0 ? -extra : extra;
      extra = 0;  // one direction of the edge space is enough
    }
    p[index[i]] = step;
    model += modes.slope[i] * step + 0.5 * modes.value[i] * step * step;
  }
  out.step = at::mv(vectors, p);
  out.predicted = -model;
  return out;
}

TrustStep steihaug_trust_step(const SymmetricOperator& hessian,
                              const Tensor& gradient,
                              double radius,
                              double tolerance,
                              int64_t max_iterations) {
  auto p = at::zeros_like(gradient);
  auto residual = gradient.clone();
  auto direction = -residual;
  double square = residual.dot(residual).item<double>();
  const double goal = tolerance * std::sqrt(square);
  TrustStep out;
  const auto finish = [&](const Tensor& step) {
    out.step = step;
    out.predicted =
        -(gradient.dot(step) + 0.5 * step.dot(hessian(step))).item<double>();
    return out;
  };
  // τ >= 0 with ‖p + τ d‖ = radius.
  const auto to_boundary = [&] {
    const double a = direction.dot(direction).item<double>();
    const double b = 2 * p.dot(direction).item<double>();
    const double c = p.dot(p).item<double>() - radius * radius;
    return (-b + std::sqrt(std::max(0.0, b * b - 4 * a * c))) / (2 * a);
  };
  for (int64_t i = 0; i < max_iterations && std::sqrt(square) > goal; ++i) {
    const auto bent = hessian(direction);
    const double curvature = direction.dot(bent).item<double>();
    const double t = square / curvature;
    if (!(curvature > 0) || (p + t * direction).norm().item<double>() >= radius) {
      out.on_boundary = true;
      return finish(p + to_boundary() * direction);
    }
    p = p + t * direction;
    residual = residual + t * bent;
    const double next = residual.dot(residual).item<double>();
    direction = next / square * direction - residual;
    square = next;
  }
  return finish(p);
}

double next_radius(double radius, const TrustStep& step, double ratio) {
  const double length = step.step.norm().item<double>();
  if (!(ratio >= 0.25)) return 0.25 * std::min(length, radius);
  if (ratio > 0.75 && step.on_boundary) return 2 * radius;
  return radius;
}

}  // namespace basin
