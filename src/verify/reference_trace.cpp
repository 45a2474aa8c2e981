// One sample through a network and back, in extended precision.

#include <algorithm>

#include "verify/reference.h"
#include "verify/reference_functions.h"

namespace basin {
namespace {

// Four sums, as each waits for the one before it.
Real dot(const Real* a, const Real* b, size_t count) {
  Real sum[4] = {0, 0, 0, 0};
  size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    sum[0] += a[i] * b[i];
    sum[1] += a[i + 1] * b[i + 1];
    sum[2] += a[i + 2] * b[i + 2];
    sum[3] += a[i + 3] * b[i + 3];
  }
  for (; i < count; ++i) sum[0] += a[i] * b[i];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// Entries of a layer, the samples of each together.
std::vector<Real> by_entry(std::span<const ReferenceTrace> traces,
                           std::vector<std::vector<Real>> ReferenceTrace::*member,
                           size_t layer) {
  const auto size = (traces[0].*member)[layer].size();
  std::vector<Real> out(size * traces.size());
  for (size_t n = 0; n < traces.size(); ++n) {
    const auto& from = (traces[n].*member)[layer];
    for (size_t i = 0; i < size; ++i) out[i * traces.size() + n] = from[i];
  }
  return out;
}

}  // namespace

void ReferenceNetwork::forward(const std::vector<Real>& theta,
                               const std::vector<double>& slopes,
                               int64_t sample,
                               ReferenceTrace& out) const {
  const auto& layers = network_.layout.layers;
  out.input.resize(layers.size());
  out.pre.resize(layers.size());
  out.slope.resize(layers.size());
  out.delta.resize(layers.size());
  for (auto& delta : out.delta) delta.clear();
  const auto* x = inputs_.data_ptr<double>() + sample * inputs_.size(1);
  out.input[0].assign(x, x + inputs_.size(1));
  for (size_t l = 0; l < layers.size(); ++l) {
    const auto& layer = layers[l];
    const auto phi = l + 1 == layers.size() ? network_.options.output_activation
                                            : network_.options.activation;
    const bool skip = network_.skips(static_cast<int64_t>(l));
    const auto& a = out.input[l];
    auto& next = l + 1 == layers.size() ? out.output : out.input[l + 1];
    next.clear();
    out.pre[l].clear();
    out.slope[l].clear();
    for (int64_t r = 0; r < layer.rows; ++r) {
      const auto row = static_cast<size_t>(layer.weight + r * layer.columns);
      const Real bias =
          layer.bias >= 0 ? theta[static_cast<size_t>(layer.bias + r)] : 0;
      const Real z = bias + dot(&theta[row], a.data(), a.size());
      auto answer = apply(phi, z);
      if (offset_[l] >= 0 && !slopes.empty()) {
        const Real s = slopes[static_cast<size_t>(site_of(l, r, sample))];
        answer = {s * z, s};
      }
      out.pre[l].push_back(z);
      out.slope[l].push_back(answer.slope);
      next.push_back(answer.value + (skip ? a[static_cast<size_t>(r)] : 0));
    }
  }
}

// From ∂/∂z of layer `from`, layer by layer downward.
void ReferenceNetwork::backward(const std::vector<Real>& theta,
                                size_t from,
                                int64_t sample,
                                ReferenceTrace& trace,
                                std::vector<Real>* sensitivity) const {
  std::vector<Real> skipped;  // ∂/∂a that went round the layer above
  for (size_t l = from; l > 0; --l) {
    const auto& layer = network_.layout.layers[l];
    auto& below = trace.delta[l - 1];
    below.assign(static_cast<size_t>(layer.columns), 0);
    for (int64_t r = 0; r < layer.rows; ++r) {
      const Real own = trace.delta[l][static_cast<size_t>(r)];
      const auto* row = &theta[static_cast<size_t>(layer.weight + r * layer.columns)];
      for (size_t c = 0; c < below.size(); ++c) below[c] += own * row[c];
    }
    for (size_t c = 0; c < skipped.size(); ++c) below[c] += skipped[c];
    skipped.clear();
    if (network_.skips(static_cast<int64_t>(l - 1))) skipped = below;
    for (size_t c = 0; c < below.size(); ++c) {
      if (offset_[l - 1] >= 0 && sensitivity) {
        (*sensitivity)[static_cast<size_t>(
            site_of(l - 1, static_cast<int64_t>(c), sample))] += below[c];
      }
      below[c] *= trace.slope[l - 1][c];
    }
  }
}

void ReferenceNetwork::add_gradient(std::span<const ReferenceTrace> traces,
                                    std::vector<Real>& gradient) const {
  const auto count = traces.size();
  for (size_t l = 0; l < network_.layout.layers.size(); ++l) {
    const auto& layer = network_.layout.layers[l];
    if (traces[0].delta[l].empty()) continue;
    const auto delta = by_entry(traces, &ReferenceTrace::delta, l);
    const auto input = by_entry(traces, &ReferenceTrace::input, l);
    for (size_t r = 0; r < static_cast<size_t>(layer.rows); ++r) {
      const auto* own = &delta[r * count];
      if (layer.bias >= 0) {
        auto& bias = gradient[static_cast<size_t>(layer.bias) + r];
        for (size_t n = 0; n < count; ++n) bias += own[n];
      }
      const auto columns = static_cast<size_t>(layer.columns);
      auto* row = &gradient[static_cast<size_t>(layer.weight) + r * columns];
      for (size_t c = 0; c < columns; ++c) row[c] += dot(own, &input[c * count], count);
    }
  }
}

std::vector<Real> ReferenceNetwork::gradient_of(const ReferenceTrace& trace) const {
  std::vector<Real> out(static_cast<size_t>(dimension()), 0);
  add_gradient(std::span(&trace, 1), out);
  return out;
}

}  // namespace basin
