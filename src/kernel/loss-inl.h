// ℓ(f, y) for one output and its derivatives by f; softmax takes all outputs at once.

#if defined(BASIN_KERNEL_LOSS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BASIN_KERNEL_LOSS_INL_H_
#undef BASIN_KERNEL_LOSS_INL_H_
#else
#define BASIN_KERNEL_LOSS_INL_H_
#endif

#include "kernel/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace basin::HWY_NAMESPACE {

template <LossKind kind, class D, class V>
HWY_INLINE Jet<V> loss_jet(D d, V f, V y, V delta) {
  const V zero = hn::Zero(d), one = number(d, 1);
  if constexpr (kind == LossKind::kLogistic) {
    const V m = hn::Neg(hn::Mul(f, y));
    const V s = logistic(d, m);
    return {softplus(d, m),
            hn::Neg(hn::Mul(y, s)),
            hn::Mul(hn::Mul(y, y), hn::Mul(hn::Sub(one, s), s))};
  } else if constexpr (kind == LossKind::kSigmoidCrossEntropy) {
    const V s = logistic(d, f);
    return {hn::NegMulAdd(f, y, softplus(d, f)),
            hn::Sub(s, y),
            hn::Mul(hn::Sub(one, s), s)};
  } else if constexpr (kind == LossKind::kHuber) {
    const V r = hn::Sub(f, y);
    const V size = hn::Abs(r);
    const auto inside = hn::Le(size, delta);
    const V far = hn::Mul(delta, hn::NegMulAdd(delta, number(d, 0.5), size));
    return {hn::IfThenElse(inside, hn::Mul(hn::Mul(r, r), number(d, 0.5)), far),
            hn::IfThenElse(inside, r, keep_nan(r, hn::CopySign(delta, r))),
            hn::IfThenElseZero(inside, one)};
  } else if constexpr (kind == LossKind::kHinge) {
    const V margin = hn::Sub(one, hn::Mul(f, y));
    const auto idle = hn::Le(margin, zero);
    return {
        hn::IfThenZeroElse(idle, margin), hn::IfThenZeroElse(idle, hn::Neg(y)), zero};
  } else if constexpr (kind == LossKind::kAbsolute) {
    return jet<Elementwise::kAbs>(d, hn::Sub(f, y));
  } else {
    const V r = hn::Sub(f, y);
    return {hn::Mul(hn::Mul(r, r), number(d, 0.5)), r, one};
  }
}

template <class F>
HWY_INLINE void with_loss(LossKind kind, F&& f) {
  using enum LossKind;
  switch (kind) {
    case kLogistic:
      return f.template operator()<kLogistic>();
    case kSigmoidCrossEntropy:
      return f.template operator()<kSigmoidCrossEntropy>();
    case kHuber:
      return f.template operator()<kHuber>();
    case kHinge:
      return f.template operator()<kHinge>();
    case kAbsolute:
      return f.template operator()<kAbsolute>();
    default:
      return f.template operator()<kMse>();
  }
}

}  // namespace basin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
