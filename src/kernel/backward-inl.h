// What gradients and Hessian products share on the way back.

#if defined(BASIN_KERNEL_BACKWARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BASIN_KERNEL_BACKWARD_INL_H_
#undef BASIN_KERNEL_BACKWARD_INL_H_
#else
#define BASIN_KERNEL_BACKWARD_INL_H_
#endif

#include "kernel/forward-inl.h"

HWY_BEFORE_NAMESPACE();
namespace basin::HWY_NAMESPACE {

// Adds δ inᵀ and Σ δ to the gradient of W and b.
template <class D, class In>
void add_outer(D d,
               const PerceptronLayer& layer,
               const Scalar<D>* delta,
               const In& in,
               size_t samples,
               Scalar<D>* gradient) {
  constexpr size_t L = hn::MaxLanes(d);
  const auto rows = static_cast<size_t>(layer.rows);
  auto* to = gradient + static_cast<size_t>(layer.weight) * L;
  outer(d, delta, rows, in, static_cast<size_t>(layer.columns), samples, to);
  if (layer.bias >= 0) {
    row_sums(d, delta, rows, samples, gradient + static_cast<size_t>(layer.bias) * L);
  }
}

// gradient = decay ⊙ θ.
template <class D>
void start_from_decay(D d,
                      const Buffer<Scalar<D>>& decay,
                      size_t parameters,
                      const Scalar<D>* HWY_RESTRICT theta,
                      Scalar<D>* HWY_RESTRICT gradient) {
  constexpr size_t L = hn::MaxLanes(d);
  for (size_t i = 0; i < parameters; ++i) {
    const auto g = decay.size() == 0
                       ? hn::Zero(d)
                       : hn::Mul(hn::Set(d, decay[i]), hn::Load(d, theta + i * L));
    hn::Store(g, d, gradient + i * L);
  }
}

}  // namespace basin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
