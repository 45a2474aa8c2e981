#include "convexity/second_order.h"

#include <array>

namespace basin {
Enclosure exponential(const Interval& z) {
  const auto e = monotone(z, [](double x) { return std::exp(x); });
  return {e, e, e};
}

namespace {

// Values of a function at the ends of v and at those of its critical points inside.
template <typename F, size_t n>
Interval range_of(const Interval& v, const std::array<Interval, n>& critical, F f) {
  auto out = hull(f(Interval(v.low)), f(Interval(v.high)));
  for (const auto& c : critical)
    if (c.high >= v.low && c.low <= v.high) out = hull(out, f(c));
  return out;
}

double sigmoid(double z) {
  return z >= 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z));
}
double softplus(double z) {
  return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z));
}

// A few roundings more than a library function.
template <typename F>
Interval composed_monotone(const Interval& z, F f) {
  return {below(f(z.low), 16), above(f(z.high), 16)};
}

Enclosure of_tanh(const Interval& z) {
  auto v = monotone(z, [](double x) { return std::tanh(x); });
  v = {std::max(v.low, -1.0), std::min(v.high, 1.0)};
  const double c = 0.57735026918962576;
  const auto second =
      range_of(v,
               std::array{Interval(below(c, 4), above(c, 4)),
                          Interval(below(-c, 4), above(-c, 4))},
               [](const Interval& t) {
                 return Interval(-2.0) * t * (Interval(1.0) - square(t));
               });
  return {v, Interval(1.0) - square(v), second};
}

Enclosure of_sigmoid(const Interval& z) {
  auto s = composed_monotone(z, sigmoid);
  s = {std::max(s.low, 0.0), std::min(s.high, 1.0)};
  const auto slope = [](const Interval& t) { return t * (Interval(1.0) - t); };
  const double c = 0.28867513459481287;
  return {s,
          range_of(s, std::array{Interval(0.5)}, slope),
          range_of(s,
                   std::array{Interval(below(0.5 - c, 8), above(0.5 - c, 8)),
                              Interval(below(0.5 + c, 8), above(0.5 + c, 8))},
                   [&](const Interval& t) {
                     return slope(t) * (Interval(1.0) - Interval(2.0) * t);
                   })};
}

// sin on z: 1 is reached where z holds π/2 + 2πk, −1 where it holds −π/2 + 2πk.
Interval sine(const Interval& z) {
  constexpr double kPi = 3.14159265358979312;
  const double size = std::max(std::abs(z.low), std::abs(z.high));
  const double slack = 1e-12 * (1 + size);
  if (!(size < 1e6) || z.high - z.low >= 2 * kPi) return {-1, 1};
  const double a = std::sin(z.low), b = std::sin(z.high);
  Interval out{below(std::min(a, b), 4), above(std::max(a, b), 4)};
  const auto holds = [&](double phase) {
    const double k = std::ceil((z.low - slack - phase) / (2 * kPi));
    return phase + 2 * kPi * k <= z.high + slack;
  };
  if (holds(kPi / 2)) out.high = 1;
  if (holds(-kPi / 2)) out.low = -1;
  return {std::max(out.low, -1.0), std::min(out.high, 1.0)};
}

Enclosure linear(const Interval& z, double slope) {
  return {z * Interval(slope), slope, 0.0};
}

// z σ(z): σ + z σ', then 2 σ' + z σ''.
Enclosure of_silu(const Interval& z) {
  const auto s = of_sigmoid(z);
  return {z * s.value, s.value + z * s.first, Interval(2.0) * s.first + z * s.second};
}

// z Φ(z): Φ + z φ, then φ (2 − z²). erfc turns an error of its argument into z² as
// much: Φ is given 2^12 roundings, enough for |z| <= 30, beyond which it is 0 or 1.
Enclosure of_gelu(const Interval& z) {
  const auto normal = [](double x) {
    return 0.5 * std::erfc(-x * 0.70710678118654752);
  };
  Interval share{z.low < -30 ? 0.0 : below(normal(z.low), 4096),
                 z.high > 30 ? 1.0 : above(normal(z.high), 4096)};
  if (z.high < -30) share.high = 1e-190;
  share = {std::max(share.low, 0.0), std::min(share.high, 1.0)};
  const double scale = 0.39894228040143268;  // 1/√(2π)
  const auto squared = square(z);
  const auto density = exponential(Interval(-0.5) * squared).value *
                       Interval(below(scale), above(scale));
  return {z * share, share + z * density, density * (Interval(2.0) - squared)};
}

// z above 0, exp z − 1 below: its slope is continuous, φ'' jumps from 1 to 0.
Enclosure of_elu(const Interval& z) {
  if (z.low > 0) return linear(z, 1);
  const auto e = exponential({z.low, std::min(z.high, 0.0)}).value;
  const Interval value{below(std::expm1(z.low), 4),
                       z.high > 0 ? z.high : above(std::expm1(z.high), 4)};
  if (z.high < 0) return {value, e, e};
  return {value, {e.low, std::max(e.high, 1.0)}, {0.0, std::max(e.high, 1.0)}};
}

}  // namespace

SecondOrder::SecondOrder(size_t variables, Interval at)
    : value(at), gradient(variables), hessian(variables * (variables + 1) / 2) {}

SecondOrder SecondOrder::variable(size_t variables, size_t index, Interval at) {
  SecondOrder out(variables, at);
  out.gradient[index] = 1.0;
  return out;
}

Interval& SecondOrder::hessian_at(size_t i, size_t j) {
  return hessian[i * variables() - i * (i + 1) / 2 + j];
}
const Interval& SecondOrder::hessian_at(size_t i, size_t j) const {
  return hessian[i * variables() - i * (i + 1) / 2 + j];
}

void SecondOrder::add(const SecondOrder& other, const Interval& factor) {
  value = value + factor * other.value;
  for (size_t i = 0; i < gradient.size(); ++i)
    gradient[i] = gradient[i] + factor * other.gradient[i];
  for (size_t k = 0; k < hessian.size(); ++k)
    hessian[k] = hessian[k] + factor * other.hessian[k];
}

SecondOrder product(const SecondOrder& a, const SecondOrder& b) {
  const auto n = a.variables();
  SecondOrder out(n, a.value * b.value);
  for (size_t i = 0; i < n; ++i)
    out.gradient[i] = a.value * b.gradient[i] + b.value * a.gradient[i];
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i; j < n; ++j) {
      out.hessian_at(i, j) =
          a.value * b.hessian_at(i, j) + b.value * a.hessian_at(i, j) +
          a.gradient[i] * b.gradient[j] + a.gradient[j] * b.gradient[i];
    }
  }
  return out;
}

SecondOrder composed(const SecondOrder& a, const Enclosure& phi) {
  const auto n = a.variables();
  SecondOrder out(n, phi.value);
  for (size_t i = 0; i < n; ++i) out.gradient[i] = phi.first * a.gradient[i];
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = i; j < n; ++j) {
      const auto outer = i == j ? square(a.gradient[i]) : a.gradient[i] * a.gradient[j];
      out.hessian_at(i, j) = phi.first * a.hessian_at(i, j) + phi.second * outer;
    }
  }
  return out;
}

Enclosure enclosure_of(Elementwise kind, const Interval& z) {
  switch (kind) {
    case Elementwise::kIdentity:
      return linear(z, 1);
    case Elementwise::kTanh:
      return of_tanh(z);
    case Elementwise::kSigmoid:
      return of_sigmoid(z);
    case Elementwise::kSoftplus: {
      const auto s = of_sigmoid(z);
      return {composed_monotone(z, softplus), s.value, s.first};
    }
    case Elementwise::kSin: {
      const auto value = sine(z);
      constexpr double kHalfPi = 1.57079632679489656;
      const auto cosine = sine(z + Interval(below(kHalfPi, 2), above(kHalfPi, 2)));
      return {value, cosine, -value};
    }
    case Elementwise::kSquare:
      return {square(z), Interval(2.0) * z, 2.0};
    case Elementwise::kSilu:
      return of_silu(z);
    case Elementwise::kGelu:
      return of_gelu(z);
    case Elementwise::kElu:
      return of_elu(z);
    case Elementwise::kRelu:
      if (z.low > 0) return linear(z, 1);
      if (z.high < 0) return linear(z, 0);
      throw NoEnclosure{"relu crosses its kink"};
    case Elementwise::kLeakyRelu:
      if (z.low > 0) return linear(z, 1);
      if (z.high < 0)
        return {z * Interval(below(0.01), above(0.01)),
                Interval(below(0.01), above(0.01)),
                0.0};
      throw NoEnclosure{"leaky_relu crosses its kink"};
    case Elementwise::kAbs:
      if (z.low > 0) return linear(z, 1);
      if (z.high < 0) return linear(z, -1);
      throw NoEnclosure{"abs crosses its kink"};
    default:
      throw NoEnclosure{"this activation has no enclosure yet"};
  }
}

Enclosure huber(const Interval& z, double delta) {
  const auto size = [&](const Interval& x) {
    const auto a = x.low >= 0    ? x
                   : x.high <= 0 ? -x
                                 : Interval(0, std::max(-x.low, x.high));
    const auto inner = [&](double r) { return Interval(0.5) * square(Interval(r)); };
    const auto outer = [&](double r) {
      return Interval(delta) * (Interval(r) - Interval(0.5 * delta));
    };
    return hull(a.low <= delta ? inner(a.low) : outer(a.low),
                a.high <= delta ? inner(a.high) : outer(a.high));
  };
  const Interval slope{std::clamp(z.low, -delta, delta),
                       std::clamp(z.high, -delta, delta)};
  const bool inside = z.low > -delta && z.high < delta;
  const bool outside = z.low > delta || z.high < -delta;
  return {size(z), slope, {inside ? 1.0 : 0.0, outside ? 0.0 : 1.0}};
}

Enclosure logarithm(const Interval& z) {
  if (!(z.low > 0)) throw NoEnclosure{"a logarithm of what may be zero"};
  const Interval inverse{below(1 / z.high), above(1 / z.low)};
  return {monotone(z, [](double x) { return std::log(x); }), inverse, -square(inverse)};
}

}  // namespace basin
