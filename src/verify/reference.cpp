#include "verify/reference.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "verify/reference_functions.h"

namespace basin {
Real Reference::smooth_radius(const std::vector<Real>&) const {
  return std::numeric_limits<Real>::infinity();
}

std::vector<Real> Reference::argument_gradient(const std::vector<Real>&,
                                               const std::vector<double>&,
                                               int64_t) const {
  throw ContractError("reference: this loss has no kinks");
}

namespace {

// Samples that are derived together.
constexpr int64_t kChunk = 32;

}  // namespace

ReferenceNetwork::ReferenceNetwork(const Network& network,
                                   const LossOptions& loss,
                                   const torch::Tensor& inputs,
                                   const torch::Tensor& targets)
    : network_(network),
      loss_(loss),
      inputs_(inputs.to(torch::kFloat64).contiguous()),
      targets_(targets.to(torch::kFloat64).contiguous()) {
  const auto samples = inputs_.size(0);
  const auto& layers = network_.layout.layers;
  for (size_t l = 0; l < layers.size(); ++l) {
    const auto phi = l + 1 == layers.size() ? network_.options.output_activation
                                            : network_.options.activation;
    const bool kink = phi == Elementwise::kRelu || phi == Elementwise::kLeakyRelu ||
                      phi == Elementwise::kAbs;
    offset_.push_back(kink ? sites_ : -1);
    if (kink) sites_ += layers[l].rows * samples;
  }
  offset_.push_back(has_loss_kink(loss_) ? sites_ : -1);
  if (has_loss_kink(loss_)) sites_ += network_.layout.outputs() * samples;
}

int64_t ReferenceNetwork::site_of(size_t layer, int64_t unit, int64_t sample) const {
  return offset_[layer] + unit * inputs_.size(0) + sample;
}

ReferenceValue ReferenceNetwork::evaluate(const std::vector<Real>& theta,
                                          const std::vector<double>& slopes) const {
  ReferenceValue out{.gradient = std::vector<Real>(theta.size(), 0),
                     .arguments = std::vector<Real>(static_cast<size_t>(sites_), 0),
                     .sensitivity = std::vector<Real>(static_cast<size_t>(sites_), 0)};
  const auto samples = inputs_.size(0), outputs = targets_.size(1);
  const auto last = network_.layout.layers.size() - 1;
  const Real share = Real{1} / static_cast<Real>(samples);
  std::vector<ReferenceTrace> traces(static_cast<size_t>(std::min(kChunk, samples)));
  for (int64_t n = 0; n < samples; ++n) {
    auto& trace = traces[static_cast<size_t>(n % kChunk)];
    forward(theta, slopes, n, trace);
    for (size_t l = 0; l <= last; ++l) {
      for (size_t r = 0; offset_[l] >= 0 && r < trace.pre[l].size(); ++r) {
        out.arguments[static_cast<size_t>(site_of(l, static_cast<int64_t>(r), n))] =
            trace.pre[l][r];
      }
    }
    const auto* y = targets_.data_ptr<double>() + n * outputs;
    const auto loss = end(slopes, n, trace);
    for (int64_t k = 0; offset_[last + 1] >= 0 && k < outputs; ++k) {
      const auto site = static_cast<size_t>(site_of(last + 1, k, n));
      out.arguments[site] =
          loss_argument(loss_, trace.output[static_cast<size_t>(k)], y[k]).value;
      out.sensitivity[site] = share;
    }
    out.value += loss.value * share;
    for (size_t k = 0; k < loss.slope.size(); ++k) {
      out.outputs.push_back(trace.output[k]);
      if (offset_[last] >= 0) {
        out.sensitivity[static_cast<size_t>(
            site_of(last, static_cast<int64_t>(k), n))] = loss.slope[k] * share;
      }
    }
    backward(theta, last, 0, n, trace, &out.sensitivity);
    if (n + 1 == samples || (n + 1) % kChunk == 0) {
      add_gradient(std::span(traces).first(static_cast<size_t>(n % kChunk + 1)),
                   out.gradient);
    }
  }
  for (const auto& layer : network_.layout.layers) {
    const auto begin = layer.weight;
    const auto weights = layer.rows * layer.columns;
    for (int64_t i = 0; i < layer.size(); ++i) {
      if (i >= weights && !loss_.decay_biases) break;
      const auto p = static_cast<size_t>(begin + i);
      const Real decay = loss_.weight_decay;
      out.value += decay * theta[p] * theta[p] / 2;
      out.gradient[p] += decay * theta[p];
    }
  }
  return out;
}

std::vector<Real> ReferenceNetwork::argument_gradient(const std::vector<Real>& theta,
                                                      const std::vector<double>& slopes,
                                                      int64_t site) const {
  const auto samples = inputs_.size(0);
  const auto sample = site % samples;
  const auto last = network_.layout.layers.size() - 1;
  size_t block = 0;
  for (size_t l = 0; l < offset_.size(); ++l) {
    if (offset_[l] >= 0 && site >= offset_[l]) block = l;
  }
  const auto unit = static_cast<size_t>((site - offset_[block]) / samples);
  ReferenceTrace trace;
  forward(theta, slopes, sample, trace);
  const auto layer = std::min(block, last);
  auto& g = trace.delta[layer];
  g.assign(trace.pre[layer].size(), 0);
  g[unit] = 1;
  if (block > last) {
    const double y =
        targets_
            .data_ptr<double>()[sample * targets_.size(1) + static_cast<int64_t>(unit)];
    g[unit] =
        loss_argument(loss_, trace.output[unit], y).slope * trace.slope[last][unit];
  }
  backward(theta, layer, 0, sample, trace, nullptr);
  return gradient_of(trace);
}

Real ReferenceNetwork::least_loss() const {
  const auto outputs = targets_.size(1);
  const auto phi = network_.options.output_activation;
  Real sum = 0;
  for (int64_t n = 0; n < targets_.size(0); ++n) {
    for (int64_t k = 0; k < outputs; ++k) {
      sum +=
          least_sample_loss(loss_, phi, targets_.data_ptr<double>()[n * outputs + k]);
    }
  }
  return sum / static_cast<Real>(targets_.size(0));
}

Real ReferenceNetwork::smooth_radius(const std::vector<Real>& theta) const {
  /// z = 0 of an elu unit (`unit` of `layer`), or |f − y| = δ of the huber loss.
  struct Bend {
    Real size;
    Real effect;  // |∂L/∂z|: without one there is no jump
    size_t layer;
    size_t unit;
    int64_t sample;
  };
  const auto last = network_.layout.layers.size() - 1;
  const Real none = std::numeric_limits<Real>::infinity();
  std::vector<Bend> bends;
  Real most = 0;
  ReferenceTrace trace;
  for (int64_t n = 0; n < inputs_.size(0); ++n) {
    forward(theta, {}, n, trace);
    const auto* y = targets_.data_ptr<double>() + n * targets_.size(1);
    const auto loss = sample_loss(loss_, trace.output, y);
    auto& g = trace.delta[last];
    g.clear();
    for (size_t k = 0; k < loss.slope.size(); ++k) {
      g.push_back(loss.slope[k] * trace.slope[last][k]);
      if (loss_.kind != LossKind::kHuber) continue;
      const Real off = std::abs(trace.output[k] - y[k]) - loss_.huber_delta;
      bends.push_back({std::abs(off), none, last + 1, k, n});
    }
    backward(theta, last, 0, n, trace, nullptr);
    for (size_t l = 0; l <= last; ++l) {
      const auto phi =
          l == last ? network_.options.output_activation : network_.options.activation;
      for (size_t r = 0; phi == Elementwise::kElu && r < trace.pre[l].size(); ++r) {
        const Real effect = std::abs(trace.delta[l][r]);
        most = std::max(most, effect);
        bends.push_back({std::abs(trace.pre[l][r]), effect, l, r, n});
      }
    }
  }
  std::erase_if(bends, [&](const Bend& b) { return !(b.effect > 1e-12L * most); });
  std::sort(bends.begin(), bends.end(), [](const Bend& a, const Bend& b) {
    return a.size < b.size;
  });
  if (bends.size() > 32) bends.resize(32);
  Real out = none;
  for (const auto& b : bends) {
    forward(theta, {}, b.sample, trace);
    const auto layer = std::min(b.layer, last);
    trace.delta[layer].assign(trace.pre[layer].size(), 0);
    trace.delta[layer][b.unit] = b.layer > last ? trace.slope[last][b.unit] : Real{1};
    backward(theta, layer, 0, b.sample, trace, nullptr);
    Real square = 0;
    for (const Real v : gradient_of(trace)) square += v * v;
    if (square > 0) out = std::min(out, b.size / std::sqrt(square));
  }
  return out;
}

}  // namespace basin
