// Second derivatives by differences of first ones.

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/stop.h"
#include "verify/reference.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kSamples = 256;  // in one product

// Inputs of a layer, and a one for its bias, `[N, columns (+ 1)]`.
Tensor inputs_of(std::span<const ReferenceTrace> traces, size_t layer, bool bias) {
  const auto columns = static_cast<int64_t>(traces[0].input[layer].size());
  auto out = at::ones({static_cast<int64_t>(traces.size()), columns + (bias ? 1 : 0)},
                      torch::kFloat64);
  auto* row = out.data_ptr<double>();
  for (const auto& trace : traces) {
    for (int64_t c = 0; c < columns; ++c)
      row[c] = static_cast<double>(trace.input[layer][static_cast<size_t>(c)]);
    row += out.size(1);
  }
  return out;
}

}  // namespace

Tensor Reference::hessian(const std::vector<Real>& theta,
                          const std::vector<double>& slopes,
                          Real step) const {
  const auto size = static_cast<int64_t>(theta.size());
  auto out = at::empty({size, size}, torch::kFloat64);
  for (int64_t p = 0; p < size; ++p) {
    check_stop();
    const auto at = static_cast<size_t>(p);
    const Real h = step * (1 + std::abs(theta[at]));
    auto up = theta, down = theta;
    up[at] += h;
    down[at] -= h;
    const auto a = evaluate(up, slopes).gradient;
    const auto b = evaluate(down, slopes).gradient;
    for (size_t q = 0; q < theta.size(); ++q) {
      out[p][static_cast<int64_t>(q)] = static_cast<double>((a[q] - b[q]) / (2 * h));
    }
  }
  return (out + out.t()) / 2;
}

// ∂(δ_m ⊗ a_{m-1}) / ∂z of one unit of layer `layer`, for m from there up, as a row in
// the order of θ.
void ReferenceNetwork::bend(const std::vector<Real>& theta,
                            const std::vector<double>& slopes,
                            const ReferenceTrace& base,
                            int64_t sample,
                            const UnitStep& by,
                            std::array<ReferenceTrace, 2>& sides,
                            double* row) const {
  const auto& layers = network_.layout.layers;
  for (size_t side = 0; side < 2; ++side) {
    auto& trace = sides[side];
    trace.set_layers(layers.size());
    trace.input[by.layer] = base.input[by.layer];
    trace.pre[by.layer] = base.pre[by.layer];
    trace.pre[by.layer][by.unit] += side == 0 ? by.length : -by.length;
    go_on(theta, slopes, sample, by.layer, trace);
    end(slopes, sample, trace);
    backward(theta, layers.size() - 1, by.layer, sample, trace, nullptr);
  }
  const auto& [up, down] = sides;
  for (size_t m = by.layer; m < layers.size(); ++m) {
    const auto columns = up.input[m].size();
    for (size_t r = 0; r < up.delta[m].size(); ++r) {
      const Real a = up.delta[m][r] / (2 * by.length);
      const Real b = down.delta[m][r] / (2 * by.length);
      auto* to = row + layers[m].weight + static_cast<int64_t>(r * columns);
      for (size_t c = 0; c < columns; ++c) {
        to[c] = static_cast<double>(a * up.input[m][c] - b * down.input[m][c]);
      }
      if (layers[m].bias >= 0)
        row[layers[m].bias + static_cast<int64_t>(r)] = static_cast<double>(a - b);
    }
  }
}

Tensor ReferenceNetwork::hessian(const std::vector<Real>& theta,
                                 const std::vector<double>& slopes,
                                 Real step) const {
  const auto& layers = network_.layout.layers;
  const auto size = static_cast<int64_t>(theta.size());
  auto out = at::zeros({size, size}, torch::kFloat64);
  std::vector<ReferenceTrace> traces;
  std::array<ReferenceTrace, 2> sides;
  for (int64_t first = 0; first < inputs_.size(0); first += kSamples) {
    const auto count = std::min(kSamples, inputs_.size(0) - first);
    traces.resize(static_cast<size_t>(count));
    for (int64_t n = 0; n < count; ++n)
      forward(theta, slopes, first + n, traces[static_cast<size_t>(n)]);
    for (size_t l = 0; l < layers.size(); ++l) {
      const bool bias = layers[l].bias >= 0;
      const auto inputs = inputs_of(traces, l, bias);
      for (int64_t u = 0; u < layers[l].rows; ++u) {
        check_stop();
        auto bends = at::zeros({count, size}, torch::kFloat64);
        for (int64_t n = 0; n < count; ++n) {
          const auto& base = traces[static_cast<size_t>(n)];
          const auto unit = static_cast<size_t>(u);
          const Real length = step * (1 + std::abs(base.pre[l][unit]));
          bend(theta,
               slopes,
               base,
               first + n,
               {l, unit, length},
               sides,
               bends.data_ptr<double>() + n * size);
        }
        const auto sum = at::mm(bends.t(), inputs);
        const auto columns = layers[l].columns;
        out.narrow(1, layers[l].weight + u * columns, columns) +=
            sum.narrow(1, 0, columns);
        if (bias) out.select(1, layers[l].bias + u) += sum.select(1, columns);
      }
    }
  }
  // The columns of a layer hold the rows of itself and those above.
  return mirrored(out);
}

// With the rows of lower layers from the columns of upper ones, and decay.
Tensor ReferenceNetwork::mirrored(const Tensor& columns) const {
  auto order = at::empty({columns.size(0)}, torch::kInt64);
  auto decay = at::zeros({columns.size(0)}, torch::kFloat64);
  for (size_t l = 0; l < network_.layout.layers.size(); ++l) {
    const auto& layer = network_.layout.layers[l];
    const auto weights = layer.rows * layer.columns;
    order.narrow(0, layer.weight, weights).fill_(static_cast<int64_t>(l));
    decay.narrow(0, layer.weight, weights).fill_(loss_.weight_decay);
    if (layer.bias < 0) continue;
    order.narrow(0, layer.bias, layer.rows).fill_(static_cast<int64_t>(l));
    if (loss_.decay_biases)
      decay.narrow(0, layer.bias, layer.rows).fill_(loss_.weight_decay);
  }
  const auto above = order.unsqueeze(1) > order.unsqueeze(0);
  const auto below = order.unsqueeze(1) < order.unsqueeze(0);
  const auto whole = at::where(below, columns.t(), columns);
  auto out = at::where(at::logical_or(above, below), whole, (whole + whole.t()) / 2);
  out.diagonal().add_(decay);
  return out;
}

}  // namespace basin
