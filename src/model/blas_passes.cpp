#include "model/blas_passes.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "model/elementwise.h"
#include "model/loss.h"
#include "model/loss_jet.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kWide = 64 * 1024;  // entries of a weight matrix
constexpr int64_t kMany = 64;         // samples

// W `[rows, columns]` and b `[rows]` inside a flat vector; b is undefined if there is
// none.
struct Affine {
  Tensor weight, bias;
};

Affine part_of(const Tensor& flat, const LayerSlice& layer) {
  Affine out{flat.narrow(0, layer.weight, layer.rows * layer.columns)
                 .view({layer.rows, layer.columns}),
             {}};
  if (layer.bias >= 0) out.bias = flat.narrow(0, layer.bias, layer.rows);
  return out;
}

Tensor apply(const Affine& layer, const Tensor& a) {
  if (!layer.bias.defined()) return at::mm(layer.weight, a);
  return at::addmm(layer.bias.unsqueeze(1), layer.weight, a);
}

// Adds Σ_n δ_n a_nᵀ and Σ_n δ_n to a part of a gradient.
void add_outer(const Affine& to, const Tensor& delta, const Tensor& a) {
  to.weight.addmm_(delta, a.t());
}

void add_bias(const Affine& to, const Tensor& delta) {
  if (to.bias.defined()) to.bias.add_(delta.sum(1));
}

Elementwise kind_of(const Network& network, size_t layer) {
  const bool last = layer + 1 == network.layout.layers.size();
  return last ? network.options.output_activation : network.options.activation;
}

// φ' or φ'' times x.
Tensor times_derivative(Elementwise kind, int order, const Tensor& z, const Tensor& x) {
  if (kind == Elementwise::kIdentity) return order == 1 ? x : at::zeros_like(x);
  if (kind == Elementwise::kRelu && order == 1) return at::threshold_backward(x, z, 0);
  return elementwise_derivative(kind, order, z) * x;
}

}  // namespace

struct BlasPasses::Trace {
  std::vector<Affine> layers;
  std::vector<Tensor> read;  // what each layer reads, [columns, N]
  std::vector<Tensor> z;     // [rows, N]
  Tensor outputs;            // [K, N]
};

BlasPasses::BlasPasses(const Network& network,
                       const LossOptions& loss,
                       const Tensor& decay)
    : network_(network), loss_(loss), decay_(decay) {}

bool BlasPasses::pays(const ParameterLayout& layout, int64_t samples) {
  return samples >= kMany &&
         std::any_of(layout.layers.begin(), layout.layers.end(), [](const auto& l) {
           return l.rows * l.columns >= kWide;
         });
}

BlasPasses::Trace BlasPasses::forward(const Tensor& theta, const Tensor& inputs) const {
  Trace out;
  const auto& layers = network_.layout.layers;
  auto a = inputs;
  for (size_t l = 0; l < layers.size(); ++l) {
    out.layers.push_back(part_of(theta, layers[l]));
    out.read.push_back(a);
    out.z.push_back(apply(out.layers.back(), a));
    const auto phi = elementwise(kind_of(network_, l), out.z.back());
    a = network_.skips(static_cast<int64_t>(l)) ? phi + a : phi;
  }
  out.outputs = a;
  return out;
}

Tensor BlasPasses::with_decay(const Tensor& loss, const Tensor& theta) const {
  return loss.squeeze(0) + 0.5 * (decay_ * theta).dot(theta);
}

Tensor BlasPasses::value(const Tensor& theta,
                         const Tensor& inputs,
                         const Tensor& targets) const {
  const auto at = forward(theta, inputs);
  return with_decay(mean_loss(loss_, at.outputs.unsqueeze(0), targets), theta);
}

Tensor BlasPasses::value_and_gradient(const Tensor& theta,
                                      const Tensor& inputs,
                                      const Tensor& targets,
                                      Tensor gradient) const {
  const auto at = forward(theta, inputs);
  at::mul_out(gradient, decay_, theta);
  auto e = loss_jet(loss_, at.outputs, targets).first;  // by what the layer gives
  for (size_t l = at.layers.size(); l-- > 0;) {
    const auto to = part_of(gradient, network_.layout.layers[l]);
    const auto delta = times_derivative(kind_of(network_, l), 1, at.z[l], e);
    add_outer(to, delta, at.read[l]);
    add_bias(to, delta);
    if (l == 0) break;
    const auto back = at::mm(at.layers[l].weight.t(), delta);
    e = network_.skips(static_cast<int64_t>(l)) ? back + e : back;
  }
  return with_decay(mean_loss(loss_, at.outputs.unsqueeze(0), targets), theta);
}

// R of a number is its derivative along v.
void BlasPasses::hessian_times(const Tensor& theta,
                               const Tensor& v,
                               const Tensor& inputs,
                               const Tensor& targets,
                               Tensor product) const {
  const auto at = forward(theta, inputs);
  const auto& layers = network_.layout.layers;
  const auto count = at.layers.size();
  std::vector<Affine> along;
  std::vector<Tensor> r_read, r_z;
  Tensor r_a;  // undefined: zero
  for (size_t l = 0; l < count; ++l) {
    along.push_back(part_of(v, layers[l]));
    r_read.push_back(r_a);
    auto r = apply(along[l], at.read[l]);
    if (r_a.defined()) r.addmm_(at.layers[l].weight, r_a);
    r_z.push_back(r);
    const auto phi = times_derivative(kind_of(network_, l), 1, at.z[l], r);
    const bool skip = network_.skips(static_cast<int64_t>(l));
    r_a = skip && r_a.defined() ? phi + r_a : phi;
  }
  const auto jet = loss_jet(loss_, at.outputs, targets);
  at::mul_out(product, decay_, v);
  auto e = jet.first;
  auto r_e = jet.share.defined()
                 ? jet.weight * jet.share * (r_a - (jet.share * r_a).sum(0, true))
                 : jet.second * r_a;
  for (size_t l = count; l-- > 0;) {
    const auto kind = kind_of(network_, l);
    const auto to = part_of(product, layers[l]);
    const auto delta = times_derivative(kind, 1, at.z[l], e);
    auto r_delta = times_derivative(kind, 1, at.z[l], r_e);
    if (kind != Elementwise::kIdentity && !has_kink(kind)) {
      r_delta = r_delta + times_derivative(kind, 2, at.z[l], e * r_z[l]);
    }
    add_outer(to, r_delta, at.read[l]);
    if (r_read[l].defined()) add_outer(to, delta, r_read[l]);
    add_bias(to, r_delta);
    if (l == 0) break;
    const auto weight = at.layers[l].weight.t();
    const auto back = at::mm(weight, delta);
    const auto r_back = at::addmm(at::mm(along[l].weight.t(), delta), weight, r_delta);
    const bool skip = network_.skips(static_cast<int64_t>(l));
    e = skip ? back + e : back;
    r_e = skip ? r_back + r_e : r_back;
  }
}

}  // namespace basin
