#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernel/gradient.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "kernel/backward-inl.h"
#include "kernel/passes.h"

HWY_BEFORE_NAMESPACE();
namespace basin::HWY_NAMESPACE {

// From δ of `layer` to that of the layer below: δ' = (Wᵀδ + e) φ'(z'), where e = ∂L/∂a
// of `layer` counts if it skips.
template <Slope slope, class D>
void descend(D d,
             const PerceptronLayer& layer,
             const Scalar<D>* theta,
             size_t samples,
             const LayerBuffers<Scalar<D>>& own,
             const LayerBuffers<Scalar<D>>& below) {
  constexpr size_t L = hn::MaxLanes(d);
  transposed(d,
             weight_of(d, layer, theta),
             static_cast<size_t>(layer.rows),
             static_cast<size_t>(layer.columns),
             own.slope,
             samples,
             [&](size_t c, size_t s, VecOf<D> sum) HWY_ATTR {
               const auto at = (c * samples + s) * L;
               if (below.adjoint != nullptr) {
                 if (layer.skip) sum = hn::Add(sum, hn::Load(d, own.adjoint + at));
                 hn::Store(sum, d, below.adjoint + at);
               }
               if constexpr (slope == Slope::kStored) {
                 sum = hn::Mul(sum, hn::Load(d, below.slope + at));
               } else if constexpr (slope == Slope::kMask) {
                 const auto a = hn::Load(d, below.output + at);
                 sum = hn::IfThenElseZero(hn::Gt(a, hn::Zero(d)), sum);
               }
               hn::Store(sum, d, below.slope + at);
             });
}

// δ = ∂L/∂f φ'(z) at the output.
template <class D>
void bend_output(D d,
                 const PerceptronLayer& layer,
                 const LayerBuffers<Scalar<D>>& top,
                 size_t samples) {
  constexpr size_t L = hn::MaxLanes(d);
  const auto slope = slope_of<Pass::kGradient>(layer);
  const auto count = static_cast<size_t>(layer.rows) * samples * L;
  for (size_t i = 0; i < count; i += L) {
    auto e = hn::Load(d, top.adjoint + i);
    if (slope == Slope::kStored) e = hn::Mul(e, hn::Load(d, top.slope + i));
    if (slope == Slope::kMask) {
      const auto positive = hn::Gt(hn::Load(d, top.output + i), hn::Zero(d));
      e = hn::IfThenElseZero(positive, e);
    }
    hn::Store(e, d, top.slope + i);
  }
}

template <class D, class Samples>
void gradient_block(D d,
                    const GradientPass<Scalar<D>>& pass,
                    const Samples& in,
                    const Samples& targets,
                    const Samples& weights,
                    size_t samples,
                    VecOf<D>& total) {
  const auto& network = pass.problem.network;
  const auto& space = pass.space;
  forward<Pass::kGradient>(d, network, pass.theta, in, samples, space);
  const auto& top = space.layers.back();
  block_loss<Pass::kGradient>(
      d, network, top.output, targets, weights, samples, total, top.adjoint, nullptr);
  bend_output(d, network.layers.back(), top, samples);
  for (size_t l = network.layers.size(); l-- > 1;) {
    const auto& layer = network.layers[l];
    const auto& below = space.layers[l - 1];
    const auto& own = space.layers[l];
    add_outer(
        d, layer, own.slope, Packed<D>{below.output, samples}, samples, pass.gradient);
    switch (slope_of<Pass::kGradient>(network.layers[l - 1])) {
      case Slope::kStored:
        descend<Slope::kStored>(d, layer, pass.theta, samples, own, below);
        break;
      case Slope::kMask:
        descend<Slope::kMask>(d, layer, pass.theta, samples, own, below);
        break;
      case Slope::kOne:
        descend<Slope::kOne>(d, layer, pass.theta, samples, own, below);
        break;
    }
  }
  add_outer(d, network.layers[0], space.layers[0].slope, in, samples, pass.gradient);
}

template <typename T>
void gradient_pass(const GradientPass<T>& pass) {
  const hn::ScalableTag<T> d;
  const auto& problem = pass.problem;
  const auto& view = pass.samples;
  start_from_decay(d,
                   problem.decay,
                   static_cast<size_t>(problem.network.parameters),
                   pass.theta,
                   pass.gradient);
  const auto padded = static_cast<size_t>(view.padded);
  const auto block = static_cast<size_t>(pass.space.block);
  auto total = hn::Zero(d);
  for (size_t at = 0; at < padded; at += block) {
    const auto samples = HWY_MIN(block, padded - at);
    with_block(d,
               view,
               at,
               [&](const auto& in, const auto& targets, const auto& weights) HWY_ATTR {
                 gradient_block(d, pass, in, targets, weights, samples, total);
               });
  }
  total = hn::Add(total, half_decay(d, problem, pass.theta));
  hn::Store(total, d, pass.value);
}

void gradient_pass_f32(const GradientPass<float>& pass) { gradient_pass(pass); }
void gradient_pass_f64(const GradientPass<double>& pass) { gradient_pass(pass); }

}  // namespace basin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace basin {

HWY_EXPORT(gradient_pass_f32);
HWY_EXPORT(gradient_pass_f64);

void run_pass(const GradientPass<float>& pass) {
  HWY_DYNAMIC_DISPATCH(gradient_pass_f32)(pass);
}

void run_pass(const GradientPass<double>& pass) {
  HWY_DYNAMIC_DISPATCH(gradient_pass_f64)(pass);
}

}  // namespace basin
#endif
