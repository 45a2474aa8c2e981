// One sample through a network and back, in extended precision.

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
  out.set_layers(network_.layout.layers.size());
  for (auto& delta : out.delta) delta.clear();
  const auto* x = inputs_.data_ptr<double>() + sample * inputs_.size(1);
  out.input[0].assign(x, x + inputs_.size(1));
  out.pre[0].clear();
  go_on(theta, slopes, sample, 0, out);
}

// The layers from `from` up; if its z are there already, from them.
void ReferenceNetwork::go_on(const std::vector<Real>& theta,
                             const std::vector<double>& slopes,
                             int64_t sample,
                             size_t from,
                             ReferenceTrace& out) const {
  const auto& layers = network_.layout.layers;
  for (size_t l = from; l < layers.size(); ++l) {
    const auto& layer = layers[l];
    const auto phi = l + 1 == layers.size() ? network_.options.output_activation
                                            : network_.options.activation;
    const bool skip = network_.skips(static_cast<int64_t>(l));
    const auto& a = out.input[l];
    auto& z = out.pre[l];
    if (l > from) z.clear();
    const auto rows = static_cast<size_t>(layer.rows);
    for (size_t r = z.size(); r < rows; ++r) {
      const auto* row = &theta[static_cast<size_t>(layer.weight) + r * a.size()];
      const Real bias =
          layer.bias >= 0 ? theta[static_cast<size_t>(layer.bias) + r] : 0;
      z.push_back(bias + dot(row, a.data(), a.size()));
    }
    auto& next = l + 1 == layers.size() ? out.output : out.input[l + 1];
    next.clear();
    out.slope[l].clear();
    for (size_t r = 0; r < rows; ++r) {
      auto answer = apply(phi, z[r]);
      if (offset_[l] >= 0 && !slopes.empty()) {
        const Real s =
            slopes[static_cast<size_t>(site_of(l, static_cast<int64_t>(r), sample))];
        answer = {s * z[r], s};
      }
      out.slope[l].push_back(answer.slope);
      next.push_back(answer.value + (skip ? a[r] : 0));
    }
  }
}

// The loss of the outputs, and ∂/∂z of the last layer of its share in the mean.
SampleLoss ReferenceNetwork::end(const std::vector<double>& slopes,
                                 int64_t sample,
                                 ReferenceTrace& trace) const {
  const auto last = network_.layout.layers.size() - 1;
  const auto outputs = targets_.size(1);
  const auto* y = targets_.data_ptr<double>() + sample * outputs;
  auto loss = sample_loss(loss_, trace.output, y);
  for (int64_t k = 0; offset_[last + 1] >= 0 && !slopes.empty() && k < outputs; ++k) {
    const auto s = slopes[static_cast<size_t>(site_of(last + 1, k, sample))];
    const auto z = loss_argument(loss_, trace.output[static_cast<size_t>(k)], y[k]);
    if (k == 0) loss.value = 0;
    loss.value += s * z.value;
    loss.slope[static_cast<size_t>(k)] = s * z.slope;
  }
  auto& delta = trace.delta[last];
  delta.clear();
  for (size_t k = 0; k < loss.slope.size(); ++k) {
    delta.push_back(loss.slope[k] / static_cast<Real>(targets_.size(0)) *
                    trace.slope[last][k]);
  }
  return loss;
}

// From ∂/∂z of layer `from`, layer by layer down to `to`.
void ReferenceNetwork::backward(const std::vector<Real>& theta,
                                size_t from,
                                size_t to,
                                int64_t sample,
                                ReferenceTrace& trace,
                                std::vector<Real>* sensitivity) const {
  std::vector<Real> skipped;  // ∂/∂a that went round the layer above
  for (size_t l = from; l > to; --l) {
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
