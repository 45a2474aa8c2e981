#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernel/product.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "kernel/backward-inl.h"
#include "kernel/passes.h"

// R x is the derivative of x along v.
HWY_BEFORE_NAMESPACE();
namespace basin::HWY_NAMESPACE {

// Rz = V a + W Ra + v_b, Ra' = φ' Rz (+ Ra): `in` is a, `rates` is Ra, null for inputs.
template <class D, class In>
void forward_rate(D d,
                  const PerceptronLayer& layer,
                  const ProductPass<Scalar<D>>& pass,
                  const In& in,
                  const Scalar<D>* rates,
                  size_t samples,
                  const LayerBuffers<Scalar<D>>& own) {
  constexpr size_t L = hn::MaxLanes(d);
  const auto rows = static_cast<size_t>(layer.rows);
  const auto columns = static_cast<size_t>(layer.columns);
  affine<Into::kSet>(d,
                     weight_of(d, layer, pass.v),
                     bias_of(d, layer, pass.v),
                     rows,
                     columns,
                     in,
                     samples,
                     own.rate);
  if (rates != nullptr) {
    affine<Into::kAdd>(d,
                       weight_of(d, layer, pass.theta),
                       nullptr,
                       rows,
                       columns,
                       Packed<D>{rates, samples},
                       samples,
                       own.rate);
  }
  const auto count = rows * samples * L;
  for (size_t i = 0; i < count; i += L) {
    const auto r = hn::Mul(hn::Load(d, own.slope + i), hn::Load(d, own.rate + i));
    hn::Store(r, d, own.output_rate + i);
  }
  if (layer.skip) add_to(d, own.output_rate, rates, count);
}

// Ra of the output becomes R ∂L/∂f.
template <class D, class Samples>
void loss_rate(D d,
               const Perceptron& network,
               const Samples& weights,
               size_t samples,
               const LayerBuffers<Scalar<D>>& top) {
  constexpr size_t L = hn::MaxLanes(d);
  const auto outputs = static_cast<size_t>(network.layers.back().rows);
  if (network.loss != LossKind::kCrossEntropy) {
    for (size_t i = 0; i < outputs * samples * L; i += L) {
      const auto rate = hn::Load(d, top.output_rate + i);
      hn::Store(hn::Mul(rate, hn::Load(d, top.loss_bend + i)), d, top.output_rate + i);
    }
    return;
  }
  for (size_t s = 0; s < samples; ++s) {
    auto mean = hn::Zero(d);
    for (size_t k = 0; k < outputs; ++k) {
      const auto at = (k * samples + s) * L;
      const auto p = hn::Load(d, top.loss_bend + at);
      mean = hn::MulAdd(p, hn::Load(d, top.output_rate + at), mean);
    }
    for (size_t k = 0; k < outputs; ++k) {
      const auto at = (k * samples + s) * L;
      const auto p = hn::Mul(hn::Load(d, top.loss_bend + at), weights(d, 0, s));
      const auto apart = hn::Sub(hn::Load(d, top.output_rate + at), mean);
      hn::Store(hn::Mul(p, apart), d, top.output_rate + at);
    }
  }
}

// With e = ∂L/∂a and Re: Rδ = Re φ' + e φ'' Rz, δ = e φ'.
template <class D>
void bend(D d, const LayerBuffers<Scalar<D>>& own, size_t count) {
  for (size_t i = 0; i < count; i += hn::MaxLanes(d)) {
    const auto e = hn::Load(d, own.adjoint + i), slope = hn::Load(d, own.slope + i);
    const auto curved = hn::Mul(hn::Load(d, own.bend + i), hn::Load(d, own.rate + i));
    const auto straight = hn::Mul(hn::Load(d, own.output_rate + i), slope);
    hn::Store(hn::MulAdd(e, curved, straight), d, own.rate + i);
    hn::Store(hn::Mul(e, slope), d, own.slope + i);
  }
}

// e' = Wᵀδ (+ e), Re' = WᵀRδ + Vᵀδ (+ Re).
template <class D>
void descend(D d,
             const PerceptronLayer& layer,
             const ProductPass<Scalar<D>>& pass,
             size_t samples,
             const LayerBuffers<Scalar<D>>& own,
             const LayerBuffers<Scalar<D>>& below) {
  constexpr size_t L = hn::MaxLanes(d);
  const auto rows = static_cast<size_t>(layer.rows);
  const auto columns = static_cast<size_t>(layer.columns);
  const auto* w = weight_of(d, layer, pass.theta);
  const auto into = [&](Scalar<D>* to, const Scalar<D>* more) {
    return [=](size_t c, size_t s, VecOf<D> sum) HWY_ATTR {
      const auto at = (c * samples + s) * L;
      if (more != nullptr) sum = hn::Add(sum, hn::Load(d, more + at));
      hn::Store(sum, d, to + at);
    };
  };
  const bool skip = layer.skip;
  transposed(d,
             w,
             rows,
             columns,
             own.slope,
             samples,
             into(below.adjoint, skip ? own.adjoint : nullptr));
  transposed(d,
             w,
             rows,
             columns,
             own.rate,
             samples,
             into(below.output_rate, skip ? own.output_rate : nullptr));
  transposed(d,
             weight_of(d, layer, pass.v),
             rows,
             columns,
             own.slope,
             samples,
             into(below.output_rate, below.output_rate));
}

template <class D, class Samples>
void product_block(D d,
                   const ProductPass<Scalar<D>>& pass,
                   const Samples& in,
                   const Samples& targets,
                   const Samples& weights,
                   size_t samples) {
  constexpr size_t L = hn::MaxLanes(d);
  const auto& network = pass.problem.network;
  const auto& layers = network.layers;
  const auto& space = pass.space;
  forward<Pass::kProduct>(d, network, pass.theta, in, samples, space);
  forward_rate(d, layers[0], pass, in, nullptr, samples, space.layers[0]);
  for (size_t l = 1; l < layers.size(); ++l) {
    const auto& below = space.layers[l - 1];
    const Packed<D> a{below.output, samples};
    forward_rate(d, layers[l], pass, a, below.output_rate, samples, space.layers[l]);
  }
  const auto& top = space.layers.back();
  auto unused = hn::Zero(d);
  block_loss<Pass::kProduct>(d,
                             network,
                             top.output,
                             targets,
                             weights,
                             samples,
                             unused,
                             top.adjoint,
                             top.loss_bend);
  loss_rate(d, network, weights, samples, top);
  for (size_t l = layers.size(); l-- > 0;) {
    const auto& own = space.layers[l];
    bend(d, own, static_cast<size_t>(layers[l].rows) * samples * L);
    if (l == 0) {
      add_outer(d, layers[0], own.rate, in, samples, pass.product);
      return;
    }
    const auto& below = space.layers[l - 1];
    const Packed<D> a{below.output, samples}, rates{below.output_rate, samples};
    add_outer(d, layers[l], own.rate, a, samples, pass.product);
    outer(d,
          own.slope,
          static_cast<size_t>(layers[l].rows),
          rates,
          static_cast<size_t>(layers[l].columns),
          samples,
          pass.product + static_cast<size_t>(layers[l].weight) * L);
    descend(d, layers[l], pass, samples, own, below);
  }
}

template <typename T>
void product_pass(const ProductPass<T>& pass) {
  const hn::ScalableTag<T> d;
  start_from_decay(d,
                   pass.problem.decay,
                   static_cast<size_t>(pass.problem.network.parameters),
                   pass.v,
                   pass.product);
  const auto padded = static_cast<size_t>(pass.samples.padded);
  const auto block = static_cast<size_t>(pass.space.block);
  for (size_t at = 0; at < padded; at += block)
    with_block(d,
               pass.samples,
               at,
               [&](const auto& in, const auto& targets, const auto& weights) HWY_ATTR {
                 const auto samples = HWY_MIN(block, padded - at);
                 product_block(d, pass, in, targets, weights, samples);
               });
}

void product_pass_f32(const ProductPass<float>& pass) { product_pass(pass); }
void product_pass_f64(const ProductPass<double>& pass) { product_pass(pass); }

}  // namespace basin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace basin {

HWY_EXPORT(product_pass_f32);
HWY_EXPORT(product_pass_f64);

void run_pass(const ProductPass<float>& pass) {
  HWY_DYNAMIC_DISPATCH(product_pass_f32)(pass);
}

void run_pass(const ProductPass<double>& pass) {
  HWY_DYNAMIC_DISPATCH(product_pass_f64)(pass);
}

}  // namespace basin
#endif
