#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernel/value.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "kernel/forward-inl.h"
#include "kernel/passes.h"

HWY_BEFORE_NAMESPACE();
namespace basin::HWY_NAMESPACE {

// Adds how many samples of the block are classified right.
template <class D>
void count_right(D d,
                 const PerceptronProblem<Scalar<D>>& problem,
                 const Scalar<D>* HWY_RESTRICT f,
                 size_t first,
                 size_t samples,
                 VecOf<D>& right) {
  constexpr size_t L = hn::MaxLanes(d);
  const auto outputs = static_cast<size_t>(problem.outputs());
  const auto one = number(d, 1);
  const auto count = static_cast<size_t>(problem.samples);
  for (size_t s = 0; s < samples && first + s < count; ++s) {
    auto most = hn::Load(d, f + s * L);
    auto best = hn::Zero(d);
    if (outputs == 1) {
      best = hn::IfThenElseZero(hn::Gt(most, hn::Set(d, problem.middle)), one);
    }
    for (size_t k = 1; k < outputs; ++k) {
      const auto own = hn::Load(d, f + (k * samples + s) * L);
      const auto more = hn::Gt(own, most);
      most = hn::IfThenElse(more, own, most);
      best = hn::IfThenElse(more, number(d, static_cast<double>(k)), best);
    }
    const auto same = hn::Eq(best, hn::Set(d, problem.classes[first + s]));
    right = hn::Add(right, hn::IfThenElseZero(same, one));
  }
}

// The first layer on a plane: z = base + x along_x + y along_y.
template <class D>
void plane_layer(D d,
                 const ValuePass<Scalar<D>>& pass,
                 size_t first,
                 size_t samples,
                 const LayerBuffers<Scalar<D>>& own) {
  constexpr size_t L = hn::MaxLanes(d);
  const auto& layer = pass.problem.network.layers[0];
  const auto x = hn::Load(d, pass.x), y = hn::Load(d, pass.y);
  const auto padded = static_cast<size_t>(pass.samples.padded);
  for (size_t r = 0; r < static_cast<size_t>(layer.rows); ++r) {
    for (size_t s = 0; s < samples; ++s) {
      const auto at = r * padded + first + s;
      auto z = hn::Set(d, pass.plane->base[at]);
      z = hn::MulAdd(x, hn::Set(d, pass.plane->along_x[at]), z);
      z = hn::MulAdd(y, hn::Set(d, pass.plane->along_y[at]), z);
      hn::Store(z, d, own.output + (r * samples + s) * L);
    }
  }
  finish_layer<Pass::kValue>(d, layer, own, nullptr, samples);
}

template <class D>
void forward_rest(D d,
                  const Perceptron& network,
                  const Scalar<D>* theta,
                  size_t samples,
                  const Workspace<Scalar<D>>& space) {
  for (size_t l = 1; l < network.layers.size(); ++l) {
    const auto* below = space.layers[l - 1].output;
    forward_layer<Pass::kValue>(d,
                                network.layers[l],
                                theta,
                                Packed<D>{below, samples},
                                below,
                                samples,
                                space.layers[l]);
  }
}

template <typename T>
void value_pass(const ValuePass<T>& pass) {
  const hn::ScalableTag<T> d;
  const auto& problem = pass.problem;
  const auto padded = static_cast<size_t>(pass.samples.padded);
  const auto block = static_cast<size_t>(pass.space.block);
  auto total = hn::Zero(d), right = hn::Zero(d);
  for (size_t at = 0; at < padded; at += block) {
    const auto samples = HWY_MIN(block, padded - at);
    const T* f = pass.space.layers.back().output;
    with_block(d,
               pass.samples,
               at,
               [&](const auto& in, const auto& targets, const auto& weights) HWY_ATTR {
                 const auto& first = problem.network.layers[0];
                 const auto& own = pass.space.layers[0];
                 if (pass.plane != nullptr) {
                   plane_layer(d, pass, at, samples, own);
                 } else {
                   forward_layer<Pass::kValue>(
                       d, first, pass.theta, in, nullptr, samples, own);
                 }
                 forward_rest(d, problem.network, pass.theta, samples, pass.space);
                 block_loss<Pass::kValue>(d,
                                          problem.network,
                                          f,
                                          targets,
                                          weights,
                                          samples,
                                          total,
                                          nullptr,
                                          nullptr);
               });
    if (pass.right != nullptr) count_right(d, problem, f, at, samples, right);
  }
  if (pass.plane == nullptr) total = hn::Add(total, half_decay(d, problem, pass.theta));
  hn::Store(total, d, pass.value);
  if (pass.right != nullptr) hn::Store(right, d, pass.right);
}

void value_pass_f32(const ValuePass<float>& pass) { value_pass(pass); }
void value_pass_f64(const ValuePass<double>& pass) { value_pass(pass); }

}  // namespace basin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace basin {

HWY_EXPORT(value_pass_f32);
HWY_EXPORT(value_pass_f64);

void run_pass(const ValuePass<float>& pass) {
  HWY_DYNAMIC_DISPATCH(value_pass_f32)(pass);
}

void run_pass(const ValuePass<double>& pass) {
  HWY_DYNAMIC_DISPATCH(value_pass_f64)(pass);
}

}  // namespace basin
#endif
