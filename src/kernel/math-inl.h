// Functions of a vector of numbers, on top of Highway's. All of them keep NaN, and give
// the limits at infinity. Error: a few units in the last place.

#if defined(BASIN_KERNEL_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BASIN_KERNEL_MATH_INL_H_
#undef BASIN_KERNEL_MATH_INL_H_
#else
#define BASIN_KERNEL_MATH_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace basin::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
using VecOf = hn::Vec<D>;
template <class D>
using Scalar = hn::TFromD<D>;

template <class D>
HWY_INLINE VecOf<D> number(D d, double x) {
  return hn::Set(d, static_cast<Scalar<D>>(x));
}

template <class V>
HWY_INLINE V keep_nan(V x, V y) {
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

// max(x, 0) and min(x, 0) that keep NaN.
template <class D, class V>
HWY_INLINE V positive_part(D d, V x) {
  return hn::IfThenZeroElse(hn::Lt(x, hn::Zero(d)), x);
}
template <class D, class V>
HWY_INLINE V negative_part(D d, V x) {
  return hn::IfThenZeroElse(hn::Gt(x, hn::Zero(d)), x);
}

template <class D, class V>
HWY_INLINE V exponential(D d, V x) {
  // Highway's wants its argument within the exponents of the type.
  constexpr double most = sizeof(Scalar<D>) == 4 ? 100 : 800;
  const V y = hn::Min(hn::Max(x, number(d, -2 * most)), number(d, most));
  return keep_nan(x, hn::Exp(d, y));
}

template <class D, class V>
HWY_INLINE V exponential_minus_one(D d, V x) {
  constexpr double most = sizeof(Scalar<D>) == 4 ? 100 : 800;
  const V y = hn::Min(hn::Max(x, number(d, -2 * most)), number(d, most));
  return keep_nan(x, hn::Expm1(d, y));
}

template <class D, class V>
HWY_INLINE V hyperbolic_tangent(D d, V x) {
  return keep_nan(x, hn::Tanh(d, hn::Min(hn::Max(x, number(d, -20)), number(d, 20))));
}

// 1 / (1 + exp -x)
template <class D, class V>
HWY_INLINE V logistic(D d, V x) {
  const V one = number(d, 1);
  return hn::Div(one, hn::Add(one, exponential(d, hn::Neg(x))));
}

// log(1 + exp x)
template <class D, class V>
HWY_INLINE V softplus(D d, V x) {
  const V small = exponential(d, hn::Neg(hn::Abs(x)));
  return hn::Add(keep_nan(x, hn::Log1p(d, small)), positive_part(d, x));
}

template <class D, class V>
HWY_INLINE V logarithm(D d, V x) {
  const V inside = hn::Min(x, hn::Set(d, std::numeric_limits<Scalar<D>>::max()));
  return keep_nan(x, hn::Log(d, inside));
}

// Far out Highway's reduction loses digits: those lanes are left to the C library.
template <class D, class V, class Fast, class Slow>
HWY_INLINE V periodic(D d, V x, Fast fast, Slow slow) {
  const auto near = hn::Lt(hn::Abs(x), number(d, 1000));
  const V y = fast(hn::IfThenElseZero(near, x));
  if (HWY_LIKELY(hn::AllTrue(d, near))) return y;
  HWY_ALIGN Scalar<D> lanes[hn::MaxLanes(d)];
  hn::Store(x, d, lanes);
  for (auto& lane : lanes) lane = slow(lane);
  return hn::IfThenElse(near, y, hn::Load(d, lanes));
}

template <class D, class V>
HWY_INLINE V sine(D d, V x) {
  return periodic(
      d,
      x,
      [d](V y) { return hn::Sin(d, y); },
      [](Scalar<D> y) { return std::sin(y); });
}

template <class D, class V>
HWY_INLINE V cosine(D d, V x) {
  return periodic(
      d,
      x,
      [d](V y) { return hn::Cos(d, y); },
      [](Scalar<D> y) { return std::cos(y); });
}

// Powers of y = (5t - 3) / 2 in h, exp(x²) erfc(x) = t h, t = 2 / (2 + x), 0 <= x <= 8;
// printed by scripts/make_erfc.py.
inline constexpr float kErfc32[] = {0.5852244900481754916,
                                    0.3210352211789936491,
                                    0.09463515129966557688,
                                    0.00439918616200713667,
                                    -0.00531837353394358364,
                                    -0.0003990674074168074909,
                                    0.0004593473719597796677,
                                    1.723148158035622243e-6,
                                    -0.00003771061126066807201};
inline constexpr double kErfc64[] = {
    0.5852244900481754916,     0.3210354622583709138,      0.09463524819647664296,
    0.004395917546424617902,   -0.005319661827169004357,   -0.000386766707697373977,
    0.0004639470239827719802,  -0.00001638728897160619708, -0.00004370196044507926762,
    0.00001060941828286236285, 2.395573698701498567e-6,    -1.912677620494539544e-6,
    2.818716861631204464e-7,   1.530892801594423236e-7,    -9.200522031091386218e-8,
    1.379191199474760139e-8,   7.974416723250410381e-9,    -5.464887258092118509e-9,
    8.098556374853624414e-10,  5.327038701711409052e-10,   -2.032554478486760486e-10};

// Φ(z), and exp(-z²/2), which it needs.
template <class D, class V>
HWY_INLINE V normal_cdf(D d, V z, V& bell) {
  bell = exponential(d, hn::Mul(hn::Mul(z, z), number(d, -0.5)));
  const V x = hn::Mul(hn::Min(hn::Abs(z), number(d, 11.3)), number(d, std::sqrt(0.5)));
  const V t = hn::Div(number(d, 2), hn::Add(x, number(d, 2)));
  const V y = hn::MulSub(t, number(d, 2.5), number(d, 1.5));
  V h = hn::Zero(d);
  if constexpr (sizeof(Scalar<D>) == 4) {
    for (size_t i = std::size(kErfc32); i-- > 0;)
      h = hn::MulAdd(h, y, hn::Set(d, kErfc32[i]));
  } else {
    for (size_t i = std::size(kErfc64); i-- > 0;)
      h = hn::MulAdd(h, y, hn::Set(d, kErfc64[i]));
  }
  const V tail = hn::Mul(hn::Mul(hn::Mul(t, h), bell), number(d, 0.5));
  const V below =
      hn::IfThenElse(hn::Lt(z, hn::Zero(d)), tail, hn::Sub(number(d, 1), tail));
  return keep_nan(z, below);
}

}  // namespace basin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
