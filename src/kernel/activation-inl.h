// φ, φ' and φ'' of each activation, with the conventions of model/elementwise.h.

#if defined(BASIN_KERNEL_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BASIN_KERNEL_ACTIVATION_INL_H_
#undef BASIN_KERNEL_ACTIVATION_INL_H_
#else
#define BASIN_KERNEL_ACTIVATION_INL_H_
#endif

#include "core/functions.h"
#include "kernel/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace basin::HWY_NAMESPACE {

template <class V>
struct Jet {
  V value, first, second;
};

template <Elementwise kind, class D, class V>
HWY_INLINE Jet<V> jet(D d, V z) {
  const V zero = hn::Zero(d), one = number(d, 1);
  const auto positive = hn::Gt(z, zero);
  if constexpr (kind == Elementwise::kRelu) {
    return {positive_part(d, z), hn::IfThenElseZero(positive, one), zero};
  } else if constexpr (kind == Elementwise::kLeakyRelu) {
    const V slope = hn::IfThenElse(positive, one, number(d, 0.01));
    return {hn::Mul(z, slope), slope, zero};
  } else if constexpr (kind == Elementwise::kTanh) {
    const V a = hyperbolic_tangent(d, z);
    const V slope = hn::NegMulAdd(a, a, one);
    return {a, slope, hn::Mul(hn::Mul(slope, a), number(d, -2))};
  } else if constexpr (kind == Elementwise::kSigmoid) {
    const V a = logistic(d, z);
    const V slope = hn::Mul(hn::Sub(one, a), a);
    return {a, slope, hn::Mul(slope, hn::NegMulAdd(a, number(d, 2), one))};
  } else if constexpr (kind == Elementwise::kSoftplus) {
    const V s = logistic(d, z);
    return {softplus(d, z), s, hn::Mul(hn::Sub(one, s), s)};
  } else if constexpr (kind == Elementwise::kGelu) {
    V bell;
    const V cdf = normal_cdf(d, z, bell);
    const V density = hn::Mul(bell, number(d, 0.39894228040143267794));
    return {hn::Mul(cdf, z),
            hn::MulAdd(density, z, cdf),
            hn::Mul(hn::NegMulAdd(z, z, number(d, 2)), density)};
  } else if constexpr (kind == Elementwise::kSilu) {
    const V s = logistic(d, z);
    const V rest = hn::Sub(one, s);
    const V bend = hn::MulAdd(hn::NegMulAdd(s, number(d, 2), one), z, number(d, 2));
    return {hn::Mul(s, z),
            hn::Mul(hn::MulAdd(rest, z, one), s),
            hn::Mul(hn::Mul(rest, s), bend)};
  } else if constexpr (kind == Elementwise::kElu) {
    const V below = exponential_minus_one(d, negative_part(d, z));
    const V slope = hn::Add(below, one);
    return {hn::Add(below, positive_part(d, z)),
            slope,
            hn::IfThenZeroElse(positive, slope)};
  } else if constexpr (kind == Elementwise::kSin) {
    const V a = sine(d, z);
    return {a, cosine(d, z), hn::Neg(a)};
  } else if constexpr (kind == Elementwise::kSquare) {
    return {hn::Mul(z, z), hn::Add(z, z), number(d, 2)};
  } else if constexpr (kind == Elementwise::kAbs) {
    const V below = hn::IfThenElseZero(hn::Lt(z, zero), number(d, -1));
    return {hn::Abs(z), hn::IfThenElse(positive, one, below), zero};
  } else {
    return {z, one, zero};
  }
}

// Calls f with the activation as a constant.
template <class F>
HWY_INLINE void with_activation(Elementwise kind, F&& f) {
  using enum Elementwise;
  const auto call = [&]<Elementwise k>() { f.template operator()<k>(); };
  switch (kind) {
    case kRelu:
      return call.template operator()<kRelu>();
    case kLeakyRelu:
      return call.template operator()<kLeakyRelu>();
    case kTanh:
      return call.template operator()<kTanh>();
    case kSigmoid:
      return call.template operator()<kSigmoid>();
    case kSoftplus:
      return call.template operator()<kSoftplus>();
    case kGelu:
      return call.template operator()<kGelu>();
    case kSilu:
      return call.template operator()<kSilu>();
    case kElu:
      return call.template operator()<kElu>();
    case kSin:
      return call.template operator()<kSin>();
    case kSquare:
      return call.template operator()<kSquare>();
    case kAbs:
      return call.template operator()<kAbs>();
    default:
      return call.template operator()<kIdentity>();
  }
}

// z becomes φ(z).
template <class D>
void activate(D d, Elementwise kind, Scalar<D>* HWY_RESTRICT z, size_t count) {
  if (kind == Elementwise::kIdentity) return;
  with_activation(kind, [&]<Elementwise k>() {
    for (size_t i = 0; i < count; i += hn::MaxLanes(d))
      hn::Store(jet<k>(d, hn::Load(d, z + i)).value, d, z + i);
  });
}

// a = φ(z); z becomes φ'(z).
template <class D>
void activate_with_slope(D d,
                         Elementwise kind,
                         Scalar<D>* HWY_RESTRICT z,
                         Scalar<D>* HWY_RESTRICT a,
                         size_t count) {
  with_activation(kind, [&]<Elementwise k>() {
    for (size_t i = 0; i < count; i += hn::MaxLanes(d)) {
      const auto j = jet<k>(d, hn::Load(d, z + i));
      hn::Store(j.value, d, a + i);
      hn::Store(j.first, d, z + i);
    }
  });
}

// The same, and c = φ''(z).
template <class D>
void activate_with_bend(D d,
                        Elementwise kind,
                        Scalar<D>* HWY_RESTRICT z,
                        Scalar<D>* HWY_RESTRICT a,
                        Scalar<D>* HWY_RESTRICT c,
                        size_t count) {
  with_activation(kind, [&]<Elementwise k>() {
    for (size_t i = 0; i < count; i += hn::MaxLanes(d)) {
      const auto j = jet<k>(d, hn::Load(d, z + i));
      hn::Store(j.value, d, a + i);
      hn::Store(j.first, d, z + i);
      hn::Store(j.second, d, c + i);
    }
  });
}

}  // namespace basin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
